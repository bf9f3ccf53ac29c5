"""How PneumoWeb's accounts differ from allauth's defaults."""

from __future__ import annotations

import logging
import unicodedata
from smtplib import SMTPException
from types import SimpleNamespace
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from diagnosis.accounts.names import looks_like_somebody, mixes_scripts

logger = logging.getLogger(__name__)
KNOWN_BROWSER = "known_browser"
KNOWN_BROWSER_SECONDS = 365 * 24 * 3600


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

    def write_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> EmailMessage:
        """A message as it will be sent; links in it lead to the site's own address, whatever port the request named."""
        asked, own = self.request.build_absolute_uri("/"), site_address(self.request) + "/"
        for name, value in context.items():
            if isinstance(value, str) and value.startswith(asked):
                context[name] = own + value.removeprefix(asked)
        host = own.split("/")[2]
        known = {"request": self.request, "email": email, "current_site": SimpleNamespace(domain=host, name=host)}
        written: EmailMessage = self.render_mail(template_prefix, email, {**known, **context})
        return written

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a message; a mail server that is down costs the message, not the page it was asked for on."""
        try:
            self.write_mail(template_prefix, email, context).send()
        except (SMTPException, OSError):
            logger.exception("The mail server does not take our mail; see EMAIL_URL.")
            text = _("The e-mail could not be sent. Try again later, or ask the people who run this site.")
            messages.error(self.request, text)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Slow down who guesses, without locking out who has signed in with this browser before.

        Five wrong passwords in five minutes end the tries of one address (or one known browser) for one account; fifty
        in an hour, from wherever, those of all browsers that are unknown.

        Raises:
            ValidationError: too many.
        """
        try:
            super().pre_authenticate(request, **credentials)
            login = _login(credentials)
            if not is_known_browser(request, login) and not ratelimit.consume(
                request, action="login_failed_anywhere", key=login, dry_run=True
            ):
                raise self.validation_error("too_many_login_attempts")
        except ValidationError:
            logger.warning("Too many wrong passwords for one account, from %s.", self.get_client_ip(request))
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Count it for the browsers that are unknown."""
        login = _login(credentials)
        if not is_known_browser(request, login):
            ratelimit.consume(request, action="login_failed_anywhere", key=login)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        login = _login(credentials)
        where = (
            request.COOKIES[known_browser_cookie()] if is_known_browser(request, login) else self.get_client_ip(request)
        )
        return f"{login}:{where}"

    def post_login(self, request: HttpRequest, user: User, **options: Any) -> HttpResponse:
        """Remember in the browser that this person has signed in with it."""
        response: HttpResponse = super().post_login(request, user, **options)
        names = [_unreadable(name.lower()) for name in (user.get_username(), user.email) if name]
        response.set_signed_cookie(
            known_browser_cookie(), signing.dumps(names), salt=KNOWN_BROWSER, max_age=KNOWN_BROWSER_SECONDS,
            httponly=True, secure=settings.HTTPS, samesite="Lax",
        )  # fmt: skip
        return response


def _login(credentials: dict[str, Any]) -> str:
    return str(credentials.get("email", credentials.get("username", ""))).lower()


def _unreadable(login: str) -> str:
    """What stands for a name in that cookie: whoever opens the browser's settings learns nobody's address."""
    return salted_hmac(KNOWN_BROWSER, login, algorithm="sha256").hexdigest()


def known_browser_cookie() -> str:
    """The name of the cookie that tells a known browser."""
    return f"{settings.COOKIE_PREFIX}{KNOWN_BROWSER}"


def is_known_browser(request: HttpRequest, login: str) -> bool:
    """Whether the person of this user name or address has signed in with this browser within the last year."""
    try:
        signed = request.get_signed_cookie(known_browser_cookie(), salt=KNOWN_BROWSER, max_age=KNOWN_BROWSER_SECONDS)
        return _unreadable(login) in signing.loads(str(signed))
    except (KeyError, signing.BadSignature):
        return False


def site_address(request: HttpRequest) -> str:
    """The site's own address for links that leave it: the host that was asked for (it is an allowed one), the port
    that is ours. Behind a proxy that is the origin named in CSRF_TRUSTED_ORIGINS, else the scheme's own port."""
    host, _port = split_domain_port(request.get_host())
    for origin in settings.CSRF_TRUSTED_ORIGINS:
        if split_domain_port(origin.partition("://")[2])[0] == host:
            return str(origin)
    port = "" if settings.TRUST_PROXY else f":{settings.PORT}"
    return f"{request.scheme}://{host}{port}"
