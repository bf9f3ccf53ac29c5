"""How many of a person's studies there are of each kind: the line of links above the history.

One query. For up to ``EXACT`` studies it is made on every page; above that its answer is remembered for a few minutes
in this process, and the line says when it was counted.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, F, FilteredRelation, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from diagnosis.access import stand_in
from diagnosis.models import PENDING, Agreement, Finding, Preferences, State, Study
from diagnosis.prepared import Prepared

EXACT = 1_000
REMEMBER_SECONDS = 300
REMEMBER_PEOPLE = 1_000

VIEWS: dict[str, tuple[Promise, str]] = {  # kind: words, filter in the address
    "all": (_("All"), ""),
    "unread": (_("Unread"), "review=none"),
    "indeterminate": (_("Indeterminate"), "finding=indeterminate"),
    "warned": (_("Warnings"), "warned=yes"),
    "disagree": (_("I disagree"), "review=disagree"),
    "pending": (_("Waiting"), "state=pending"),
    "rejected": (_("Not suitable"), "state=rejected"),
    "failed": (_("Could not be analysed"), "state=failed"),
}
ALWAYS = ("all", "unread", "indeterminate", "warned", "disagree")  # the others are shown when there are any


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers by the keys of ``VIEWS``, and of the two clear findings."""

    numbers: dict[str, int]
    counted_at: dt.datetime

    @property
    def total(self) -> int:
        """All studies."""
        return self.numbers["all"]

    @property
    def is_remembered(self) -> bool:
        """Whether these may be the figures of some minutes ago, so that the page must say of when."""
        return self.total > EXACT

    @property
    def views(self) -> list[tuple[str, Promise, str, int]]:
        """Kind, words, filter in the address and number of each link."""
        return [
            (kind, *view, self.numbers[kind])
            for kind, view in VIEWS.items()
            if kind in ALWAYS or self.numbers[kind]
        ]  # fmt: skip


_remembered: dict[int, tuple[float, Counts]] = {}


def forget(user_id: int | None) -> None:
    """Recount next time: this person has just deleted or reviewed something."""
    _remembered.pop(user_id or 0, None)


def count(user: User) -> Counts:
    """Count one person's studies; at most one query."""
    then, known = _remembered.get(user.pk, (0.0, None))
    if known is not None and time.monotonic() - then < REMEMBER_SECONDS:
        return known
    counts = Counts(_count(user), timezone.localtime())
    forget(user.pk)
    if counts.total > EXACT:
        _remembered[user.pk] = time.monotonic(), counts
        while len(_remembered) > REMEMBER_PEOPLE:
            _remembered.pop(next(iter(_remembered)), None)
    return counts


def _count(user: User) -> dict[str, int]:
    numbers = dict.fromkeys((*VIEWS, *Finding.values), 0)
    for group in GROUPS[Preferences.of(user).reader_first](user.pk):
        for kind in _kinds(group):
            numbers[kind] += group["total"]
    return numbers


def _groups(user: User) -> Any:
    mine = Q(reviews__author=user, reviews__is_current=True)
    rows: Any = Study.objects.visible_to(user).with_hidden(user).order_by()
    return (
        rows.annotate(mine=FilteredRelation("reviews", condition=mine))
        .values("state", "finding", "warned", "answer_hidden", agreement=F("mine__agreement"))
        .annotate(total=Count("pk"))
    )


GROUPS: dict[bool, Prepared[Any]] = {  # by whether they read first
    reads_first: Prepared(lambda pk, reads_first=reads_first: _groups(stand_in(pk, reads_first)))
    for reads_first in (False, True)
}


def _kinds(group: dict[str, Any]) -> list[str]:
    kinds = ["all"]
    if group["state"] in PENDING:
        kinds.append("pending")
    elif group["state"] != State.DONE:
        kinds.append(group["state"])
    else:
        if group["agreement"] is None:  # no review; one that was given blind has an empty one
            kinds.append("unread")
        elif group["agreement"] == Agreement.DISAGREE:
            kinds.append("disagree")
        if not group["answer_hidden"]:
            kinds.append(group["finding"])
            if group["warned"]:
                kinds.append("warned")
    return kinds
