"""An import of many films, its command and its worker killed in between, and somebody who submits films meanwhile.

``DRILL_FILMS=2000 pytest -m drill tests/drills/test_import_drill.py -s`` is the whole of it; by itself it takes fewer.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from ml import phantom
from tests.drills.people import FILMS, Person, films
from tests.drills.site import DrilledSite
from tests.places import ROOT
from tests.running_site import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.drill]
RANDOM = random.Random(20261129)
COUNT = int(os.environ.get("DRILL_FILMS", "400"))
PATIENCE = 120 + COUNT / 2  # seconds; two films a second is a machine that has much else to do
MOST_SECONDS = 1.0
MEASURED = 10  # films of the person, at least: an import so short that there are fewer delays nobody


def draw(folder: Path) -> Path:
    """So many films, no two alike: a dozen drawn ones, each with a few other pixels in a corner."""
    folder.mkdir()
    drawn = [phantom.film(seed, width=320, height=280) for seed in range(FILMS)]
    for number in range(COUNT):
        film = drawn[number % FILMS].copy()
        film[-1, :16] = 255 * (number >> np.arange(16) & 1)
        (folder / f"{number:05}.png").write_bytes(phantom.png(film))
    return folder


def importing(site: DrilledSite, folder: Path) -> subprocess.Popen[bytes]:
    """The command, as an administrator starts it."""
    command = [sys.executable, "manage.py", "import_studies", str(folder), "--owner", "ada", "--intended-use-confirmed"]
    return subprocess.Popen(
        command, cwd=ROOT, env=site.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def wait_for_share(site: DrilledSite, command: subprocess.Popen[bytes], share: float) -> None:
    """Wait until this share of the films has become studies; an import that fails is not waited for."""

    def reached() -> bool:
        assert command.poll() in (None, 0), "the command failed by itself"
        return imported(site) > share * COUNT

    wait_until(reached, PATIENCE, f"{share:.0%} of the import")


def imported(site: DrilledSite) -> int:
    """How many studies the import has made."""
    return int(site.sql("SELECT count(*) FROM diagnosis_study WHERE bulk")[0][0])


def answered(site: DrilledSite) -> int:
    """How many of them the model, or its image check, has answered."""
    return int(site.sql("SELECT count(*) FROM diagnosis_study WHERE bulk AND state IN ('done', 'rejected')")[0][0])


class Waiting:
    """Somebody who submits a film by hand, waits for its answer, and then the next."""

    def __init__(self, site: DrilledSite, person: Person) -> None:
        self.seconds: list[float] = []
        self.accepted: list[str] = []
        self._drawn = films()  # drawn now, not while somebody looks at the clock
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, args=(site, person), daemon=True)
        self._thread.start()

    def _work(self, site: DrilledSite, person: Person) -> None:
        while not self._ended.is_set():
            began = time.monotonic()
            (outcome,) = person.submit([RANDOM.choice(self._drawn)]).json()["outcomes"]
            self.accepted.append(outcome["id"])
            while "queued" in (state := _state(site, outcome["id"])) or "running" in state:
                time.sleep(0.02)
            self.seconds.append(time.monotonic() - began)
            self._ended.wait(0.05)

    def stop(self) -> float:
        """No more; gives the 95th percentile of seconds from pressing the button to the answer."""
        self._ended.set()
        self._thread.join(60)
        assert not self._thread.is_alive(), "a film was not answered within a minute"
        return float(np.percentile(self.seconds, 95))


def _state(site: DrilledSite, study: str) -> str:
    return str(site.sql("SELECT state FROM diagnosis_study WHERE replace(CAST(id AS text), '-', '') = ?", study)[0][0])


def test_an_import_that_is_killed_again_and_again_loses_and_doubles_nothing_and_delays_nobody(
    site: DrilledSite, person: Person, tmp_path: Path
) -> None:
    folder = draw(tmp_path / "ward")
    for share in (0.05, 0.1):  # the command
        command = importing(site, folder)
        wait_for_share(site, command, share)
        command.send_signal(signal.SIGKILL)
        command.wait()
    command = importing(site, folder)
    for share in (0.15, 0.2):  # the worker
        wait_for_share(site, command, share)
        site.signal("worker", signal.SIGKILL)
        time.sleep(RANDOM.uniform(0.1, 0.5))
        site.wait_ready()
    before = answered(site)
    wait_until(lambda: answered(site) > before, PATIENCE, "the worker being back")
    somebody = Waiting(site, Person(site.url, "bob").sign_up())
    began, before = time.monotonic(), answered(site)
    assert command.wait(PATIENCE) == 0
    wait_until(lambda: answered(site) == COUNT, PATIENCE, "an answer to every imported film")
    rate = (COUNT - before) / (time.monotonic() - began)
    seconds = somebody.stop()
    crowded = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))  # by how much everything is slower here and now
    print(
        f"\n{COUNT} films, {rate:.0f} a second; {len(somebody.seconds)} by hand meanwhile: p95 {seconds:.2f} s, median "
        f"{np.median(somebody.seconds):.2f} s, longest {max(somebody.seconds):.2f} s; load {crowded:.1f} × cores"
    )
    site.settle()
    made = site.sql("SELECT count(*), count(DISTINCT pixel_hash), count(DISTINCT submission) FROM diagnosis_study "
                    "WHERE bulk")  # fmt: skip
    assert made == [(COUNT, COUNT, COUNT)]
    site.audit(somebody.accepted)
    assert len(somebody.seconds) >= MEASURED
    assert seconds < MOST_SECONDS * crowded
