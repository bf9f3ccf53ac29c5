"""Clients that are slow on purpose, a hundred of each kind, and how long others wait for a page meanwhile.

By hand, against a site that runs: ``python -m tests.drills.slow_clients PORT [clients]``.
"""

from __future__ import annotations

import contextlib
import re
import socket
import sys
import threading
import time
from dataclasses import dataclass

import requests

CLIENTS = 100
HOLD_SECONDS = 10.0
PATIENCE = 10.0
HOST = b"Host: 127.0.0.1\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"


@dataclass(frozen=True)
class Kind:
    """What a client sends at once, what it adds every second, and whether it reads what it is answered."""

    sends: bytes
    drips: bytes = b""
    reads: bool = True


def kinds(big: str) -> dict[str, Kind]:
    """Every kind of slow client; ``big`` is the address of the largest static file."""
    post = b"POST /accounts/login/ HTTP/1.1\r\n" + HOST + FORM
    return {
        "silent": Kind(b""),
        "half a header, dripping": Kind(b"GET / HTTP/1.1\r\n" + HOST, b"X-a: b\r\n"),
        "body, dripping": Kind(post + b"Content-Length: 90000\r\n\r\na=", b"b"),
        "chunked body, dripping": Kind(post + b"Transfer-Encoding: chunked\r\n\r\nfff\r\nab", b"c"),
        "1 GB of body, dripping": Kind(post + b"Content-Length: 1000000000\r\n\r\na=", b"b"),
        "answer not read": Kind(b"GET " + big.encode() + b" HTTP/1.1\r\n" + HOST + b"\r\n", reads=False),
        "forty answers not read": Kind((b"GET " + big.encode() + b" HTTP/1.1\r\n" + HOST + b"\r\n") * 40, reads=False),
    }


def largest_static_file(base: str) -> str:
    """The largest file that the first page loads."""
    page = requests.get(base + "/", timeout=PATIENCE).text
    addresses = sorted(set(re.findall(r'/static/[^"]+?\.(?:css|js|woff2|svg)', page)))
    return max(addresses, key=lambda one: len(requests.get(base + one, timeout=PATIENCE).content))


def slowest_page(base: str, stop: threading.Event) -> float:
    """Ask for a page again and again on new connections; the longest wait in seconds (PATIENCE: it never came)."""
    slowest = 0.0
    while not stop.is_set():
        began = time.monotonic()
        with contextlib.suppress(requests.RequestException):
            requests.get(base + "/", timeout=PATIENCE).raise_for_status()
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.2)
    return slowest


def hold(base: str, kind: Kind, clients: int = CLIENTS, seconds: float = HOLD_SECONDS) -> tuple[float, int]:
    """Hold slow connections open.

    Returns:
        The slowest page meanwhile, in seconds, and how many of the connections the server had ended by then.
    """
    port = int(base.rsplit(":", 1)[1])
    held: list[socket.socket] = []
    for _ in range(clients):
        client = socket.socket()
        if not kind.reads:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(2)
        with contextlib.suppress(OSError):
            client.connect(("127.0.0.1", port))
            client.sendall(kind.sends)
        held.append(client)
    stop = threading.Event()
    waits: list[float] = []
    asker = threading.Thread(target=lambda: waits.append(slowest_page(base, stop)))
    asker.start()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(1)
        for client in held:
            with contextlib.suppress(OSError):
                client.sendall(kind.drips)
    stop.set()
    asker.join()
    ended = sum(_ended(client) for client in held)
    for client in held:
        client.close()
    return waits[0], ended


def _ended(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        while client.recv(1 << 16):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def main() -> None:
    """Print a line for each kind."""
    base, clients = f"http://127.0.0.1:{sys.argv[1]}", int(sys.argv[2]) if len(sys.argv) > 2 else CLIENTS
    for name, kind in kinds(largest_static_file(base)).items():
        slowest, ended = hold(base, kind, clients)
        print(f"{name:26} {clients} clients: slowest page {slowest:5.2f} s, {ended} connections ended", flush=True)
        time.sleep(1)


if __name__ == "__main__":
    main()
