"""A real site for tests: `manage.py serve` on a free port and a data folder of its own, watched from outside.

Where DATABASE_URL names a server (`.ci/run`'s second round), each site has a database of its own on it, else SQLite.
"""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.database import create_database, database_exists
from tests.places import ROOT

START_SECONDS = 180.0  # generous: a machine may be busy, and waiting stops as soon as the site answers


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for something that happens in another process, and say what it was when it does not."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(0.05)


def own_database(server: str, data_dir: Path) -> str:
    """The address of this data folder's database on a server; made on first use, dropped when this process ends."""
    name = f"pneumoweb_{hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]}"
    if not database_exists(server, name):
        create_database(server, name)
    return urlsplit(server)._replace(path=f"/{name}").geturl()


class RunningSite:
    """`manage.py serve` in a data folder; stop it with stop(), or kill it."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.data_dir = data_dir
        self.port = int(environment.get("PORT") or free_port())
        known = {"DATA_DIR": str(data_dir), "PORT": str(self.port), "ENV_FILE": os.devnull}
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        if (server := os.environ.get("DATABASE_URL")) and "DATABASE_URL" not in environment:
            known["DATABASE_URL"] = own_database(server, data_dir)
        self.environment = {**inherited, **known, "PYTHONUNBUFFERED": "1", **environment}
        self.log = data_dir.parent / f"{data_dir.name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def manage(self, *arguments: str, **environment: str) -> str:
        """Run a management command on this site's data folder and give back what it prints."""
        command = [sys.executable, "manage.py", *arguments]
        environment = {**self.environment, **environment}
        return subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask its database, or change it, past the site; places of values are written ``?``."""
        if url := self.environment.get("DATABASE_URL"):
            import psycopg

            with psycopg.connect(url) as server:
                cursor = server.execute(query.replace("?", "%s"), values)
                return cursor.fetchall() if cursor.description else []
        with sqlite3.connect(self.data_dir / "pneumoweb.sqlite3", timeout=20) as connection:
            return connection.execute(query, values).fetchall()

    def start(self) -> RunningSite:
        """Start it without waiting."""
        with self.log.open("ab") as log:
            command = [sys.executable, "manage.py", "serve"]
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        return self

    def ready(self) -> RunningSite:
        """Start it if it does not run, and wait until it analyses what is submitted."""
        if self.process is None or self.process.poll() is not None:
            self.start()
        self.wait_for("/readyz", '"ready": true')
        return self

    def wait_for(self, path: str, text: str) -> None:
        """Wait until a page has this text in it."""

        def says_so() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, self.output()
            return text in self.get(path)

        wait_until(says_so, START_SECONDS, f"{path} saying {text!r}; {self.output()}")

    def get(self, path: str) -> str:
        """The body of a page, whatever its status; empty while nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:  # noqa: S310  (our own address)
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            return error.read().decode()
        except OSError:
            return ""

    def stop(self, how: int = signal.SIGINT) -> int:
        """Send a signal and wait for the end; gives the exit status."""
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(60)

    def sweep(self) -> None:
        """End by force whatever is left of it."""
        for process in self.parts().values():
            os.kill(process, signal.SIGKILL)
        wait_until(lambda: not self.parts(), 60, "the end of the swept-up site")

    def output(self) -> str:
        """Everything it has printed."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def parts(self) -> dict[str, int]:
        """Process ids of what runs on this data folder, by the telling word of their command lines."""
        return {word: pid for pid, word in reversed(self.processes().items())}

    def processes(self) -> dict[int, str]:
        """All of them, by their ids: ``serve`` has relays of the same name."""
        found: dict[int, str] = {}
        mark = f"DATA_DIR={self.data_dir}".encode()
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                ours = mark in (entry / "environ").read_bytes().split(b"\0")
                # Of anybody's process, and none is bound to an encoding.
                command = os.fsdecode((entry / "cmdline").read_bytes().replace(b"\0", b" "))
            except OSError:  # it went while we looked, or it is not ours
                continue
            if not ours and f"{self.data_dir}/" not in command:  # Redis writes its title over its environment
                continue
            for word in ("server.web", " worker ", " beat ", "redis-server", "valkey-server", "serve"):
                if word in command:
                    found[int(entry.name)] = word.strip()
                    break
        return found
