"""(d) pages and (f) rows: time and queries of history, result page and poll with few and with many studies.

A process of its own with sites of its own; prints one JSON line. Arguments: the numbers of rows, ascending.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from benchmarks.rows import fill
from benchmarks.site import Person, django_of, running_site, sign_in
from benchmarks.timing import medians_ms

CLIENTS = 4
REQUESTS = 60


SETTINGS = {
    "DATABASE_URL": "",  # SQLite, whatever else is at hand
    "TASK_TIME_LIMIT": "7200",  # no sweep may take the waiting study back meanwhile
}


def main() -> None:
    """Fill, measure, print."""
    few, *more = [int(argument) for argument in sys.argv[1:]] or [200, 100_000]
    with running_site(**SETTINGS) as site:
        django_of(site)
        session = sign_in(1)[0]
        addresses = filled(session, few)
        result = measure(Person(site.port, session), addresses, few)
        with running_site(site, **SETTINGS) as small:
            for size in more:
                filled(session, size)
                result |= measure(Person(site.port, session), addresses, size, Person(small.port, session))
    print(json.dumps({**result, "clients": CLIENTS}))


def filled(session: str, size: int) -> dict[str, str]:
    """Give a signed-in person so many studies, one of them waiting; return the addresses of the pages to ask for."""
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    from diagnosis.models import Study

    owner = int(Session.objects.get(pk=session).get_decoded()["_auth_user_id"])
    own = Study.objects.filter(owner=owner)
    waiting = own.filter(state="running").first() or Study.objects.create(
        owner_id=owner, width=1, height=1, pixel_hash="waiting", intended_use_at=timezone.now(),
        state="running", started_at=timezone.now(), attempt=1,
    )  # fmt: skip
    fill(owner, size - own.count())
    oldest = own.filter(state="done").order_by("created_at")[0]
    return {
        "history": "/studies/",
        "result": oldest.get_absolute_url(),
        "waiting": f"{waiting.get_absolute_url()}status/",
    }


def measure(person: Person, addresses: dict[str, str], size: int, few: Person | None = None) -> dict[str, Any]:
    """Milliseconds of one request over HTTP, requests per second and queries of each page.

    In turn with each page are asked for: an answer without a page (``/healthz``), and the same page where the same
    person has ``few`` studies, on a site of its own; so neither the machine's speed nor what else it does counts.

    Args:
        person: Whose pages.
        addresses: By name.
        size: How many studies there are, for the names of the results.
        few: The person on the other site; left out, the page is its own baseline.
    """
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"host": "localhost"})
    client.cookies["sessionid"] = person.session
    people = [person, *(Person(person.port, person.session) for _ in range(CLIENTS - 1))]
    result: dict[str, Any] = {}
    for name, address in addresses.items():
        client.get(address)  # the card is parsed once in a process
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        count = len(queries)  # now: the context reads a log that the next request empties
        in_turn = [partial(person.get, address), partial(person.get, "/healthz")]
        if few is not None:
            in_turn.append(partial(few.get, address))
        page, empty, *base = medians_ms(*in_turn)
        begin = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(lambda one, to=address: [one.get(to) for _ in range(REQUESTS // CLIENTS)], people))
        rate = REQUESTS / (time.perf_counter() - begin)
        result[f"{name} {size}"] = {
            "ms": page, "empty_ms": empty, "few_ms": base[0] if base else page, "per_s": rate, "queries": count,
        }  # fmt: skip
    return result


if __name__ == "__main__":
    main()
