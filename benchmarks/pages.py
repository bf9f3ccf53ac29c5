"""(d) pages and (f) rows: time and queries of history and result page with few and with many studies.

A process of its own with a site of its own; prints one JSON line. Arguments: the numbers of rows, ascending.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import threading
import time
import uuid
from typing import Any

from benchmarks.site import Person, django_of, running_site, sign_in
from benchmarks.timing import median_ms

CLIENTS = 4
REQUESTS = 60


def main() -> None:
    """Fill, measure, print."""
    with running_site() as site:
        django_of(site)
        print(json.dumps(measure(site.port, [int(argument) for argument in sys.argv[1:]] or [200, 100_000])))


def measure(port: int, sizes: list[int]) -> dict[str, Any]:
    """Milliseconds of one request over HTTP, requests per second and queries of each page, by number of studies."""
    from django.contrib.sessions.models import Session
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from diagnosis.models import Study

    session = sign_in(1)[0]
    owner = int(Session.objects.get(pk=session).get_decoded()["_auth_user_id"])
    people = [Person(port, session) for _ in range(CLIENTS)]
    client = Client(headers={"host": "localhost"})
    client.cookies["sessionid"] = session
    result: dict[str, Any] = {"empty": {"ms": median_ms(lambda: people[0].get("/healthz"), 50, 5)}, "clients": CLIENTS}
    for size in sizes:
        fill(owner, size - Study.objects.filter(owner=owner).count())
        study = Study.objects.filter(owner=owner, state="done").order_by("created_at")[0]
        for name, address in {"history": "/studies/", "result": study.get_absolute_url()}.items():
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            count = len(queries)  # now: the context reads a log that the next request empties

            def ask(number: int, address: str = address) -> None:
                people[number % CLIENTS].get(address)

            milliseconds = median_ms(lambda ask=ask: ask(0), 25, 3)  # type: ignore[misc]
            begin = time.perf_counter()
            threads = [
                threading.Thread(target=lambda n=n, ask=ask: [ask(n) for _ in range(REQUESTS // CLIENTS)])  # type: ignore[misc]
                for n in range(CLIENTS)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            rate = REQUESTS / (time.perf_counter() - begin)
            result[f"{name} {size}"] = {"ms": milliseconds, "per_s": rate, "queries": count}
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
                pk=uuid.uuid4(), owner_id=owner, label=f"film {number}", created_at=when,
                queued_at=when, finished_at=when,
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
