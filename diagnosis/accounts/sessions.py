"""Sessions: their end after two weeks, or when nobody has pressed anything for a while; what is asked of staff."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import list_usersessions
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, user_logged_in
from django.contrib.auth.middleware import get_user
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

SEEN, BEGAN = "seen", "began"
POLLED = ("/status/", "/live/")
EVERY_SECONDS = 60  # a session is not written for each page


@receiver(user_logged_in)
def begin(request: HttpRequest, **_kwargs: Any) -> None:
    """Remember when: Django puts a session's end off whenever something is written into it."""
    request.session[BEGAN] = int(time.time())


def sessions(request: HttpRequest) -> HttpResponse:
    """The list of one's sessions. Whoever finds a browser open signs nobody out: that asks for the password."""
    view = list_usersessions if request.method in ("GET", "HEAD") else reauthentication_required(list_usersessions)
    return view(request)  # type: ignore[no-any-return]  # allauth is not typed


def end_in_time(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """End a session that is SESSION_COOKIE_AGE old, or in which nothing was pressed for SESSION_IDLE_MINUTES.

    A page that polls by itself is no press.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            request.user = get_user(request)  # no longer lazy: every page asks it a hundred times
            if request.user.is_authenticated:
                _see(request)
        return get_response(request)

    return answer


def end_sessions(people: QuerySet[User]) -> int:
    """Sign these people out of every browser.

    Returns:
        How many sessions were ended.
    """
    sessions = UserSession.objects.filter(user__in=people)
    for session in sessions:
        session.end()
    return len(sessions)


def _see(request: HttpRequest) -> None:
    now = int(time.time())
    if now - request.session.get(BEGAN, now) > settings.SESSION_COOKIE_AGE:
        logout(request)
        messages.info(request, _("You were signed out because your last sign-in was long ago."))
        return
    if not settings.SESSION_IDLE_MINUTES:
        return
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
