"""What one connection may cost: its deadlines, and whose bodies are kept."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from diagnosis.server.connections import (
    BODIES_AT_ONCE,
    GRACE_SECONDS,
    HEADER_SECONDS,
    IDLE_SECONDS,
    MANY,
    STRANGERS_MAX_BYTES,
    Connection,
    Request,
    to_close,
)

LIMITS = SimpleNamespace(
    max_request_header_size=32_768, max_request_body_size=1 << 40, inbuf_overflow=1 << 20, url_scheme="http"
)
SIGNED_IN = "Cookie: sessionid=abc\r\n"


def request(headers: str = "", length: int = 0, body: bytes = b"") -> Request:
    """A request of which the head has come, and so much of the body."""
    made = Request(LIMITS)
    head = f"POST /studies/new/ HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\r\n"
    made.received(head.encode())
    if body:
        made.received(body)
    return made


def connection(**state: Any) -> Connection:
    """A connection in this state, of no socket."""
    made = Connection.__new__(Connection)
    made._sending_since, made._left, made._taken = None, 0, 0
    known = {"idle_since": 0.0, "requests": [], "request": None, "total_outbufs_len": 0}
    for name, value in {**known, **state}.items():
        setattr(made, name, value)
    return made


def test_a_strangers_large_body_is_taken_and_thrown_away() -> None:
    length = STRANGERS_MAX_BYTES + 1
    by_stranger = request(length=length, body=b"x" * length)
    assert by_stranger.completed
    assert by_stranger.get_body_stream().read() == b""
    assert by_stranger.headers["CONTENT_LENGTH"] == str(length), "so that the site can say that it is too much"
    kept = request(SIGNED_IN, length, b"x" * length)
    assert len(kept.get_body_stream().read()) == length
    kept.close()


def test_no_more_is_kept_at_once_than_the_site_can_store(settings: Any) -> None:
    settings.MAX_REQUEST_BYTES = 1_000_000
    under_way = [request(SIGNED_IN, 1_000_000) for _ in range(BODIES_AT_ONCE)]
    assert not any(one.error for one in under_way)
    assert request(SIGNED_IN, 1_000_000).error.code == 503
    under_way.pop().close()
    under_way.append(request(SIGNED_IN, 1_000_000))
    assert under_way[-1].error is None
    for one in under_way:
        one.close()
    assert Request.stored == 0


def test_a_body_of_unannounced_length_ends_where_a_strangers_does() -> None:
    chunked = Request(LIMITS)
    chunked.received(b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"%x\r\n" % (STRANGERS_MAX_BYTES + 1) + b"x" * (STRANGERS_MAX_BYTES + 1)
    chunked.received(chunk)
    assert chunked.completed
    assert chunked.error.code == 413


def test_a_connection_has_its_time_for_each_thing() -> None:
    header = Request(LIMITS)
    header.received(b"GET / HTTP/1.1\r\nHost: ")
    body = request(SIGNED_IN, 1_000_000)
    late = header.began + HEADER_SECONDS + 1
    assert not connection(request=header).overdue(header.began + 1)
    assert connection(request=header).overdue(late)
    assert not connection(request=body).overdue(body.began + GRACE_SECONDS)
    assert connection(request=body).overdue(body.began + GRACE_SECONDS + 1), "not a byte has come"
    assert connection(idle_since=late - IDLE_SECONDS - 1).overdue(late)
    assert not connection(requests=[body], request=header).overdue(late), "it is our turn"
    body.close()


def test_who_reads_nothing_is_let_go_and_who_reads_slowly_is_not() -> None:
    reader = connection(total_outbufs_len=1_000_000)
    assert not reader.overdue(0.0)
    assert reader.overdue(GRACE_SECONDS + 1)
    slow = connection(total_outbufs_len=1_000_000)
    for second in range(0, 200, 10):
        assert not slow.overdue(float(second))
        slow.total_outbufs_len -= 20_000


@pytest.mark.parametrize("busy", [False, True])
def test_among_many_connections_the_oldest_that_ask_for_nothing_make_room(busy: bool) -> None:
    at_work = {"requests": [object()]} if busy else {}
    held = [connection(idle_since=1000.0 + n / 1000, **at_work) for n in range(MANY + 10)]
    assert to_close(reversed(held), 1001.0) == ([] if busy else held[:10])
