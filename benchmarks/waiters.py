"""How many programs may wait for a result (``?wait=20``) at one web process before pages get slow.

``python -m benchmarks.waiters [NUMBER …]`` starts a site of its own and prints, for each number of waiters, what the
history page takes meanwhile and its ratio to the same page without any, measured right before and after.
"""

from __future__ import annotations

import http.client
import statistics
import sys
import threading
import time

from benchmarks.rows import fill
from benchmarks.site import Person, django_of, running_site, sign_in
from benchmarks.timing import percentile

NUMBERS = (2, 8, 32, 128, 512)
SECONDS = 8.0  # of each measurement
STUDIES = 200


def main() -> None:
    """Measure and print."""
    numbers = [int(argument) for argument in sys.argv[1:]] or NUMBERS
    # No sweep may take the study back that everybody waits for.
    with running_site(TASK_TIME_LIMIT="7200") as site:
        django_of(site)
        session, address = _stage()
        print("| waiters | page p50 | page p95 | p95 without any | ratio | waiters answered a second |")
        print("|---|---|---|---|---|---|")
        page_seconds(site.port, session)  # warms up
        for number in numbers:
            before = page_seconds(site.port, session)
            with_them, answers = beside(number, site.port, session, address)
            before += page_seconds(site.port, session)
            p50, p95, base = statistics.median(with_them), percentile(with_them, 0.95), percentile(before, 0.95)
            print(
                f"| {number} | {1000 * p50:.0f} ms | {1000 * p95:.0f} ms | {1000 * base:.0f} ms | {p95 / base:.2f}× | "
                f"{answers / SECONDS:.0f} |"
            )


def _stage() -> tuple[str, str]:
    """A person with studies and one that never finishes: their session, its address in the API."""
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    from diagnosis.models import Study

    session = sign_in(1)[0]
    owner = int(Session.objects.get(pk=session).get_decoded()["_auth_user_id"])
    fill(owner, STUDIES)
    waiting = Study.objects.create(
        owner_id=owner, width=1, height=1, pixel_hash="waiting", intended_use_at=timezone.now(),
        state="running", started_at=timezone.now(), attempt=1,
    )  # fmt: skip
    return session, f"/api/v1/studies/{waiting.pk}/?wait=20"


def page_seconds(port: int, session: str) -> list[float]:
    """What the history page takes, asked for again and again by one person."""
    person, found, end = Person(port, session), [], time.monotonic() + SECONDS
    while time.monotonic() < end:
        began = time.perf_counter()
        person.get("/studies/")
        found.append(time.perf_counter() - began)
        time.sleep(0.02)
    return found


def beside(number: int, port: int, session: str, address: str) -> tuple[list[float], int]:
    """The same beside so many waiters, who obey ``Retry-After``; and how many answers they got."""
    ended, answers = threading.Event(), list[int]()

    def wait() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while not ended.is_set():
            try:
                connection.request("GET", address, headers={"Cookie": f"sessionid={session}"})
                answer = connection.getresponse()
                answer.read()
            except OSError:
                connection.close()
                continue
            answers.append(answer.status)
            ended.wait(float(answer.headers.get("Retry-After", 2)))

    threads = [threading.Thread(target=wait, daemon=True) for _ in range(number)]
    for thread in threads:
        thread.start()
    time.sleep(2)  # until all have come
    answers.clear()
    found = page_seconds(port, session)
    counted = len(answers)
    ended.set()
    for thread in threads:
        thread.join(30)
    return found, counted


if __name__ == "__main__":
    main()
