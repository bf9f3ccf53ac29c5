"""A person's studies in figures: how many of each kind, and how many over time. One query over a covering index."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from diagnosis.history.filters import midnight
from diagnosis.models import PENDING, State, Study

# In the order of the strip and, from the bottom up, of a bar.
KINDS: dict[str, tuple[Promise, str]] = {  # kind: words, filter in the address
    "pneumonia": (gettext_lazy("Signs of pneumonia"), "finding=pneumonia"),
    "indeterminate": (gettext_lazy("Indeterminate"), "finding=indeterminate"),
    "normal": (gettext_lazy("No signs of pneumonia"), "finding=normal"),
    "unread": (gettext_lazy("To read first"), "state=done&review=none"),
    "pending": (gettext_lazy("Waiting"), "state=pending"),
    "rejected": (gettext_lazy("Not suitable"), "state=rejected"),
    "failed": (gettext_lazy("Could not be analysed"), "state=failed"),
}
ALWAYS = ("pneumonia", "indeterminate", "normal")  # the others are shown when there are any


# Geometry of the chart: a bar with its gap, a bar, the tallest bar.
STEP, WIDTH, HEIGHT = 26, 18, 64


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a bar; lengths in units of the drawing."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One span of time: its label, where it stands, what it says in words, its pieces from the bottom up."""

    label: str
    x: int
    words: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """What was counted, by kind and by span of time. ``starts`` has one day more than there are spans."""

    total: int
    counts: dict[str, int]
    series: dict[str, list[int]]
    starts: list[dt.date]
    unit: str

    @property
    def tiles(self) -> list[tuple[str, Promise, str, int]]:
        """Kind, words, filter in the address and number of each tile."""
        shown = (kind for kind in KINDS if kind in ALWAYS or self.counts[kind])
        return [(kind, *KINDS[kind], self.counts[kind]) for kind in shown]

    @property
    def title(self) -> str:
        """What the chart shows, in words."""
        return {
            "day": _("Studies by day, the last two weeks"),
            "week": _("Studies by week, the last three months"),
            "month": _("Studies by month, the last year"),
        }[self.unit]

    @property
    def tallest(self) -> int:
        """Studies in the fullest span."""
        sums: list[int] = [sum(column) for column in zip(*self.series.values(), strict=True)]
        return max(sums)

    @property
    def bars(self) -> list[Bar]:
        """The chart."""
        scale = HEIGHT / (self.tallest or 1)
        bars = []
        for index, start in enumerate(self.starts[:-1]):
            top, segments, words = float(HEIGHT), [], []
            for kind, (name, _filter) in KINDS.items():
                if number := self.series[kind][index]:
                    top -= number * scale
                    segments.append(Segment(kind, round(top, 2), round(number * scale, 2)))
                    words.append(f"{name}: {number}")
            label = date_format(start, "M Y" if self.unit == "month" else _("j M"))
            bars.append(Bar(label, index * STEP, ", ".join(words), tuple(segments)))
        return bars

    @property
    def chart_width(self) -> int:
        """Width of the drawing."""
        return (len(self.starts) - 1) * STEP


def summarise(user: User) -> Summary:
    """Count one person's studies over time; one query."""
    now = timezone.localtime()
    unit, starts = _spans(now.date(), (now - user.date_joined).days)
    edges = [midnight(day) for day in starts]
    parts: dict[str, Any] = {
        f"bar{index}": Count("pk", filter=Q(created_at__gte=low, created_at__lt=high))
        for index, (low, high) in enumerate(pairwise(edges))
    }
    counts = dict.fromkeys(KINDS, 0)
    series = {kind: [0] * len(parts) for kind in KINDS}
    rows: Any = Study.objects.visible_to(user).with_hidden(user).order_by()
    groups = rows.values("state", "finding", "answer_hidden").annotate(total=Count("pk"), **parts)
    for group in groups:
        kind = _kind(group)
        counts[kind] += group["total"]
        series[kind] = [old + group[f"bar{index}"] for index, old in enumerate(series[kind])]
    return Summary(sum(counts.values()), counts, series, starts, unit)


def _kind(group: dict[str, Any]) -> str:
    if group["state"] in PENDING:
        return "pending"
    if group["state"] == State.DONE:
        return "unread" if group["answer_hidden"] else str(group["finding"])
    return str(group["state"])


def _spans(today: dt.date, days: int) -> tuple[str, list[dt.date]]:
    """The unit of time and the first days of the spans, with the day after the last.

    The account's age decides: days in the first two weeks, weeks in the first three months, then months. (The age of
    the oldest study would cost a query of its own.)
    """
    if days < 14:
        return "day", [today - dt.timedelta(days=back) for back in range(13, -2, -1)]
    if days < 84:
        monday = today - dt.timedelta(days=today.weekday())
        return "week", [monday - dt.timedelta(weeks=back) for back in range(11, -2, -1)]
    month = today.year * 12 + today.month - 1
    return "month", [dt.date(number // 12, number % 12 + 1, 1) for number in range(month - 11, month + 2)]
