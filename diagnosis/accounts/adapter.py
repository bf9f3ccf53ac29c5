"""How PneumoWeb's accounts differ from allauth's defaults."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is not typed
    """Sign-up can be closed; then staff make the accounts in the admin."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether a stranger may make an account for themselves."""
        return bool(settings.SIGNUP_OPEN)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a message; a mail server that is down costs the message, not the page it was asked for on."""
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError):
            logger.exception("The mail server does not take our mail; see EMAIL_URL.")
            text = _("The e-mail could not be sent. Try again later, or ask the people who run this site.")
            messages.error(self.request, text)
