"""(d) pages and (f) rows: time and queries of history and result page with few and with many studies.

A process of its own with a scratch database; prints one JSON line. Arguments: the numbers of rows, ascending.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Any

from benchmarks.timing import median_ms


def main() -> None:
    """Fill, measure, print."""
    folder = Path(tempfile.mkdtemp(prefix="pneumoweb-bench-pages-"))
    os.environ.update({"DATA_DIR": str(folder), "ENV_FILE": os.devnull, "LOG_LEVEL": "ERROR", "DATABASE_URL": ""})
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pneumoweb.settings")
    import django

    django.setup()
    from django.core.management import call_command

    try:
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        print(json.dumps(measure([int(argument) for argument in sys.argv[1:]] or [200, 100_000])))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(sizes: list[int]) -> dict[str, Any]:
    """Milliseconds and queries of each page at each number of a person's studies."""
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from diagnosis.models import Study

    owner = User.objects.create_user("bench", password="x")
    client = Client(headers={"host": "localhost"})
    client.force_login(owner)
    result: dict[str, Any] = {"empty": {"ms": median_ms(lambda: client.get("/healthz"), 50, 5)}}
    for size in sizes:
        fill(owner.pk, size - Study.objects.filter(owner=owner).count())
        study = Study.objects.filter(owner=owner, state="done").order_by("created_at")[0]
        for name, address in {"history": "/studies/", "result": study.get_absolute_url()}.items():
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            count = len(queries)  # now: the context reads a log that the next request empties
            milliseconds = median_ms(lambda address=address: client.get(address), 25, 3)  # type: ignore[misc]
            result[f"{name} {size}"] = {"ms": milliseconds, "queries": count}
    return result


def fill(owner: int, count: int) -> None:
    """Add finished studies with predictions, a minute apart, without films."""
    from django.db import connection
    from django.utils import timezone

    from diagnosis.models import ModelVersion, Prediction, Study
    from ml import load_card

    card = load_card()
    version, _new = ModelVersion.objects.get_or_create(
        sha256=card.sha256, defaults={"version": card.version, "card": card.raw, "active": True}
    )
    start = timezone.now() - dt.timedelta(days=400)
    number = Study.objects.count()
    findings = (("pneumonia", 0.91), ("normal", 0.06), ("indeterminate", 0.45))
    while count > 0:
        chunk = min(count, 10_000)
        studies, predictions = [], []
        for _ in range(chunk):
            finding, probability = findings[number % 3]
            when = start + dt.timedelta(seconds=30 * number)
            study = Study(
                pk=uuid.uuid4(), owner_id=owner, label=f"film {number}", created_at=when, finished_at=when,
                started_at=when, state="done", attempt=1, width=1400, height=1000, source_format="JPEG",
                pixel_hash=f"{number:064x}", intended_use_version="x", intended_use_at=when, finding=finding,
                probability=probability, judged_by=version,
            )  # fmt: skip
            studies.append(study)
            predictions.append(
                Prediction(
                    study=study,
                    model_version=version,
                    attempt=1,
                    finding=finding,
                    probability=probability,
                    operating_point="balanced",
                    threshold=0.5,
                    milliseconds=3,
                    created_at=when,
                    heatmap=b"",
                )
            )
            number += 1
        Study.objects.bulk_create(studies, batch_size=500)
        Prediction.objects.bulk_create(predictions, batch_size=500)
        count -= chunk
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    main()
