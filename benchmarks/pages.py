"""(d) pages and (f) rows: time and queries of history, result page and poll with few and with many studies.

A process of its own with a site of its own; prints one JSON line. Arguments: the numbers of rows, ascending.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from functools import partial
from typing import Any

from benchmarks.rows import fill
from benchmarks.site import Person, django_of, running_site, sign_in
from benchmarks.timing import medians_ms

CLIENTS = 4
REQUESTS = 60


def main() -> None:
    """Fill, measure, print."""
    with running_site(TASK_TIME_LIMIT="7200") as site:  # no sweep may take the waiting study back meanwhile
        django_of(site)
        print(json.dumps(measure(site.port, [int(argument) for argument in sys.argv[1:]] or [200, 100_000])))


def measure(port: int, sizes: list[int]) -> dict[str, Any]:
    """Milliseconds of one request over HTTP and of an answer without a page (``/healthz``) asked for in turn with it,
    requests per second and queries of each page, by number of studies.
    """
    from django.contrib.sessions.models import Session
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone

    from diagnosis.models import Study

    session = sign_in(1)[0]
    owner = int(Session.objects.get(pk=session).get_decoded()["_auth_user_id"])
    client = Client(headers={"host": "localhost"})
    client.cookies["sessionid"] = session
    result: dict[str, Any] = {"clients": CLIENTS}
    for size in sizes:
        fill(owner, size - Study.objects.filter(owner=owner).count())
        people = [Person(port, session) for _ in range(CLIENTS)]  # new ones: idle connections are closed meanwhile
        study = Study.objects.filter(owner=owner, state="done").order_by("created_at")[0]
        waiting = Study.objects.create(
            owner_id=owner, width=1, height=1, pixel_hash="waiting", intended_use_at=timezone.now(),
            state="running", started_at=timezone.now(), attempt=1,
        )  # fmt: skip
        addresses = {
            "history": "/studies/",
            "result": study.get_absolute_url(),
            "waiting": f"{waiting.get_absolute_url()}status/",
        }
        for name, address in addresses.items():
            client.get(address)  # the card is parsed once in a process
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            count = len(queries)  # now: the context reads a log that the next request empties

            def ask(number: int, address: str = address, people: list[Person] = people) -> None:
                people[number % CLIENTS].get(address)

            page, empty = medians_ms(partial(ask, 0), partial(ask, 0, "/healthz"))
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
            result[f"{name} {size}"] = {"ms": page, "empty_ms": empty, "per_s": rate, "queries": count}
        waiting.delete()
    return result


if __name__ == "__main__":
    main()
