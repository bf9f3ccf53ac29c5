"""What the web server grants one connection: how long it may take, how much it may store, and which one has to go.

Waitress receives requests and sends answers in one thread, and its working threads meet a request only when all of it
is there: a slow client costs a descriptor and a buffer. What is added here bounds these.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from io import BytesIO
from typing import Any

from django.conf import settings
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.receiver import FixedStreamReceiver
from waitress.task import ErrorTask
from waitress.utilities import BadRequest, RequestEntityTooLarge

STRANGERS_MAX_BYTES = 100_000  # who is not signed in has nothing larger than a sign-in form to send
HEADER_SECONDS = 15.0
IDLE_SECONDS = 20.0  # between two requests on one connection
GRACE_SECONDS = 30.0  # before a body or an answer has to keep up with LEAST_RATE
LEAST_RATE = 1000.0  # bytes per second
MANY = 500  # connections; beyond, those without a request go, the oldest first
BODIES_AT_ONCE = 4  # bodies of MAX_REQUEST_BYTES that may be on their way or in work
ERROR_HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cache-Control", "no-store"),
]


class Busy(BadRequest):  # type: ignore[misc]  # waitress is not typed
    """More is being sent than the site can store."""

    code = 503
    reason = "Service Unavailable"


class Nowhere:
    """A buffer that keeps nothing: a stranger's large body is taken and thrown away, since a browser reads no answer
    while it still sends."""

    def __len__(self) -> int:
        return 0

    def append(self, data: bytes) -> None:
        """Throw it away."""

    def getfile(self) -> BytesIO:
        """Nothing."""
        return BytesIO()

    def close(self) -> None:
        """Nothing to close."""


class Request(HTTPRequestParser):  # type: ignore[misc]
    """One request as it comes in."""

    stored = 0  # bytes announced by all requests of this process that are kept until they are answered
    stored_lock = threading.Lock()
    announced = 0

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self.began = time.monotonic()

    @property
    def by_a_stranger(self) -> bool:
        """Whether it carries nothing that could sign anybody in; who forges that is bounded by `BODIES_AT_ONCE`."""
        known = f"{settings.SESSION_COOKIE_NAME}=" in self.headers.get("COOKIE", "")
        return not known and "AUTHORIZATION" not in self.headers

    def parse_header(self, header_plus: bytes) -> None:
        """As waitress; a body that will not be wanted is thrown away, one that nobody could store is refused."""
        super().parse_header(header_plus)
        if self.content_length <= STRANGERS_MAX_BYTES:
            return
        if self.by_a_stranger or self.content_length > settings.MAX_REQUEST_BYTES:
            self.body_rcv = FixedStreamReceiver(self.content_length, Nowhere())
            return
        with Request.stored_lock:
            if Request.stored + self.content_length <= BODIES_AT_ONCE * settings.MAX_REQUEST_BYTES:
                self.announced = self.content_length
                Request.stored += self.announced
                return
        self.error = Busy("Too much is being sent at once. Try again in a moment.")
        self.completed = True

    def received(self, data: bytes) -> int:
        """As waitress; a body of unannounced length is cut off where a stranger's ends."""
        consumed = int(super().received(data))
        if self.chunked and self.by_a_stranger and self.body_bytes_received > STRANGERS_MAX_BYTES:
            self.error = RequestEntityTooLarge(f"exceeds {STRANGERS_MAX_BYTES} bytes")
            self.completed = True
        return consumed

    def close(self) -> None:
        """Let go of what was stored."""
        with Request.stored_lock:
            Request.stored -= self.announced
            self.announced = 0
        super().close()


class Refusal(ErrorTask):  # type: ignore[misc]
    """The answer to what is no request; it has the headers that every answer has."""

    def execute(self) -> None:
        """Write it."""
        self.response_headers.extend(ERROR_HEADERS)
        super().execute()


class Connection(HTTPChannel):  # type: ignore[misc]
    """One connection and its deadlines."""

    parser_class = Request
    error_task_class = Refusal
    request: Request | None

    def __init__(self, *args: Any, **options: Any) -> None:
        self.idle_since = time.monotonic()
        self._pipelined = False
        self._sending_since: float | None = None
        self._left = 0
        self._taken = 0
        super().__init__(*args, **options)

    def received(self, data: bytes) -> bool:
        """As waitress, but one request at a time: answers to many at once would have to be kept for who reads none."""
        taken = bool(super().received(data))
        with self.requests_lock:
            if len(self.requests) > 1:
                self._pipelined = True
                for request in self.requests[1:]:
                    request.close()
                del self.requests[1:]
        return taken

    def service(self) -> None:
        """Answer one request (in a working thread)."""
        super().service()
        self.idle_since = time.monotonic()
        if self._pipelined:
            self.close_when_flushed = True
            self.server.pull_trigger()

    def handle_close(self) -> None:
        """The end, with or without the rest of a request."""
        if self.request is not None:
            self.request.close()
            self.request = None
        super().handle_close()

    @property
    def waits_for_client(self) -> bool:
        """Whether there is nothing in work and nothing to send."""
        return not self.requests and not self.total_outbufs_len

    def overdue(self, now: float) -> bool:
        """Whether it has had its time; asked every few seconds."""
        left = int(self.total_outbufs_len)
        if left:
            return self._reads_too_slowly(now, left)
        self._sending_since = None
        if self.requests:
            return False  # it is our turn
        request = self.request
        if request is None:
            return now - self.idle_since > IDLE_SECONDS
        if not request.headers_finished:
            return bool(now - request.began > HEADER_SECONDS)
        return bool(request.body_bytes_received < LEAST_RATE * (now - request.began - GRACE_SECONDS))

    def _reads_too_slowly(self, now: float, left: int) -> bool:
        if self._sending_since is None:
            self._sending_since, self._left, self._taken = now, left, 0
        self._taken += max(0, self._left - left)
        self._left = left
        return self._taken < LEAST_RATE * (now - self._sending_since - GRACE_SECONDS)


def to_close(connections: Iterable[Connection], now: float) -> list[Connection]:
    """The connections that have had their time, and, where there are many, the oldest that ask for nothing."""
    held = list(connections)
    ended = [connection for connection in held if connection.overdue(now)]
    waiting = sorted((one for one in held if one.waits_for_client and one not in ended), key=lambda one: one.idle_since)
    return ended + waiting[: max(0, len(held) - len(ended) - MANY)]
