"""What the admin's first page says about the site: a handful of bounded queries, none grows with the rows shown."""

from __future__ import annotations

import datetime as dt
import statistics
from collections import Counter
from dataclasses import dataclass
from typing import Any

import redis
from django.db.models import Count, F, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from diagnosis.models import ModelVersion, Review, State, Study
from diagnosis.worker.queue import queue_length, workers

DAYS = 14
STACK = (State.DONE, State.REJECTED, State.FAILED, State.RUNNING, State.QUEUED)
SAMPLE = 500  # latest finished studies whose waiting times the median is taken of


@dataclass(frozen=True, slots=True)
class Part:
    """The studies of one state in a day's bar."""

    state: State
    count: int
    top: int
    height: int


@dataclass(frozen=True, slots=True)
class Day:
    """One day's studies, and where its bar stands in a chart of 280 × 96 units whose ground line is at 80."""

    date: dt.date
    count: int
    left: int
    parts: tuple[Part, ...]  # from the ground up

    @property
    def middle(self) -> int:
        """Where its number is centred."""
        return self.left + 8

    @property
    def label_at(self) -> int:
        """Base line of its number."""
        return min((part.top for part in self.parts), default=80) - 3


def studies_by_state() -> list[tuple[State, int]]:
    """Number of studies in each state, zeros included."""
    counted = dict(Study.objects.order_by().values_list("state").annotate(Count("pk")))
    return [(state, counted.get(state.value, 0)) for state in State]


def studies_by_day() -> list[Day]:
    """Studies submitted on each of the last days by state, oldest first, in the current time zone."""
    today = timezone.localdate()
    first = today - dt.timedelta(days=DAYS - 1)
    start = timezone.make_aware(dt.datetime.combine(first, dt.time()))
    rows = Study.objects.order_by().filter(created_at__gte=start).annotate(day=TruncDate("created_at"))
    days = [first + dt.timedelta(days=n) for n in range(DAYS)]
    counted: dict[dt.date, Counter[str]] = {day: Counter() for day in days}
    for day, state, count in rows.values_list("day", "state").annotate(Count("pk")):
        counted[day][state] = count
    busiest = max(1, *(of_day.total() for of_day in counted.values()))
    return [Day(day, counted[day].total(), 2 + 20 * n, _stacked(counted[day], busiest)) for n, day in enumerate(days)]


def _stacked(of_day: Counter[str], busiest: int) -> tuple[Part, ...]:
    """Bars on top of each other, the answered ones on the ground; their ends are rounded, so no gap opens."""
    parts, below = [], 0
    for state in STACK:
        if count := of_day[state]:
            bottom, top = (80 - round(66 * number / busiest) for number in (below, below + count))
            parts.append(Part(state, count, top, bottom - top))
            below += count
    return tuple(parts)


def median_seconds() -> float | None:
    """Median time from queue to result of the latest finished studies; ``None`` without any."""
    rows = Study.objects.filter(state=State.DONE).order_by("-created_at", "-id")
    waits = rows.annotate(wait=F("finished_at") - F("queued_at")).values_list("wait", flat=True)[:SAMPLE]
    seconds = [wait.total_seconds() for wait in waits]
    return statistics.median(seconds) if seconds else None


def rejection_reasons() -> list[tuple[str, int]]:
    """The reasons of rejected studies with their number, the commonest first."""
    rows = Study.objects.order_by().filter(state=State.REJECTED).values_list("reason_code")
    return list(rows.annotate(number=Count("pk")).order_by("-number")[:8])


def agreement() -> dict[str, int]:
    """Current readings by people, ``total``, and how many ``agree`` with the answer they were about."""
    same = Count("pk", filter=Q(finding=F("prediction__finding")))
    return Review.objects.filter(is_current=True).aggregate(total=Count("pk"), agree=same)


def queue() -> tuple[int | None, list[str]]:
    """Messages waiting in the broker and the workers heard from; ``None`` while the broker does not answer."""
    try:
        return queue_length(), list(workers())
    except redis.RedisError:
        return None, []


def figures() -> dict[str, Any]:
    """Everything the dashboard shows."""
    waiting, workers = queue()
    return {
        "states": studies_by_state(),
        "days": studies_by_day(),
        "stack": STACK,
        "median_seconds": median_seconds(),
        "rejections": rejection_reasons(),
        "agreement": agreement(),
        "queue_length": waiting,
        "workers": workers,
        "model": ModelVersion.objects.filter(active=True).defer("card").first(),
    }
