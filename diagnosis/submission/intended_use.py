"""The statement a person confirms before submitting. Change the text, change the version: both are kept per study."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERSION = "2026-11c"

STATEMENT = _(
    "I have read what this is for: teaching, research and a second look at frontal chest radiographs. It is not for "
    "triage and not a diagnosis, it is not a medical device, and a qualified person must read the radiograph."
)
