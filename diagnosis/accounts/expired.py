"""A form whose CSRF token is no longer good: one signed in or out in another tab since the page was drawn."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.csrf import csrf_failure


@login_not_required
def form_expired(request: HttpRequest, reason: str = "", **more: Any) -> HttpResponse:
    """Who wants to sign in and is signed in already, by another tab, goes where they were going; others are told."""
    if request.method != "POST" or request.path != reverse("account_login") or not request.user.is_authenticated:
        return csrf_failure(request, reason, **more)
    way = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(way, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(way if safe else resolve_url("studies"))
