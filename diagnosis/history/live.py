"""Lists that keep themselves up to date by one poll for all their rows, whatever their number."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from diagnosis.access import person
from diagnosis.history.counts import count
from diagnosis.history.rows import prepare, rows_for
from diagnosis.models import Study

POLLED = 100  # studies asked about in one poll; no page shows more (and an address holds no more)


def live_context(pending: list[tuple[UUID, dt.datetime]], part: str) -> dict[str, Any]:
    """What ``studies/_live.html`` needs: whom to ask about, and when. Nothing pending: no more polls.

    Args:
        pending: The keys of the studies without an answer yet, and since when they wait.
        part: What is replaced of each, "row" or "badge".
    """
    pending = pending[:POLLED]
    return {
        "live_ids": ",".join(key.hex for key, _since in pending),
        "live_part": part,
        "poll_seconds": _after(timezone.now() - max(since for _key, since in pending)) if pending else 0,
    }


def poll_seconds(study: Study) -> int:
    """How long a waiting page waits before its next request: a tenth of the wait so far, 1 to 30 s."""
    return _after(study.waited)


def _after(waited: dt.timedelta) -> int:
    return max(1, min(30, math.ceil(waited.total_seconds() / 10)))


@login_not_required
@require_safe
@never_cache
def studies_live(request: HttpRequest) -> HttpResponse:
    """The one poll of a list: which of these studies have moved on, and when to poll next.

    One query while nothing has changed. An expired session gets 403 (a redirect would put a sign-in page in the list).
    """
    if not request.user.is_authenticated:
        return HttpResponse(_("You are signed out. Sign in to see the results."), status=403)
    user = person(request)
    part = "badge" if request.GET.get("as") == "badge" else "row"
    wanted = legible_ids(request.GET.get("pending", "").split(","))
    rows = Study.objects.visible_to(user).filter(pk__in=wanted)
    asked = list(rows.only("pk", "state", "queued_at", "finished_at"))
    pending = [(study.pk, study.queued_at) for study in asked if study.is_pending]
    changed: list[Study] = []
    if len(pending) < len(asked):
        done = [study.pk for study in asked if not study.is_pending]
        changed = list(rows_for(user, Study.objects.visible_to(user).filter(pk__in=done)))
    context = {"changed": changed, **live_context(pending, part)}
    gone = {*wanted} - {study.pk for study in asked} if part == "row" else ()  # deleted in another tab
    if part == "row" and (changed or gone):
        context |= {"lines": prepare(changed, user, again=True), "counts": count(user), "gone": gone}
    return render(request, "studies/_live.html", context)


def legible_ids(values: list[str]) -> list[UUID]:
    """The legible ids among these, bounded."""
    found = []
    for value in values[:POLLED]:
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return found
