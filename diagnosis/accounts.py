"""How PneumoWeb's accounts differ from allauth's defaults."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is not typed
    """Sign-up can be closed; then staff make the accounts in the admin."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether a stranger may make an account for themselves."""
        return bool(settings.SIGNUP_OPEN)
