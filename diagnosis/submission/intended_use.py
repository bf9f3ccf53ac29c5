"""The statement a person confirms before submitting. Change the text, change the version: both are kept per study."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERSION = "2026-11"

STATEMENT = _(
    "I have read what this is for: a second look and a teaching aid for frontal chest radiographs of children aged "
    "1 to 5. It is not a medical device and not a diagnosis; a qualified person must read the film."
)
