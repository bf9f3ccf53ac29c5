"""A receiver of webhooks on this machine, which behaves as a test wants it to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver(ThreadingHTTPServer):
    """Keeps what it got; ``status``, ``location``, ``hangs`` and ``drips`` (seconds) say how it answers.

    It answers nothing while ``answers`` is clear.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status, self.location, self.hangs, self.drips, self.talks = 204, "", 0.0, 0.0, False
        self.answers = threading.Event()
        self.answers.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/told"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.status  # now: a test may change it as soon as it sees what was got
        self.server.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.server.answers.wait()
        time.sleep(self.server.hangs)
        try:
            self._answer(status)
        except OSError:
            return  # the sender has had enough

    def do_GET(self) -> None:
        self.server.got.append(({}, b"followed"))
        self.send_response(200)
        self.end_headers()

    def _answer(self, status: int) -> None:
        self.send_response(status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        end = time.monotonic() + self.server.drips
        while time.monotonic() < end:
            self.wfile.write(b"X")
            time.sleep(0.05)
        self.end_headers()
        while self.server.talks:
            self.wfile.write(b"and another thing " * 1000)

    def log_message(self, *_args: object) -> None:
        """No line in the log."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """One, for as long as the block lasts."""
    server = Receiver()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        server.talks = False
        server.shutdown()
        server.server_close()
