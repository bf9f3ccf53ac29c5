"""How many programs may wait for a result (``?wait=``) at one web process before pages get slow.

``python -m benchmarks.waiters [NUMBER …]`` starts a site of its own and prints, for each number of waiters, what the
history page takes beside them and its ratio to the same page without any. Both are measured in turns of a few seconds,
so that a machine that changes its speed meanwhile changes both.
"""

from __future__ import annotations

import datetime as dt
import http.client
import statistics
import sys
import threading
import time

from benchmarks.rows import fill
from benchmarks.site import Person, django_of, running_site, sign_in
from benchmarks.timing import percentile

NUMBERS = (2, 8, 32, 128, 512)
TURNS = 6
SECONDS = 2.0  # of each turn
WAIT = 2  # seconds a waiter asks for: short, so that none reaches into the turn without any; as many wait all the time
STUDIES = 200


def main() -> None:
    """Measure and print."""
    numbers = [int(argument) for argument in sys.argv[1:]] or NUMBERS
    # No sweep may take the study back that everybody waits for.
    with running_site(TASK_TIME_LIMIT="7200") as site:
        django_of(site)
        session, address = _stage()
        print("| waiters | page p50 | page p95 | without any | ratio of p95 | waiters answered a second |")
        print("|---|---|---|---|---|---|")
        page_seconds(site.port, session)  # warms up
        for number in numbers:
            print(_row(number, site.port, session, address), flush=True)


def _row(number: int, port: int, session: str, address: str) -> str:
    crowd = Waiters(number, port, session, address)
    beside, alone = list[float](), list[float]()
    for _ in range(TURNS):
        crowd.asking.set()
        time.sleep(1)  # until all have come
        beside += page_seconds(port, session)
        crowd.asking.clear()
        time.sleep(WAIT + 1)  # until all have gone
        alone += page_seconds(port, session)
    rate = crowd.end() / (TURNS * (SECONDS + 1))
    p50, p95, base = statistics.median(beside), percentile(beside, 0.95), percentile(alone, 0.95)
    times = " | ".join(f"{1000 * seconds:.0f} ms" for seconds in (p50, p95, base))
    return f"| {number} | {times} | {p95 / base:.2f}× | {rate:.0f} |"


def _stage() -> tuple[str, str]:
    """A person with studies and one that never finishes: their session, its address in the API."""
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    from diagnosis.models import Study

    session = sign_in(1)[0]
    owner = int(Session.objects.get(pk=session).get_decoded()["_auth_user_id"])
    fill(owner, STUDIES)
    waiting = Study.objects.create(
        owner_id=owner, width=1, height=1, pixel_hash="waiting", intended_use_at=timezone.now(), state="running",
        # As if it had just been submitted, however long this takes: the longer a study waits, the later one asks next.
        started_at=timezone.now(), queued_at=timezone.now() + dt.timedelta(days=1), attempt=1,
    )  # fmt: skip
    return session, f"/api/v1/studies/{waiting.pk}/?wait={WAIT}"


def page_seconds(port: int, session: str) -> list[float]:
    """What the history page takes, asked for again and again by one person for a turn."""
    person, found, end = Person(port, session), [], time.monotonic() + SECONDS
    while time.monotonic() < end:
        began = time.perf_counter()
        person.get("/studies/")
        found.append(time.perf_counter() - began)
        time.sleep(0.02)
    return found


class Waiters:
    """So many programs, each with a connection of its own, who obey ``Retry-After``; they ask while ``asking``."""

    def __init__(self, number: int, port: int, session: str, address: str) -> None:
        self.asking = threading.Event()
        self._ended = False
        self._answers: list[int] = []
        work = (port, session, address)
        self._threads = [threading.Thread(target=self._wait, args=work, daemon=True) for _ in range(number)]
        for thread in self._threads:
            thread.start()

    def _wait(self, port: int, session: str, address: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while True:
            self.asking.wait()
            if self._ended:
                return
            try:
                connection.request("GET", address, headers={"Cookie": f"sessionid={session}"})
                answer = connection.getresponse()
                answer.read()
            except OSError:
                connection.close()
                continue
            self._answers.append(answer.status)
            time.sleep(float(answer.headers.get("Retry-After", 2)))

    def end(self) -> int:
        """No more; gives how many answers they have had."""
        self._ended = True
        self.asking.set()
        for thread in self._threads:
            thread.join(30)
        return len(self._answers)


if __name__ == "__main__":
    main()
