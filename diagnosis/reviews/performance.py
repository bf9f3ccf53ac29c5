"""How a person, the model and both together do, measured against the diagnoses that were confirmed later.

*You alone*: the reading given before the model's answer was shown (reader-first mode). *Model*: its current finding.
*You with the model*: the latest reading, after the answer; a first reading left as it was counts as kept. "Cannot
tell" and "indeterminate" are no answer: they are counted apart, not as right or wrong.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from diagnosis.access import person
from diagnosis.models import Diagnosis, Finding, Reference, Review, State
from diagnosis.results.intervals import Interval, wilson
from diagnosis.reviews.readings import agreed

ROLES = {"alone": _("You alone"), "model": _("The model"), "together": _("You with the model")}


@dataclass(frozen=True, slots=True)
class Case:
    """One film whose diagnosis was confirmed, with each role's finding; ``None`` where one gave none."""

    at: dt.datetime
    sick: bool
    findings: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Rates:
    """How one role did on some cases."""

    role: str
    name: Any
    sick: int
    well: int
    caught: int
    spared: int
    undecided: int

    @property
    def cases(self) -> int:
        """Films this role gave a finding for."""
        return self.sick + self.well + self.undecided

    @property
    def sensitivity(self) -> Interval | None:
        """Of the sick it decided on, the share it caught."""
        return wilson(self.caught, self.sick)

    @property
    def specificity(self) -> Interval | None:
        """Of the well it decided on, the share it left alone."""
        return wilson(self.spared, self.well)


def cases_of(user: Any) -> list[Case]:
    """All films of which this person entered a confirmed diagnosis, in the order they were submitted; two queries."""
    references = Reference.objects.filter(author=user, is_current=True, study__state=State.DONE)
    rows = references.order_by("study__created_at", "study_id").values_list(
        "study_id", "study__created_at", "study__finding", "diagnosis"
    )
    alone: dict[Any, str] = {}
    together: dict[Any, str] = {}
    readings = Review.objects.filter(author=user, study__references__in=references).order_by("created_at", "id")
    for study, before, current, finding in readings.values_list("study_id", "before_answer", "is_current", "finding"):
        if before:
            alone.setdefault(study, finding)
        if current:
            together[study] = finding
    return [
        Case(
            at,
            diagnosis == Diagnosis.PNEUMONIA,
            {"alone": alone.get(study), "model": finding, "together": together.get(study)},
        )
        for study, at, finding, diagnosis in rows
    ]


def rates(role: str, cases: Iterable[Case]) -> Rates:
    """Count how one role did."""
    counts = {"sick": 0, "well": 0, "caught": 0, "spared": 0, "undecided": 0}
    for case in cases:
        finding = case.findings[role]
        if finding == Finding.INDETERMINATE:
            counts["undecided"] += 1
        elif finding:
            counts["sick" if case.sick else "well"] += 1
            counts["caught"] += case.sick and finding == Finding.PNEUMONIA
            counts["spared"] += not case.sick and finding == Finding.NORMAL
    return Rates(role, ROLES[role], **counts)


@dataclass(frozen=True, slots=True)
class Line:
    """One role's share of right answers so far, case by case, as points of a stepped SVG polyline (0–100 each way)."""

    role: str
    name: Any
    points: str
    last: float


def lines(cases: Sequence[Case]) -> list[Line]:
    """The share of decided films that each role had right, after each case; a role that never decided has no line."""
    drawn = []
    for role, name in ROLES.items():
        right = decided = 0
        points = []
        for place, case in enumerate(cases, 1):
            finding = case.findings[role]
            if finding in (Finding.PNEUMONIA, Finding.NORMAL):
                decided += 1
                right += (finding == Finding.PNEUMONIA) == case.sick
            if decided:
                height = f"{100 - 100 * right / decided:.2f}"
                points += [f"{100 * at / len(cases):.2f},{height}" for at in (place - 1, place)]
        if decided:
            drawn.append(Line(role, name, " ".join(points), right / decided))
    return drawn


@require_safe
@never_cache
def performance(request: HttpRequest) -> HttpResponse:
    """The page. Comparisons are made on films that all three roles read; the rest is shown apart."""
    cases = cases_of(request.user)
    same = [case for case in cases if all(case.findings.values())]
    together = agreed(person(request))
    context = {
        "agreed": together,
        "agreed_share": wilson(together.same, together.total),
        "cases": cases,
        "same": [rates(role, same) for role in ROLES] if same else [],
        "same_count": len(same),
        "all": [found for found in (rates(role, cases) for role in ROLES) if found.cases],
        "lines": lines(cases),
        "waiting": Review.objects.filter(author_id=request.user.pk, is_current=True)
        .exclude(study__references__in=Reference.objects.filter(author_id=request.user.pk, is_current=True))
        .count(),
    }
    return render(request, "studies/performance.html", context)
