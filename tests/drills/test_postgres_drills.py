"""PostgreSQL and Redis restarted under two workers and two beats, one worker killed: every film is answered once."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from diagnosis.server.private_redis import PrivateRedis
from tests.drills.people import Crowd, Person
from tests.drills.site import DrilledSite
from tests.places import ROOT
from tests.running_site import free_port, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.drill]
RANDOM = random.Random(20261128)


class Postgres:
    """A server of this drill's own, run as Debian's user."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]

    def run(self, program: str, *arguments: str) -> None:
        command = ["runuser", "-u", "postgres", "--", str(self.programs / program), *arguments]
        subprocess.run(command, cwd="/", check=True, capture_output=True, timeout=60)

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-s", "-w", "-l", f"{self.folder}/log", "-o", options, "start")

    def stop(self, how: str) -> None:
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-s", "-w", "-m", how, "stop")


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    if os.geteuid() or not [*Path("/usr/lib/postgresql").glob("*/bin")]:
        pytest.skip("only root runs Debian's PostgreSQL as its user")
    folder = Path("/tmp") / f"pneumoweb-drill-{os.getpid()}"  # noqa: S108  (others' temporary folders are closed to it)
    folder.mkdir(mode=0o700)
    shutil.chown(folder, "postgres")
    server = Postgres(folder, free_port())
    server.run("initdb", "--no-sync", "--auth=trust", "-D", f"{folder}/data")
    server.start()
    yield server
    server.stop("immediate")
    shutil.rmtree(folder)


def beside(site: DrilledSite, *what: str) -> subprocess.Popen[bytes]:
    """One more worker or beat on the same site."""
    with site.log.open("ab") as log:
        command = [sys.executable, "-m", "celery", "--quiet", "--skip-checks", "--app", "pneumoweb", *what]
        return subprocess.Popen(command, cwd=ROOT, env=site.environment, stdout=log, stderr=log)


@pytest.fixture
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateRedis]:
    """A Redis that is not the site's own, as one that several machines share."""
    folder = tmp_path_factory.mktemp("broker")
    server = PrivateRedis(folder, folder / "redis.sock")
    server.start()
    yield server
    server.stop()


def restart(server: PrivateRedis, how: int) -> None:
    """End it by a signal, leave it away for a moment, start it again: empty."""
    assert server.process is not None
    server.process.send_signal(how)
    server.process.wait(20)
    time.sleep(1)
    server.start()


def test_postgres_and_redis_restart_and_a_second_worker_dies(
    postgres: Postgres, broker: PrivateRedis, tmp_path: Path
) -> None:
    url = f"postgres://postgres@127.0.0.1:{postgres.port}/postgres"
    site = DrilledSite(tmp_path / "data", DATABASE_URL=url, REDIS_URL=f"unix://{broker.socket}").open()
    worker = beside(site, "worker", "--hostname", "second@%h", "--pool", "threads", "--concurrency", "1")
    beat = beside(site, "beat", "--schedule", str(tmp_path / "second-beat"), "--pidfile=")
    try:
        person = Person(site.url, "ada").sign_up()
        accepted: list[str] = []
        for how in ("fast", "immediate"):
            crowd = Crowd(person, presses=8)
            time.sleep(RANDOM.uniform(0.3, 1.5))
            postgres.stop(how)
            assert site.get("/healthz") == "ok\n"
            postgres.start()
            accepted += crowd.join()
            site.settle()
        before = site.restarts
        for signal_of_its_end in (signal.SIGTERM, signal.SIGKILL):
            crowd = Crowd(person, presses=8)
            time.sleep(RANDOM.uniform(0.3, 1.5))
            restart(broker, signal_of_its_end)
            accepted += crowd.join()
            site.settle()
            found_again = (site.restarts, worker.poll(), beat.poll()) == (before, None, None)
            assert found_again, site.log_lines("by itself") + site.log_lines("ends itself")
        crowd = Crowd(person, presses=8)
        wait_until(lambda: site.count("running") > 0, 20, "a film that is analysed")
        worker.kill()
        accepted += crowd.join()
        site.settle()
        site.audit(accepted)
        assert len(set(accepted)) == 5 * 8 * 3
    finally:
        for process in (worker, beat):
            process.kill()
            process.wait()
        site.close()
