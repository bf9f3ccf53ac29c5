"""Parts that run together: whoever ends first is named, and nobody is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from diagnosis.server.processes import RESTARTS
from diagnosis.worker import ENDED_ITSELF
from tests.places import ROOT
from tests.running_site import wait_until

PROGRAM = """
import subprocess, sys
from pathlib import Path
from diagnosis.server.processes import PartsEnded, run_together
watched = subprocess.Popen(["sleep", sys.argv[1]], start_new_session=True)
parts = {"steady": ["sleep", "1000"], "brief": ["sh", "-c", "echo at work; sleep " + sys.argv[2] + "; " + sys.argv[3]]}
try:
    run_together(parts, watched, Path("."))
except PartsEnded as error:
    print(error)
    sys.exit(1)
finally:
    watched.kill()
"""


def in_background() -> None:
    """What a script's shell does to the jobs that it starts with ``&``."""
    for ignored in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(ignored, signal.SIG_IGN)


def start(
    watched_seconds: int,
    brief_seconds: int,
    mark: str,
    before: Callable[[], None] | None = None,
    then: str = "exit 3",
) -> subprocess.Popen[str]:
    """Two parts and a watched process, found again by the mark in their environment."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "PNEUMOWEB_TEST_MARK": mark}
    command = [sys.executable, "-c", PROGRAM, str(watched_seconds), str(brief_seconds), then]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, preexec_fn=before)


def left(mark: str) -> list[str]:
    """Processes that carry the mark."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"PNEUMOWEB_TEST_MARK={mark}".encode() in entry.read_bytes().split(b"\0"):
                found.append((entry.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


@pytest.mark.parametrize(("watched", "brief", "first"), [(1000, 0, "brief"), (0, 1000, "redis"), (1, 1000, "redis")])
def test_whoever_ends_takes_all_along_and_is_named(watched: int, brief: int, first: str, tmp_path: Path) -> None:
    process = start(watched, brief, str(tmp_path))
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"{first} ended by itself" in output
    assert left(str(tmp_path)) == []


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_being_asked_to_stop_is_no_failure(how: signal.Signals, tmp_path: Path) -> None:
    process = start(1000, 1000, str(tmp_path))
    assert process.stdout is not None
    wait_until(lambda: "at work" in (process.stdout.readline() if process.stdout else ""), 30, "the start")
    process.send_signal(how)
    process.communicate(timeout=30)
    assert process.returncode == 0
    assert left(str(tmp_path)) == []


@pytest.mark.parametrize("before", [None, in_background])
def test_a_relay_that_is_killed_ends_all_too(before: Callable[[], None] | None, tmp_path: Path) -> None:
    process = start(1000, 1000, str(tmp_path), before)
    assert process.stdout is not None
    output = ""
    while not ("steady started" in output and "brief started" in output):
        output += process.stdout.readline()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    relays = [pid for pid in children.read_text().split() if Path(f"/proc/{pid}/comm").read_text().startswith("python")]
    os.kill(int(relays[0]), signal.SIGKILL)
    process.communicate(timeout=30)
    assert process.returncode == 1
    assert left(str(tmp_path)) == []


def test_a_part_that_ends_itself_is_started_again_and_the_others_stay(tmp_path: Path) -> None:
    been = tmp_path / "been"
    again = f"test -e {been} && exit 3; touch {been}; exit {ENDED_ITSELF}"
    process = start(1000, 0, str(tmp_path), then=again)
    output, _ = process.communicate(timeout=30)
    assert output.count("at work") == 2
    assert output.count("steady started") == 1
    assert "brief ended by itself (status 3)" in output
    assert left(str(tmp_path)) == []


def test_a_part_that_keeps_ending_itself_takes_all_along(tmp_path: Path) -> None:
    process = start(1000, 0, str(tmp_path), then=f"exit {ENDED_ITSELF}")
    output, _ = process.communicate(timeout=30)
    assert output.count("at work") == RESTARTS + 1
    assert f"brief ended by itself (status {ENDED_ITSELF})" in output
