"""The private Redis: where it is found, what it survives, what the person is told when there is none."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from diagnosis.server.private_redis import PrivateRedis, RedisUnavailable, find_server
from tests.places import ROOT
from tests.running_site import wait_until


@pytest.fixture
def server(tmp_path: Path) -> PrivateRedis:
    """One that has not been started."""
    return PrivateRedis(tmp_path / "redis", tmp_path / "redis" / "redis.sock")


def test_the_server_in_the_path_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    binary = tmp_path / "redis-server"
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_server() == binary


def test_without_one_in_the_path_a_pip_package_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    found = find_server()
    assert "site-packages" in str(found)
    output = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    assert "server v=" in output


def test_with_none_at_all_the_person_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("diagnosis.server.private_redis.BUNDLES", ())
    with pytest.raises(RedisUnavailable, match="Install redis-server"):
        find_server()


def test_it_is_nobody_elses_and_starts_empty(server: PrivateRedis) -> None:
    for _ in range(2):
        server.start()
        with server.client() as client:
            assert client.dbsize() == 0
            client.set("study", "waiting")
        assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(server.socket.stat().st_mode) == 0o600
        server.stop()


def test_one_left_behind_by_a_killed_parent_is_sent_away(server: PrivateRedis) -> None:
    server.start()
    left_behind = server.process
    assert left_behind is not None
    again = PrivateRedis(server.folder, server.socket)
    again.start()
    assert left_behind.wait(5) == 0
    again.stop()


def test_files_of_an_earlier_version_are_removed_unread(server: PrivateRedis) -> None:
    (server.folder / "appendonlydir").mkdir(parents=True)
    for name in ("appendonlydir/appendonly.aof.1.incr.aof", "dump.rdb"):
        (server.folder / name).write_bytes(b"not what Redis wrote" * 100)
    server.start()
    with server.client() as client:
        assert client.dbsize() == 0
    server.stop()
    assert [file.name for file in server.folder.iterdir()] == ["redis.log"]


def test_it_goes_when_its_parent_is_killed(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux signals a child whose parent has gone")
    code = (
        "import os, signal; from pathlib import Path; from diagnosis.server.private_redis import PrivateRedis\n"
        f"server = PrivateRedis(Path({str(tmp_path)!r}), Path({str(tmp_path / 'redis.sock')!r})); server.start()\n"
        "print(server.process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=_environment(tmp_path))
    command_line = Path("/proc") / output.stdout.strip() / "cmdline"
    wait_until(lambda: not command_line.exists() or not command_line.read_bytes(), 5, "the end of the orphan")


def _environment(tmp_path: Path) -> dict[str, str]:
    root = str(ROOT)
    return {**os.environ, "PYTHONPATH": root, "DJANGO_SETTINGS_MODULE": "tests.settings", "DATA_DIR": str(tmp_path)}
