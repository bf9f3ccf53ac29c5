"""One POST to an address that somebody else chose: bounded in time and size, and to nowhere inside.

The name is resolved once and the address that it gave is checked and connected to (``requests-hardened``), so nothing
can be exchanged between check and connection. Redirects are not followed, proxies and ``.netrc`` of the environment not
used, and of the answer nothing but its status is read.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

CONNECT_SECONDS, READ_SECONDS = 5.0, 10.0  # for the connection, and between two bytes of the answer
TOTAL_SECONDS = 15.0  # from the connection to the answer's last header: who sends a byte now and then ends there
SENT_BY = "PneumoWeb"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it: a status, or a code for what went wrong. A status other than 2xx has a code too."""

    status: int | None
    trouble: str = ""


class _Bounded:
    """A connection that is cut once its time is over."""

    _duplicate: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        made: socket.socket = super()._new_conn()  # type: ignore[misc]  # of urllib3's connection
        self._duplicate = made.dup()  # TLS takes the other over
        self._timer = threading.Timer(TOTAL_SECONDS, self._cut)
        self._timer.daemon = True
        self._timer.start()
        return made

    def _cut(self) -> None:
        if self._duplicate is not None:
            try:
                self._duplicate.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # closed at this very moment

    def close(self) -> None:
        super().close()  # type: ignore[misc]
        if self._duplicate is not None:
            self._timer.cancel()
            self._duplicate.close()


class _Connection(_Bounded, HTTPConnection):
    pass


class _TLSConnection(_Bounded, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


class _BoundedAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}


class _PublicAdapter(IPFilterAdapter, _BoundedAdapter):  # type: ignore[misc]  # requests-hardened is not typed
    """Connects to public addresses only; asks Python's own table too, which knows more of IPv6."""

    def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> Any:
        host, pool = super().build_connection_pool_key_attributes(*args, **kwargs)
        address = ipaddress.ip_address(host["host"].strip("[]"))
        if _is_inside(address):
            raise InvalidIPAddress(address)
        return host, pool


def _public() -> HTTPAdapter:
    return _PublicAdapter(is_https_proto=True)  # type: ignore[call-arg]


def _is_inside(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return not address.is_global or address.is_multicast or address.is_reserved or site_local


def post(url: str, body: bytes, headers: dict[str, str], *, anywhere: bool = False) -> Answer:
    """Send it.

    Args:
        url: Where to; ``https`` unless ``anywhere``.
        body: JSON.
        headers: Beside those of every request.
        anywhere: Also to private, loopback, link-local, … addresses, and without TLS.
    """
    began = time.monotonic()
    with requests.Session() as session:
        session.trust_env = False
        session.adapters.clear()
        session.mount("https://", _BoundedAdapter() if anywhere else _public())
        if anywhere:
            session.mount("http://", _BoundedAdapter())
        try:
            with session.post(
                url, body, headers={"Content-Type": "application/json", "User-Agent": SENT_BY, **headers},
                timeout=(CONNECT_SECONDS, READ_SECONDS), allow_redirects=False, stream=True,
            ) as response:  # fmt: skip
                return _as_answer(response.status_code)
        except InvalidIPAddress:
            return Answer(None, "ADDRESS_NOT_ALLOWED")
        except requests.exceptions.InvalidSchema:
            return Answer(None, "SCHEME_NOT_ALLOWED")
        except requests.exceptions.SSLError:
            return Answer(None, "NO_TLS")
        except requests.Timeout:
            return Answer(None, "TIMEOUT")
        except (requests.RequestException, HTTPError, OSError, ValueError):  # ValueError: a host that is no name
            return Answer(None, "TIMEOUT" if time.monotonic() - began >= TOTAL_SECONDS else "UNREACHABLE")


def _as_answer(status: int) -> Answer:
    if 200 <= status < 300:
        return Answer(status)
    return Answer(status, "REDIRECT" if 300 <= status < 400 else "REFUSED")
