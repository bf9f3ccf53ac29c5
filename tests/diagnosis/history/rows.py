"""Rows without films, many and quick, for the tests of the history."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from diagnosis.models import Prediction, State, Study
from tests.studies import model_version, predicted

NOON = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)


def study(owner: User, state: str = "done", *, age: float = 0, probability: float = 0.8, **fields: Any) -> Study:
    """One row, submitted ``age`` hours before ``NOON``; with its prediction if it is done."""
    when = NOON - dt.timedelta(hours=age)
    final = state not in ("queued", "running")
    answer: dict[str, Any] = {}
    if state == State.DONE:
        finding = fields.pop("finding", "pneumonia" if probability >= 0.5 else "normal")
        answer = {
            "finding": finding,
            "probability": probability,
            "predicted_by": fields.pop("model", None) or model_version(),
        }
    made = Study.objects.create(
        owner=owner, state=state, created_at=when, queued_at=when, intended_use_version="1", intended_use_at=when,
        started_at=when, finished_at=when if final else None, reason_code="" if answer or not final else "NOT_A_FILM",
        width=10, height=10, source_format="PNG", pixel_hash="0" * 64, **answer, **fields,
    )  # fmt: skip
    if answer:
        Prediction.objects.create(
            study=made, model_version=answer["predicted_by"], attempt=1, milliseconds=1,
            **predicted(probability, answer["finding"]),
        )  # fmt: skip
    return made


def waiting(owner: User, **fields: Any) -> Study:
    """A row that was submitted a moment ago."""
    made = study(owner, "queued", **fields)
    Study.objects.filter(pk=made.pk).update(created_at=timezone.now(), queued_at=timezone.now())
    made.refresh_from_db()
    return made
