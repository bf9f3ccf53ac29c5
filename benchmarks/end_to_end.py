"""(c) films over HTTP until all predictions are in the history, and (f) growth with clients. A process of its own."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from benchmarks.films import large_films
from benchmarks.site import (
    Sent,
    another_worker,
    django_of,
    latencies,
    running_site,
    serving_process,
    sign_in,
    submit_all,
)
from benchmarks.timing import percentile, resident_mb
from ml import phantom
from tests.running_site import RunningSite

FILMS = 160
CLIENTS = 8
UPLOADS = 10_000


def throughput(port: int, clients: int, count: int) -> tuple[float, list[float]]:
    """Films a second from the first request to the last stored result, and the films' latencies in seconds."""
    films = _cycle(count)
    sessions = sign_in(clients)
    begin = time.time()
    sent = submit_all(port, sessions, films)
    waits = latencies(sent)
    end = max(one.at + wait for one, wait in zip(sent, waits, strict=True))
    return count / (end - begin), waits


def _cycle(count: int) -> list[bytes]:
    films = large_films()[1]
    return [films[n % len(films)] for n in range(count)]


def _idle(port: int) -> list[float]:
    person = sign_in(1)
    waits = []
    for film in _cycle(8):
        sent: list[Sent] = submit_all(port, person, [film])
        waits += latencies(sent)
        time.sleep(0.5)  # idle again
    return waits


def _memory(site: RunningSite) -> list[tuple[int, float]]:
    """The web process's memory in MB after each thousand of 10,000 uploads of a small drawn film."""
    film = phantom.jpeg(phantom.film(7, width=512, height=420))
    sessions = sign_in(CLIENTS)
    found = []
    for done in range(1_000, UPLOADS + 1, 1_000):
        latencies(submit_all(site.port, sessions, [film] * 1_000))
        found.append((done, resident_mb(serving_process(site))))
    return found


def main() -> None:
    """Measure and print one JSON line; ``growth`` as an argument adds clients, a second worker and 10,000 uploads."""
    result: dict[str, Any] = {"source": large_films()[0]}
    with running_site() as site:
        django_of(site)
        throughput(site.port, 2, 8)  # first requests pay for imports and connections
        result["idle_ms"] = 1000 * percentile(_idle(site.port), 0.5)
        rate, _waits = throughput(site.port, CLIENTS, FILMS)
        result["films_per_s"] = rate
        sent = submit_all(site.port, sign_in(CLIENTS), _cycle(FILMS), rate=0.8 * rate)
        steady, times = latencies(sent), [one.at for one in sent]
        result["steady_rate"] = (FILMS - 1) / (max(times) - min(times))  # what was kept of the 80 %
        result |= {f"p{share}_ms": 1000 * percentile(steady, share / 100) for share in (50, 95, 99)}
        if "growth" in sys.argv:
            result["clients"] = {n: throughput(site.port, n, 80)[0] for n in (1, 4, 16, 64)}
            with another_worker(site):
                result["two_workers"], _waits = throughput(site.port, CLIENTS, FILMS)
            result["web_mb"] = _memory(site)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
