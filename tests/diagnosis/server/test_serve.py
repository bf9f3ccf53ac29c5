"""`manage.py serve`: one command starts everything, and everything ends together, however the end comes."""

from __future__ import annotations

import os
import shutil
import signal
import uuid
from pathlib import Path

import pytest

from diagnosis.server.private_redis import PrivateRedis
from diagnosis.worker import queue
from tests.running_site import RunningSite, wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for orphans in /proc"),
]
GONE_SECONDS = 60.0


@pytest.fixture
def site(one_site: RunningSite) -> RunningSite:
    """The site, running, whatever the test before did to it."""
    return one_site.ready()


def test_two_sites_live_side_by_side_and_ctrl_c_ends_one_of_them_without_a_trace(
    site: RunningSite, tmp_path: Path
) -> None:
    shutil.copytree(site.data_dir, tmp_path / "beside", ignore=shutil.ignore_patterns("*.sock"))
    beside = RunningSite(tmp_path / "beside").start()
    beside.wait_for("/readyz", '"worker": "ok"')
    assert len(beside.parts()) == len(site.parts()) == 5
    wait_until(lambda: "Ctrl-C stops everything." in beside.output(), 5, "the announcement")
    assert f"PneumoWeb answers at http://localhost:{beside.port}/" in beside.output()
    assert "make admin" in beside.output()
    assert beside.stop(signal.SIGINT) == 0
    assert beside.parts() == {}
    assert "PneumoWeb has stopped." in beside.output()
    assert site.get("/healthz") == "ok\n"


def test_one_data_folder_and_one_port_hold_one_site(site: RunningSite, tmp_path: Path) -> None:
    same_folder = RunningSite(site.data_dir)
    same_port = RunningSite(tmp_path / "other", PORT=str(site.port))
    for intruder, output in ((same_folder, "already runs on the data folder"), (same_port, "Choose another port")):
        intruder.log = tmp_path / "intruder.log"
        intruder.start()
        assert intruder.process is not None
        assert intruder.process.wait(GONE_SECONDS) == 1
        assert output in intruder.output()
        assert "Traceback" not in intruder.output()
    assert site.get("/healthz") == "ok\n"


def test_nothing_outlives_a_killed_serve_the_next_one_starts_and_falls_with_its_worker(site: RunningSite) -> None:
    site.stop(signal.SIGKILL)
    wait_until(lambda: not site.parts(), GONE_SECONDS, "the end of all orphans")
    unknown = site.data_dir / "films" / "ab" / str(uuid.uuid4())  # files whose row the crash prevented
    unknown.mkdir(parents=True)
    site.start().wait_for("/readyz", '"worker": "ok"')
    wait_until(lambda: not unknown.exists(), GONE_SECONDS, "the removal of films without a study")
    with PrivateRedis(site.data_dir / "redis", site.data_dir / "redis" / "redis.sock").client() as client:
        assert len(client.keys(f"{queue.HEARTBEAT_PREFIX}*")) == 1  # the killed worker's sign of life is gone
    assert site.process is not None
    os.kill(site.parts()["worker"], signal.SIGKILL)
    assert site.process.wait(GONE_SECONDS) == 1
    assert "worker ended by itself" in site.output()
    assert site.parts() == {}
