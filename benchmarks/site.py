"""A running site for measuring, its database in reach, and people who submit films over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.running_site import ROOT, RunningSite

BOUNDARY = "pneumoweb-benchmark"
PATIENCE = 180.0


@contextmanager
def running_site(like: RunningSite | None = None, **environment: str) -> Iterator[RunningSite]:
    """``manage.py serve`` in a data folder of its own, on the disk the repository is on; gone afterwards.

    Args:
        like: A site on SQLite whose database, as it is now, and whose secret this one begins with: the same studies,
            and the same people signed in.
        environment: Its settings.
    """
    folder = Path(tempfile.mkdtemp(prefix="pneumoweb-bench-"))
    if like is not None:
        (folder / "data").mkdir(mode=0o700)
        shutil.copy2(like.data_dir / "secret_key", folder / "data")
        database = "pneumoweb.sqlite3"
        with (
            closing(sqlite3.connect(like.data_dir / database)) as source,
            closing(sqlite3.connect(folder / "data" / database)) as copy,
        ):
            source.backup(copy)
    site = RunningSite(folder / "data", LOG_LEVEL="WARNING", **environment).start()
    try:
        site.wait_for("/readyz", '"ready": true')
        yield site
    finally:
        site.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def another_worker(site: RunningSite) -> Iterator[int]:
    """A Celery worker beside the site's own, as one adds on a larger machine; gives its process id once it is ready.

    Raises:
        RuntimeError: it ended before it was ready.
    """
    environment = {**site.environment, "DJANGO_SETTINGS_MODULE": "pneumoweb.settings", "LOG_LEVEL": "INFO"}
    options = ["--loglevel", "INFO", "--pool", "threads", "--concurrency", "1", "--hostname", "another@bench"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    command = [sys.executable, "-m", "celery", "--skip-checks", "--app", "pneumoweb", "worker", *options, *quiet]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "ready." in line:
                break
        else:
            raise RuntimeError(f"the worker never reported that it was ready: {''.join(lines)}")
        threading.Thread(target=process.stdout.read, daemon=True).start()  # or it would stop at a full pipe
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def serving_process(site: RunningSite) -> int:
    """The process that answers requests."""
    return site.parts()["server.web"]


def django_of(site: RunningSite) -> None:
    """Point this process's Django at the site's database; once per process."""
    import django

    own = {name: site.environment.get(name, "") for name in ("DATA_DIR", "DATABASE_URL")}
    os.environ.update({**own, "ENV_FILE": os.devnull, "LOG_LEVEL": "WARNING"})
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pneumoweb.settings")
    django.setup()


def sign_in(count: int) -> list[str]:
    """Session keys of ``count`` new people, made in the database: signing in is not what is measured."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore

    keys = []
    for _ in range(count):
        user = User.objects.create(username=f"bench-{uuid.uuid4().hex[:12]}", password="!")
        store = SessionStore()
        store[SESSION_KEY] = str(user.pk)
        store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        store[HASH_SESSION_KEY] = user.get_session_auth_hash()
        store.create()
        keys.append(str(store.session_key))
    return keys


@dataclass
class Sent:
    """One film that was submitted: its study's id and when the last byte had been sent (seconds since the epoch)."""

    study: str
    at: float


class Person:
    """A signed-in client with one connection kept open, as a browser has."""

    def __init__(self, port: int, session: str) -> None:
        self.port, self.session = port, session
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {
            "Cookie": f"sessionid={session}; csrftoken={'a' * 32}",
            "X-CSRFToken": "a" * 32,
            "Accept": "application/json",
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        }

    def get(self, path: str) -> None:
        """Ask for a page and read it whole.

        Raises:
            RuntimeError: it was not given.
        """
        self.connection.request("GET", path, headers={"Cookie": self.headers["Cookie"]})
        answer = self.connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} gave {answer.status}")

    def submit(self, film: bytes) -> Sent:
        """Submit one film as the page's own script does."""
        fields = {"intended_use": "on", "again": "on", "token": str(uuid.uuid4())}
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        head = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="films"; filename="f.jpg"\r\n'
            "Content-Type: image/jpeg\r\n\r\n"
        ).encode()
        body = b"".join(parts) + head + film + f"\r\n--{BOUNDARY}--\r\n".encode()
        self.connection.request("POST", "/studies/new/", body, self.headers)
        at = time.time()
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"submitting gave {answer.status}: {text[:300]!r}")
        outcome = json.loads(text)["outcomes"][0]
        return Sent(outcome["url"].strip("/").split("/")[-1], at)


def submit_all(port: int, sessions: list[str], films: list[bytes], rate: float | None = None) -> list[Sent]:
    """Submit films by as many people as there are sessions, as fast as answered, or ``rate`` a second."""
    begin = time.perf_counter()
    local = threading.local()
    pool_of_people = iter([Person(port, session) for session in sessions])
    lock = threading.Lock()

    def one(number: int) -> Sent:
        if not hasattr(local, "person"):
            with lock:
                local.person = next(pool_of_people)
        if rate is not None:
            time.sleep(max(0.0, begin + number / rate - time.perf_counter()))
        return local.person.submit(films[number])  # type: ignore[no-any-return]

    with ThreadPoolExecutor(len(sessions)) as pool:
        return list(pool.map(one, range(len(films))))


def latencies(sent: list[Sent]) -> list[float]:
    """Seconds from the last byte sent to the result stored, for each film, once all of them are finished.

    Raises:
        TimeoutError: they did not finish; a film without a result would make every figure meaningless.
    """
    from diagnosis.models import Study

    ids = [one.study for one in sent]
    end = time.monotonic() + PATIENCE
    while Study.objects.filter(pk__in=ids, finished_at=None).exists():
        if time.monotonic() > end:
            raise TimeoutError(f"not all of {len(ids)} films were finished within {PATIENCE:.0f} s")
        time.sleep(0.05)
    finished = {
        str(pk): when.timestamp() for pk, when in Study.objects.filter(pk__in=ids).values_list("pk", "finished_at")
    }  # type: ignore[union-attr]
    return [finished[one.study] - one.at for one in sent]
