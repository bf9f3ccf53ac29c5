"""Many finished studies with their predictions, without films, written past Django's objects: a million in a minute."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.models import Model

CHUNK = 10_000
ANSWERS = (("pneumonia", 0.91), ("normal", 0.06), ("indeterminate", 0.45))


def fill(owner: int, count: int) -> None:
    """Add ``count`` studies of one person, half a minute apart, the first 400 days ago."""
    from django.db import connection, transaction
    from django.utils import timezone

    from diagnosis.models import ModelVersion, Prediction, Study
    from ml import load_card

    card = load_card()
    version, _new = ModelVersion.objects.get_or_create(
        sha256=card.sha256, version=card.version, defaults={"card": card.raw, "active": True}
    )
    now = timezone.now()
    study = _columns(
        Study(
            owner_id=owner, created_at=now, queued_at=now, started_at=now, finished_at=now, state="done", attempt=1,
            width=1400, height=1000, source_format="JPEG", pixel_hash="", intended_use_version="x",
            intended_use_at=now, predicted_by=version,
        )
    )  # fmt: skip
    prediction = _columns(
        Prediction(
            study_id=uuid.uuid4(), model_version=version, attempt=1, operating_point="balanced", rule_out=0.3,
            rule_in=0.6,
            milliseconds=3, created_at=now, heatmap=b"",
        )
    )  # fmt: skip
    begin = Study.objects.count()
    for first in range(begin, begin + count, CHUNK):
        studies, predictions = [], []
        for number in range(first, min(first + CHUNK, begin + count)):
            finding, probability = ANSWERS[number % len(ANSWERS)]
            when = connection.ops.adapt_datetimefield_value(now - dt.timedelta(days=400, seconds=-30 * number))
            answer = {"finding": finding, "probability": probability, "created_at": when}
            own = {"id": uuid.uuid4().hex, "submission": uuid.uuid4().hex}
            own |= {"label": f"film {number}", "label_key": f"film {number}"}
            times = dict.fromkeys(("queued_at", "started_at", "finished_at"), when)
            studies.append({**study, **answer, **own, **times, "pixel_hash": f"{number:064x}"})
            predictions.append({**prediction, **answer, "study_id": own["id"]})
        with transaction.atomic():
            _insert(Study._meta.db_table, studies)
            _insert(Prediction._meta.db_table, predictions)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _columns(row: Model) -> dict[str, Any]:
    """A row's values by column, as the database takes them, without a key that the database itself gives."""
    from django.db import connection
    from django.db.models import AutoField

    fields = [field for field in row._meta.concrete_fields if not isinstance(field, AutoField)]
    return {str(field.column): field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields}


def _insert(table: str, rows: list[dict[str, Any]]) -> None:
    from django.db import connection

    names, places = ", ".join(rows[0]), ", ".join(["%s"] * len(rows[0]))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", [list(row.values()) for row in rows])  # noqa: S608
