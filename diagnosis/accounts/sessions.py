"""Sessions: their end when nobody has pressed anything for a while, and what is asked of staff."""

from __future__ import annotations

import time
from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

SEEN = "seen"
POLLED = ("/status/", "/live/")
EVERY_SECONDS = 60  # a session is not written for each page


def end_idle(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """End a session in which nothing was pressed for SESSION_IDLE_MINUTES; a page that polls by itself is no press."""

    def answer(request: HttpRequest) -> HttpResponse:
        if settings.SESSION_IDLE_MINUTES and settings.SESSION_COOKIE_NAME in request.COOKIES:
            _see(request)
        return get_response(request)

    return answer


def _see(request: HttpRequest) -> None:
    if not request.user.is_authenticated:
        return
    now = int(time.time())
    seen = request.session.get(SEEN, now)
    if now - seen > 60 * settings.SESSION_IDLE_MINUTES:
        logout(request)
        messages.info(request, _("You were signed out because nothing was pressed for a while."))
    elif SEEN not in request.session or (now - seen > EVERY_SECONDS and not request.path.endswith(POLLED)):
        request.session[SEEN] = now


def ask_staff_for_second_factor(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """With STAFF_SECOND_FACTOR, nobody reaches the admin whose sign-in has a single step."""

    def answer(request: HttpRequest) -> HttpResponse:
        if settings.STAFF_SECOND_FACTOR and request.path.startswith(reverse("admin:index")):
            user = request.user
            if user.is_authenticated and not is_mfa_enabled(user):
                messages.warning(request, _("Staff of this site sign in with a second step. Set it up first."))
                return redirect("mfa_activate_totp")
        return get_response(request)

    return answer
