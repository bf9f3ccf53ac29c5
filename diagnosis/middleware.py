"""What holds for every answer (security headers) and for every request (how much of a body is taken)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    StreamingHttpResponse,
    UnreadablePostError,
)
from django.shortcuts import render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from diagnosis.problems import is_for_programs, plain_answer

STRANGERS_MAX_BYTES = 100_000  # who is not signed in has nothing larger than a sign-in form to send
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
NextMiddleware = Callable[[HttpRequest], HttpResponse]


def security_headers(get_response: NextMiddleware) -> NextMiddleware:
    """Add the headers that every answer has, errors and redirects included, unless the view has set its own."""

    def add_headers(request: HttpRequest) -> HttpResponse:
        response = get_response(request) if request.method in METHODS else HttpResponseNotAllowed(METHODS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Content-Security-Policy", settings.SECURE_CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", settings.SECURE_PERMISSIONS_POLICY)
        return response

    return add_headers


def head_without_body(get_response: NextMiddleware) -> NextMiddleware:
    """Leave the body out of the answer to HEAD, with the length that GET would have: the server would send it.

    A download that is made while it is sent is not made at all.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = get_response(request)
        if request.method == "HEAD":
            if isinstance(response, StreamingHttpResponse):
                response.streaming_content = ()
            elif isinstance(response, HttpResponse):
                response.content = b""
        return response

    return answer  # type: ignore[return-value]  # streamed or not, the next one takes either


class OddRequestMiddleware:
    """Answer 400 to what no browser sends and no decoder of ours takes: another charset than UTF-8 for a form, a way
    back that is no address."""

    def __init__(self, get_response: NextMiddleware) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> None:
        """Let the view go on, or raise.

        Raises:
            BadRequest: it is odd.
        """
        params = request.content_params or {}
        if params.get("charset", "utf-8").lower() not in {"utf-8", "utf8", "us-ascii"}:
            raise BadRequest("Only UTF-8 is understood.")
        fields = [request.GET]
        if request.method == "POST" and request.content_type == "application/x-www-form-urlencoded":
            fields.append(request.POST)
        for value in (value for field in fields for value in field.getlist("next")):
            try:
                urlsplit(value)
            except ValueError:
                raise BadRequest("The way back is no address.") from None


class SignInMiddleware(LoginRequiredMiddleware):
    """Closed to strangers. Who sends a form after their session has ended is told so, and comes back to the form."""

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseRedirect:
        """To the sign-in page; the address of a form's target shows nothing, so the way back leads to its page."""
        if request.method != "POST" or not request.accepts("text/html"):
            return super().handle_no_permission(request, view_func)
        messages.warning(request, _("You are signed out. What you sent was not kept: sign in and send it again."))
        form = request.headers.get("Referer", "")
        if not url_has_allowed_host_and_scheme(form, {request.get_host()}, require_https=request.is_secure()):
            return redirect_to_login(resolve_url(settings.LOGIN_REDIRECT_URL))
        parts = urlsplit(form)
        return redirect_to_login(f"{parts.path}?{parts.query}" if parts.query else parts.path)


class BodyLimitMiddleware:
    """Answer 413 to a body that is too large, before a byte of it is parsed, and leave no body unread.

    The announced length is enough: the server hands on no more than that, and a body of unannounced length is read
    by Django as an empty one. A browser reads no answer while it still sends: without the rest of its films taken and
    thrown away, who has been signed out would see "connection reset" instead of the sign-in page.
    """

    def __init__(self, get_response: NextMiddleware) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        left = 4 * settings.MAX_REQUEST_BYTES  # who sends more than that is cut off
        with suppress(UnreadablePostError):  # gone meanwhile
            while left > 0 and (chunk := request.read(1 << 20)):
                left -= len(chunk)
        return response

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """Refuse, or let the view go on; runs after SignInMiddleware has sent strangers to the sign-in page."""
        announced = request.META.get("CONTENT_LENGTH") or "0"
        length = int(announced) if announced.isdecimal() else 0
        if length <= STRANGERS_MAX_BYTES:  # nearly every request; no look at the session
            return None
        limit = settings.MAX_REQUEST_BYTES if request.user.is_authenticated else STRANGERS_MAX_BYTES
        if length <= limit:
            return None
        if is_for_programs(request):
            text = _("The request has %(sent)d MB; at most %(most)d MB are taken.")
            found = {"sent": round(length / 1e6), "most": round(limit / 1e6)}
            return plain_answer(413, "TOO_LARGE", text % found)
        response = render(request, "413.html", {"limit_mb": limit / 1e6, "sent_mb": length / 1e6}, status=413)
        response.headers["Connection"] = "close"
        return response
