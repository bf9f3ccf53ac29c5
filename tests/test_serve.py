"""`manage.py serve`: one command starts everything, and everything ends together, however the end comes."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running_site import RunningSite, wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for orphans in /proc"),
]
GONE_SECONDS = 10.0


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that has been migrated once, for all tests here."""
    data_dir = tmp_path_factory.mktemp("site") / "data"
    RunningSite(data_dir).manage("migrate", "--verbosity", "0")
    return data_dir


@pytest.fixture
def site(prepared: Path) -> Iterator[RunningSite]:
    """The running site; whatever a test leaves of it is swept up."""
    site = RunningSite(prepared).start()
    site.wait_for("/readyz", '"worker": "ok"')
    yield site
    for process in site.parts().values():
        os.kill(process, signal.SIGKILL)
    wait_until(lambda: not site.parts(), GONE_SECONDS, "the end of the swept-up site")


def test_ctrl_c_ends_every_part_and_is_no_failure(site: RunningSite) -> None:
    assert len(site.parts()) == 5
    assert f"PneumoWeb answers at http://localhost:{site.port}/" in site.output()
    assert "make admin" in site.output()
    assert site.stop(signal.SIGINT) == 0
    assert site.parts() == {}
    assert "PneumoWeb has stopped." in site.output()


def test_a_worker_that_dies_takes_the_site_down_loudly(site: RunningSite) -> None:
    assert site.process is not None
    os.kill(site.parts()["worker"], signal.SIGKILL)
    assert site.process.wait(GONE_SECONDS) != 0
    assert "worker ended by itself" in site.output()
    assert site.parts() == {}


def test_a_redis_that_dies_takes_the_site_down_loudly(site: RunningSite) -> None:
    assert site.process is not None
    parts = site.parts()
    os.kill(parts.get("redis-server") or parts["valkey-server"], signal.SIGKILL)
    assert site.process.wait(GONE_SECONDS) != 0
    assert "redis ended by itself" in site.output()
    assert site.parts() == {}


def test_nothing_outlives_a_serve_that_was_killed_and_the_next_one_starts(site: RunningSite) -> None:
    site.stop(signal.SIGKILL)
    wait_until(lambda: not site.parts(), GONE_SECONDS, "the end of all orphans")
    site.start().wait_for("/readyz", '"worker": "ok"')


def test_two_sites_live_side_by_side_but_not_on_one_data_folder(site: RunningSite, tmp_path: Path) -> None:
    shutil.copytree(site.data_dir, tmp_path / "data", ignore=shutil.ignore_patterns("*.sock"))
    beside = RunningSite(tmp_path / "data").start()
    try:
        beside.wait_for("/healthz", "ok")
        assert site.get("/healthz") == beside.get("/healthz") == "ok\n"
    finally:
        assert beside.stop() == 0
    intruder = RunningSite(site.data_dir)
    intruder.log = tmp_path / "intruder.log"
    intruder.start()
    assert intruder.process is not None
    assert intruder.process.wait(GONE_SECONDS) == 1
    assert "already runs on the data folder" in intruder.output()
    assert site.get("/healthz") == "ok\n"
