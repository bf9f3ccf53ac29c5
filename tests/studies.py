"""Making studies for tests, by the same way everything else takes: intake, row, files, message."""

from __future__ import annotations

import uuid
from copy import deepcopy
from functools import cache
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from diagnosis.models import ModelVersion, Study
from diagnosis.submission.submit import Ticket, submit
from ml import Cuts, ModelCard, decide, load_card, phantom
from tests.phantoms import another


@cache
def drawn_film(seed: int = 0, **options: Any) -> bytes:
    """A synthetic film as PNG, another file for each seed."""
    return phantom.png(another(seed, width=320, height=280, **options))


def submitted(owner: User, seed: int = 0, **ticket: Any) -> Study:
    """A queued study of a drawn film."""
    data = drawn_film(seed)
    press = Ticket(owner=owner, token=uuid.uuid4(), confirmed_at=timezone.now(), **ticket)
    outcome = submit(press, 0, "film.png", lambda: data, len(data))
    assert outcome.study is not None, outcome.error
    return outcome.study


@cache
def shipped_card() -> ModelCard:
    """The card of the shipped model, read once; nobody may write on it."""
    return load_card()


def model_version() -> ModelVersion:
    """A registered version with the card of the shipped model."""
    card = shipped_card()
    key = {"sha256": card.sha256, "version": card.version}
    version = ModelVersion.objects.filter(**key).defer("card").first()
    return version or ModelVersion.objects.create(**key, card=deepcopy(card.raw), active=True)


def predicted(
    probability: float, finding: str | None = None, operating_point: str = "balanced", population: str = "child"
) -> dict[str, Any]:
    """Finding, probability and cuts of a prediction, by the shipped card or by cuts that give the finding asked for."""
    cuts = shipped_card().populations[population].operating_points[operating_point].cuts
    finding = finding or decide(probability, cuts)
    if decide(probability, cuts) != finding:
        low, high = probability / 2, (1 + probability) / 2
        cuts = {
            "normal": Cuts(high, high), "pneumonia": Cuts(low, low), "indeterminate": Cuts(low, high),
        }[finding]  # fmt: skip
    return {
        "finding": finding, "probability": probability, "operating_point": operating_point,
        "rule_out": cuts.rule_out, "rule_in": cuts.rule_in,
    }  # fmt: skip


def analysed(owner: User, seed: int = 0, **prediction: Any) -> Study:
    """A study that is done, with a prediction of the given values (for pages; no network runs)."""
    study = submitted(owner, seed)
    attempt = study.claim()
    assert attempt is not None
    given = {name: prediction.pop(name) for name in ("finding", "operating_point") if name in prediction}
    stored = {**predicted(prediction.pop("probability", 0.87), **given), "milliseconds": 3.0, **prediction}
    assert study.complete(attempt, model_version=model_version(), **stored)
    return study
