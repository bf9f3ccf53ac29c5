"""How PneumoWeb's accounts differ from allauth's defaults."""

from __future__ import annotations

import logging
import unicodedata
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from diagnosis.accounts.names import looks_like_somebody, mixes_scripts

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is not typed
    """Sign-up can be closed; then staff make the accounts in the admin. New names must not pass for others."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether a stranger may make an account for themselves."""
        return bool(settings.SIGNUP_OPEN)

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """Refuse what passes for an address (the sign-in field takes both) or for somebody else's name."""
        name: str = super().clean_username(username, shallow)
        if "@" in unicodedata.normalize("NFKC", name):
            raise ValidationError(
                _("A user name cannot be an e-mail address. Enter that in its own field; you can sign in with it, too.")
            )
        if mixes_scripts(name):
            raise ValidationError(_("Use letters of one script: a name that mixes them can pass for another one."))
        if not shallow and looks_like_somebody(name):
            raise ValidationError(_("Somebody has a user name that looks like this one. Choose another."))
        return name

    def clean_email(self, email: str) -> str:
        """Refuse an address that is somebody's user name: the sign-in field would not know whom it means."""
        address: str = super().clean_email(email)
        others = User.objects.exclude(pk=self.request.user.pk) if self.request else User.objects.all()
        if others.filter(username__iexact=address).exists():
            raise self.validation_error("email_taken")
        return address

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a message; a mail server that is down costs the message, not the page it was asked for on."""
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError):
            logger.exception("The mail server does not take our mail; see EMAIL_URL.")
            text = _("The e-mail could not be sent. Try again later, or ask the people who run this site.")
            messages.error(self.request, text)
