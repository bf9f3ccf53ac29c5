"""`manage.py serve`: one command starts everything, and Ctrl-C ends it; tests.test_end_to_end has the other ends."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

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
