"""One POST to an address that somebody chose: to nowhere inside, never elsewhere, and never for long."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest

from diagnosis.webhooks import post as module
from diagnosis.webhooks.post import Answer, post
from tests.diagnosis.webhooks.receiver import Receiver

INSIDE = (
    "127.0.0.1", "127.8.9.1", "localhost", "[::1]", "0.0.0.0", "[::]",  # noqa: S104  (this machine; nobody listens)
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "[fc00::1]", "[fec0::1]", "100.64.0.1",  # private
    "169.254.169.254", "[fe80::1]",  # link-local, and where clouds keep secrets
    "224.0.0.1", "[ff02::1]", "240.0.0.1", "255.255.255.255", "192.0.2.1",  # multicast, reserved, of documents
    "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",  # IPv4 in IPv6
    "2130706433", "0x7f.1", "0177.0.0.1", "127.1",  # 127.0.0.1 as C libraries read it
)  # fmt: skip


@pytest.fixture
def no_connection(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Connecting fails, and where to is kept."""
    tried: list[Any] = []

    def connect(_self: socket.socket, address: Any) -> None:
        tried.append(address)
        raise OSError("a test connects to nowhere")

    monkeypatch.setattr(socket.socket, "connect", connect)
    return tried


@pytest.mark.parametrize("host", INSIDE)
def test_nothing_inside_is_connected_to(host: str, no_connection: list[Any]) -> None:
    assert post(f"https://{host}/told", b"{}", {}).trouble in {"ADDRESS_NOT_ALLOWED", "UNREACHABLE"}
    assert no_connection == []


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "224.0.0.1", "[::1]", "2130706433"])
def test_an_address_that_is_not_allowed_is_reported(host: str) -> None:
    assert post(f"https://{host}/", b"{}", {}) == Answer(None, "ADDRESS_NOT_ALLOWED")


def test_a_name_that_means_something_else_the_second_time_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, no_connection: list[Any]
) -> None:
    real, answers = socket.getaddrinfo, iter(["93.184.215.14", "127.0.0.1", "127.0.0.1"])

    def rebinding(host: str, *arguments: Any, **options: Any) -> Any:
        return real(next(answers) if host == "rebind.example" else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    assert post("https://rebind.example/", b"{}", {}).trouble == "UNREACHABLE"
    assert no_connection == [("93.184.215.14", 443)]
    assert next(answers) == "127.0.0.1", "it was resolved once"
    assert post("https://rebind.example/", b"{}", {}).trouble == "ADDRESS_NOT_ALLOWED"
    assert len(no_connection) == 1


def test_what_is_no_https_goes_nowhere_unless_the_site_sends_anywhere(receiver: Receiver) -> None:
    for url in (receiver.url, "ftp://example.org/", "file:///etc/passwd", "told"):
        assert not post(url, b"{}", {}).status
    assert receiver.got == []
    assert post(receiver.url, b"{}", {}, anywhere=True) == Answer(204)
    assert post("file:///etc/passwd", b"{}", {}, anywhere=True) == Answer(None, "SCHEME_NOT_ALLOWED")
    assert post(receiver.url.replace("http", "https"), b"{}", {}, anywhere=True) == Answer(None, "NO_TLS")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.location = status, receiver.url
    assert post(receiver.url, b"{}", {}, anywhere=True) == Answer(status, "REDIRECT")
    assert len(receiver.got) == 1


def test_a_receiver_that_is_silent_or_drips_or_never_stops_is_left_in_time(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "READ_SECONDS", 0.4)
    monkeypatch.setattr(module, "TOTAL_SECONDS", 1.0)
    receiver.hangs = 3.0
    assert post(receiver.url, b"{}", {}, anywhere=True) == Answer(None, "TIMEOUT")
    receiver.hangs, receiver.drips = 0.0, 20.0
    began = time.monotonic()
    assert post(receiver.url, b"{}", {}, anywhere=True) == Answer(None, "TIMEOUT")
    assert time.monotonic() - began < 10
    receiver.drips, receiver.talks = 0.0, True
    assert post(receiver.url, b"{}", {}, anywhere=True) == Answer(204), "its body is nobody's business"


def test_the_environment_s_proxies_are_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert post(receiver.url, b"{}", {}, anywhere=True) == Answer(204)


def test_nobody_there_is_reported(receiver: Receiver) -> None:
    receiver.server_close()
    assert post(receiver.url, b"{}", {}, anywhere=True) == Answer(None, "UNREACHABLE")
