"""The web server of `manage.py serve`: waitress on one listening socket, in one process or in several.

Why waitress, with the figures of the others: docs/performance.md.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import resource
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

import django
from django.conf import settings
from django.core.servers.basehttp import get_internal_wsgi_application
from django.urls import get_resolver
from waitress.server import create_server

from diagnosis.server.connections import MANY, Connection, to_close
from diagnosis.server.processes import die_with_parent

logger = logging.getLogger("diagnosis.access")
CLEANUP_SECONDS = 2
GRACEFUL_SECONDS = 4.0  # Ctrl-C ends within seconds; an upload under way is cut and the person tries again
GARBAGE = 5_000  # new objects until Python looks for cycles: a page makes thousands, and 700 cost it a twentieth
SPOOL_BYTES = 1 << 30  # of one answer that its reader does not take; kept in DATA_DIR/tmp, not in a thread
StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


def logged(application: Application) -> Application:
    """A line per request: method, path, status, bytes, time; never a query, a name or an address."""

    def answer(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        began = time.perf_counter()

        def started(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            size = dict(headers).get("Content-Length", "-")
            path = quote(environ["PATH_INFO"].encode("latin-1"))  # whatever was sent, it is one line
            took = 1e6 * (time.perf_counter() - began)
            logger.info("%s %s %.3s %s bytes %.0f µs", environ["REQUEST_METHOD"], path, status, size, took)
            return start_response(status, headers, *exc_info)

        return application(environ, started)

    return answer


def listen(host: str, port: int) -> socket.socket:
    """The listening socket, shared by all web processes."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    return listening


def serve(listening: socket.socket) -> None:
    """Answer requests until SIGTERM, SIGINT or SIGQUIT."""
    django.setup()
    application: Application = get_internal_wsgi_application()
    get_resolver().url_patterns  # noqa: B018  (imports every page, which the first request would wait for)
    gc.freeze()  # all that stays: to go through it again costs everybody 40 ms
    gc.set_threshold(GARBAGE)
    server = create_server(
        logged(application) if settings.ACCESS_LOG else application,
        sockets=[listening],
        threads=settings.WEB_THREADS,
        asyncore_use_poll=True,
        backlog=1024,
        connection_limit=4 * MANY,
        cleanup_interval=CLEANUP_SECONDS,
        max_request_header_size=32_768,
        max_request_body_size=4 * settings.MAX_REQUEST_BYTES,  # a site's own page says "too large" below that
        inbuf_overflow=1 << 20,
        outbuf_high_watermark=SPOOL_BYTES,
        clear_untrusted_proxy_headers=not settings.TRUST_PROXY,
        ident=None,
    )
    server.channel_class = Connection

    def maintenance(_now: float) -> None:
        for connection in to_close([*server.active_channels.values()], time.monotonic()):
            connection.will_close = True

    server.maintenance = maintenance
    logging.getLogger("waitress").setLevel(logging.ERROR)  # a line for each stranger who goes away
    for how in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(how, _leave)
    with contextlib.suppress(SystemExit):
        server.asyncore.loop(timeout=1, map=server._map, use_poll=True)
    server.accepting = False
    end = time.monotonic() + GRACEFUL_SECONDS
    while time.monotonic() < end and not all(one.waits_for_client for one in [*server.active_channels.values()]):
        server.asyncore.loop(timeout=0.1, map=server._map, use_poll=True, count=1)


def _leave(_signum: int, _frame: Any) -> None:
    raise SystemExit(0)


def main() -> int:
    """Listen, and answer in WEB_WORKERS processes; the end of one is the end of all."""
    os.umask(0o077)
    tempfile.tempdir = str(settings.UPLOAD_DIR)  # what people send is spooled to files; they must not lie in /tmp
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    listening = listen(settings.HOST, settings.PORT)
    if settings.WEB_WORKERS == 1:
        serve(listening)
        return 0
    children = []
    for _ in range(settings.WEB_WORKERS):
        child = os.fork()
        if not child:
            die_with_parent(signal.SIGTERM)
            serve(listening)
            os._exit(0)
        children.append(child)
    for how in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(how, _leave)
    try:
        code = os.waitstatus_to_exitcode(os.wait()[1]) or 1
    except SystemExit:
        code = 0
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    return code


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pneumoweb.settings")
    sys.exit(main())
