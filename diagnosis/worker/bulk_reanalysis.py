"""Thousands of studies reanalysed by the active model: behind every person in the queue, and resumable.

Nothing is remembered but the studies themselves. What the model has answered is due no more, and what waits is queued
already, so a run that was killed is started once more and goes on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from diagnosis.models import PENDING, ModelVersion, Study
from diagnosis.worker.queue import CALM_SECONDS, MOST_WAITING
from diagnosis.worker.reanalysis import reanalyse, refused_still


def due(version: ModelVersion) -> Q:
    """Studies of which this model would say something new.

    Not those it has answered, those that wait, and those that today's image check refused; but those it refused for
    their population while another model answered.
    """
    return ~Q(state__in=PENDING) & ~Q(predicted_by=version) & ~refused_still(version.registered_at)


@dataclass(frozen=True, slots=True)
class Change:
    """One study before and after; ``after`` is none where it was deleted meanwhile."""

    before: Study
    after: Study | None


def reanalyse_all(studies: Iterator[Study]) -> Iterator[tuple[Change | None, int]]:
    """Queue these studies, a few hundred at a time, and tell of each as it is answered.

    Yields:
        A study that has been answered, or ``None`` after a moment in which none was; and how many wait.
    """
    waiting: dict[UUID, Study] = {}
    while True:
        while len(waiting) < MOST_WAITING and (study := next(studies, None)) is not None:
            before = copy(study)
            if reanalyse(study, bulk=True):
                waiting[study.pk] = before
        if not waiting:
            return
        still = set(Study.objects.filter(pk__in=waiting).pending().values_list("pk", flat=True))
        answered = waiting.keys() - still
        after = Study.objects.in_bulk(answered)
        for pk in answered:
            yield Change(waiting.pop(pk), after.get(pk)), len(waiting)
        if not answered:
            yield None, len(waiting)
            time.sleep(CALM_SECONDS)
