"""Predictions of an earlier database keep their finding, and get the cuts of the rule that was in force."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from ml import Cuts, decide

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE, AFTER = ("diagnosis", "0011_reanalyses"), ("diagnosis", "0012_pairs_and_populations")
ZONE = {"low": 0.259, "high": 0.795, "share": 0.06, "error_outside": 0.02}
# Threshold, probability, finding as it was stored: by the zone and the threshold together, by an older rule, by none.
STORED = [
    (0.168, 0.9, "pneumonia"),
    (0.168, 0.1, "normal"),
    (0.168, 0.2, "indeterminate"),
    (0.747, 0.76, "indeterminate"),
    (0.5, 0.6, "pneumonia"),
    (0.5, 0.45, "normal"),
    (0.5, 0.7, "normal"),
]


@pytest.fixture
def earlier() -> Iterator[Any]:
    """The models as they were before the migration; afterwards the database is as it is now again."""
    yield MigrationExecutor(connection).migrate([BEFORE]).apps
    MigrationExecutor(connection).migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())


def test_findings_stay_and_the_cuts_explain_every_one_of_them(earlier: Any) -> None:
    owner = earlier.get_model("auth", "User").objects.create(username="owner")
    card = {"format_version": 1, "version": "2026.11.8", "indeterminate": ZONE}
    version = earlier.get_model("diagnosis", "ModelVersion").objects.create(
        sha256="a" * 64, version="2026.11.8", card=card, active=True
    )
    studies, predictions = (earlier.get_model("diagnosis", name).objects for name in ("Study", "Prediction"))
    now = timezone.now()
    for number, (threshold, probability, finding) in enumerate(STORED):
        study = studies.create(
            id=uuid.uuid4(), owner=owner, label=str(number), state="done", started_at=now, finished_at=now,
            intended_use_version="1", intended_use_at=now, width=9, height=9, source_format="PNG",
            pixel_hash=f"{number:064x}", finding=finding, probability=probability, judged_by=version,
        )  # fmt: skip
        warnings = [{"code": "LOOKS_ADULT", "message": "Adult.", "advice": "", "parameters": {}}] if number == 0 else []
        predictions.create(
            study=study, model_version=version, attempt=1, finding=finding, probability=probability,
            operating_point="balanced", threshold=threshold, milliseconds=1.0, warnings=warnings,
        )  # fmt: skip

    now_apps = MigrationExecutor(connection).migrate([AFTER]).apps
    rows = now_apps.get_model("diagnosis", "Prediction").objects.order_by("id")
    assert [row.finding for row in rows] == [finding for _threshold, _probability, finding in STORED]
    for row in rows:
        assert decide(row.probability, Cuts(row.rule_out, row.rule_in)) == row.finding
    assert (rows[0].rule_out, rows[0].rule_in) == (0.168, 0.795)
    assert (rows[3].rule_out, rows[3].rule_in) == (0.259, 0.795)
    assert (rows[4].rule_out, rows[4].rule_in) == (0.5, 0.5), "by the threshold alone"
    assert all(row.score is None for row in rows)
    warned = now_apps.get_model("diagnosis", "Study").objects.filter(warned=True)
    assert [study.label for study in warned] == ["0"]
