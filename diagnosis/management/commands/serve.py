"""`manage.py serve`: the whole site from one command. Prepares what is missing, then runs web, worker and beat."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import socket
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor

from diagnosis.server import processes
from diagnosis.server.private_redis import PrivateRedis, RedisUnavailable
from diagnosis.storage import keep_reserve
from diagnosis.worker.orphans import remove_orphans, remove_uploads

PORT_PATIENCE_SECONDS = 4.0


class Command(BaseCommand):
    """Keep the site running until Ctrl-C, or until a part of it dies."""

    help = "Run the whole site: web server, Celery worker, Celery beat and, without REDIS_URL, a private Redis."
    requires_system_checks = "__all__"

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Prepare, start, wait, stop in the reverse order."""
        began, began_at = time.monotonic(), time.time()
        os.umask(0o077)
        lock = take_lock()
        refuse_taken_port(settings.HOST, settings.PORT)
        self.prepare()
        first_run = not get_user_model().objects.filter(is_superuser=True).exists()
        connections.close_all()  # nothing open is inherited by what starts now
        redis = PrivateRedis(settings.REDIS_DIR, settings.REDIS_SOCKET) if settings.REDIS_IS_PRIVATE else None
        try:
            if redis:
                redis.start()
                self.stdout.write(f"A private Redis runs in {settings.REDIS_DIR}.")
            threading.Thread(target=self.once_it_answers, args=(began, began_at, first_run), daemon=True).start()
            processes.run_together(processes.commands(), redis.process if redis else None, settings.BASE_DIR)
        except (RedisUnavailable, processes.PartsEnded) as error:
            raise CommandError(str(error)) from None
        finally:
            if redis:
                redis.stop()
            lock.close()
        self.stdout.write("PneumoWeb has stopped.")

    def prepare(self) -> None:
        """Bring the database and the collected static files up to date; quick when they are."""
        remove_uploads(older_than=0)
        keep_reserve()
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Preparing the database …")
            call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        fingerprint = static_fingerprint()
        stamp = settings.STATIC_ROOT / ".fingerprint"
        if not settings.DEBUG and (not stamp.exists() or stamp.read_text() != fingerprint):
            self.stdout.write("Collecting static files …")
            call_command("collectstatic", interactive=False, clear=True, verbosity=0)
            stamp.write_text(fingerprint)

    def once_it_answers(self, began: float, began_at: float, first_run: bool) -> None:
        """Say where the site is; then, without keeping anybody waiting, remove what a crash may have left."""
        self.announce(began, first_run)
        if not settings.REDIS_IS_PRIVATE:  # others may be at work on the same films; the daily tidying is careful
            return
        try:
            remove_orphans(before=began_at)
        except (DatabaseError, OSError) as error:
            self.stderr.write(f"Films without a study are looked for tomorrow; not now, because: {error}")
        finally:
            connections.close_all()

    def announce(self, began: float, first_run: bool) -> None:
        """Say where the site is, once it answers."""
        host = "localhost" if settings.HOST in {"0.0.0.0", "::", "127.0.0.1"} else settings.HOST  # noqa: S104  (compared)
        target = "127.0.0.1" if host == "localhost" else settings.HOST
        while True:
            try:
                socket.create_connection((target, settings.PORT), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)  # nobody tells when a port is listened on
        lines = [f"PneumoWeb answers at http://{host}:{settings.PORT}/ (after {time.monotonic() - began:.1f} s)."]
        if first_run:
            lines.append("There is no administrator yet: make one with `make admin` in a second terminal.")
        if settings.HOST not in {"127.0.0.1", "::1", "localhost"} and not settings.TRUST_PROXY:
            lines.append("Others reach it without encryption. Put a proxy with TLS in front: docs/operations.md.")
        lines.append("Ctrl-C stops everything.")
        self.stdout.write("\n".join(["", *lines, ""]))
        self.stdout.flush()


def take_lock() -> IO[str]:
    """One running site per data folder; the kernel lets go of the lock whichever way the holder ends.

    Raises:
        CommandError: another one runs.
    """
    lock = (settings.DATA_DIR / "serve.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise CommandError(
            f"PneumoWeb already runs on the data folder {settings.DATA_DIR}. Stop it first, or give this one a "
            "DATA_DIR (and a PORT) of its own."
        ) from None
    return lock


def refuse_taken_port(host: str, port: int) -> None:
    """Find out before anything is started; wait a moment for a site that was killed to let go of its port.

    Raises:
        CommandError: the address cannot be listened on; the text says why.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    deadline = time.monotonic() + PORT_PATIENCE_SECONDS
    while True:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
                return
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                    raise CommandError(
                        f"PneumoWeb cannot listen on {host}:{port} ({error.strerror}). Choose another port, for "
                        f"example: PORT={port + 1} make run"
                    ) from None
        time.sleep(0.1)  # nor when it is let go of


def static_fingerprint() -> str:
    """Changes with every static file, here or in a package, and with the way they are stored; takes milliseconds."""
    seen = hashlib.sha256(f"{sys.version};{settings.STORAGES['staticfiles']};".encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            seen.update(f"{name}:{status.st_size}:{status.st_mtime_ns};".encode())
    return seen.hexdigest()
