"""Who a program is: a token in the ``Authorization`` header, or, from the site's own pages, the session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, exceptions, permissions
from rest_framework.request import Request

from diagnosis.models import ApiToken
from diagnosis.problems import is_for_programs, plain_answer

SCOPES = {"GET": "read", "HEAD": "read", "POST": "submit", "PUT": "submit", "PATCH": "submit", "DELETE": "delete"}
"""What a token must allow for a request by this method."""


def know_programs(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: a valid token makes its owner the request's user, before it is settled how large a body may be.

    Only under the API's addresses: no page and nothing in the admin opens with a token.
    """

    def find_token(request: HttpRequest) -> HttpResponse:
        if settings.SECURE_SSL_REDIRECT and is_for_programs(request) and not request.is_secure():
            text = str(_("Use https. A token that was sent without it may be known to others now."))
            return plain_answer(403, "TLS_REQUIRED", text)
        scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and is_for_programs(request):
            token = ApiToken.of(text.strip())
            request.api_token = token or False  # type: ignore[attr-defined]  # for TokenAuthentication
            if token is not None:
                request.user = token.user
                token.touch()
        return get_response(request)

    return find_token


class TokenAuthentication(authentication.BaseAuthentication):
    """``Authorization: Bearer pneumoweb_…``; a header that is no valid token is refused, whoever else is signed in."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The token's owner, as the middleware found them.

        Raises:
            AuthenticationFailed: the token is unknown, truncated, revoked or expired.
        """
        token: Any = getattr(request._request, "api_token", None)
        if token is None:
            return None
        if token is False:
            raise exceptions.AuthenticationFailed(_("The token is unknown, incomplete, revoked or has expired."))
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """So that a stranger gets 401, not 403."""
        return 'Bearer realm="PneumoWeb"'


class MaySee(permissions.BasePermission):
    """Somebody who is signed in; with a token, one that allows this kind of request."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the request may go on; whose study it is about is asked by ``study_or_404``."""
        if not (request.user and request.user.is_authenticated):
            return False
        if not isinstance(request.auth, ApiToken):
            return True
        scope = SCOPES.get(request.method or "", "")
        self.message = _("This token does not allow that: it lacks the scope “%(scope)s”.") % {"scope": scope}
        return scope in request.auth.scopes


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # drf-spectacular is not typed
    """Says in the schema what :class:`TokenAuthentication` wants."""

    target_class = "diagnosis.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """HTTP bearer."""
        return {"type": "http", "scheme": "bearer", "description": "A token from your account page."}
