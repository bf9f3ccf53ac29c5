"""Forms of accounts where allauth's do not fit."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm, ResetPasswordForm, default_token_generator
from allauth.account.internal.flows.signup import get_signup_url
from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth.models import User
from django.http import HttpRequest


class SignInForm(LoginForm):  # type: ignore[misc]  # allauth is not typed
    """Its one field takes a user name or an address; a password manager keeps both under "username"."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autocomplete"] = "username"

    def user_credentials(self) -> dict[str, Any]:
        """What is tried. An address is tried as one, and as a user name only where somebody has it as theirs.

        allauth tries it as both, and then hashes the password three times for a known address, twice for an unknown
        one: the wait would tell which are known.
        """
        credentials: dict[str, Any] = super().user_credentials()
        name = credentials.get("username")
        if "email" in credentials and not User.objects.filter(username__iexact=name).exists():
            del credentials["username"]
        return credentials


class ResetForm(ResetPasswordForm):  # type: ignore[misc]  # allauth is not typed
    """Writes both mails for a known address and for an unknown one, and sends the one that fits: the same work."""

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Send it; the other is thrown away."""
        adapter, email = get_adapter(), self.cleaned_data["email"]
        if self.users:
            adapter.write_mail("account/email/unknown_account", email, {"signup_url": get_signup_url(request)})
        else:
            nobody = User(pk=0, username="nobody")  # without an address: the token generator would store it
            uid, key = user_pk_to_url_str(nobody), default_token_generator.make_token(nobody)
            url = adapter.get_reset_password_from_key_url(f"{uid}-{key}")
            context = {"user": nobody, "username": "nobody", "uid": uid, "key": key, "password_reset_url": url}
            adapter.write_mail("account/email/password_reset_key", email, context)
        return str(super().save(request, **kwargs))
