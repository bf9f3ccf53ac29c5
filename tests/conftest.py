"""The cast: an owner, a stranger, a reviewer, an administrator; and the stage: a data folder, a Redis of our own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import kombu.pools
import pytest
from celery import current_app
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.signals import setting_changed
from django.http import HttpRequest
from django.test import Client

from diagnosis.accounts.session_store import SessionStore
from diagnosis.server.private_redis import PrivateRedis
from tests.database import django_db_keepdb, django_db_setup, pytest_itemcollected  # noqa: F401  (fixtures, a hook)
from tests.parallel import (  # noqa: F401  (hooks)
    pytest_collection,
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_xdist_auto_num_workers,
    pytest_xdist_make_scheduler,
)
from tests.running_site import RunningSite

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A data folder that is this test's alone.

    Past pytest-django's ``settings``, which tells all apps of each change and of its end: two thousand tests do this.
    """
    folders = {name: tmp_path / folder for name, folder in (("FILMS_DIR", "films"), ("UPLOAD_DIR", "tmp"))}
    for folder in folders.values():
        folder.mkdir(mode=0o700)
    films = {**settings.FILMS, "OPTIONS": {**settings.FILMS["OPTIONS"], "location": folders["FILMS_DIR"]}}
    changed = {
        "DATA_DIR": tmp_path, **folders, "MEDIA_ROOT": folders["FILMS_DIR"],
        "FILE_UPLOAD_TEMP_DIR": folders["UPLOAD_DIR"],
        "STORAGES": {**settings.STORAGES, "default": films, "films": films},
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, value in changed.items():
            patch.setattr(settings, name, value)
        setting_changed.send(None, setting="STORAGES", value=changed["STORAGES"], enter=True)
        yield tmp_path


def person(name: str, **rights: Any) -> User:
    """Someone with an account, the password PASSWORD and an address."""
    return User.objects.create_user(name, f"{name}@example.org", PASSWORD, **rights)


def signed_in(user: User) -> Client:
    """A browser in which this person is signed in, as by its ``force_login``, which begins a session to end it."""
    client, request = Client(), HttpRequest()
    request.session = SessionStore()
    login(request, user, settings.AUTHENTICATION_BACKENDS[0])
    request.session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key
    return client


@pytest.fixture
def owner(db: None) -> User:
    """The person whose studies they are."""
    return person("owner")


@pytest.fixture
def stranger(db: None) -> User:
    """Someone else with an account, who must learn nothing of the owner's studies."""
    return person("stranger")


@pytest.fixture
def reviewer(db: None) -> User:
    """Staff without any permission; a test gives the one it is about."""
    return person("reviewer", is_staff=True)


@pytest.fixture
def admin_user(db: None) -> User:
    """An administrator."""
    return person("admin", is_staff=True, is_superuser=True)


@pytest.fixture
def owner_client(owner: User) -> Client:
    """The owner's browser."""
    return signed_in(owner)


@pytest.fixture
def stranger_client(stranger: User) -> Client:
    """The stranger's browser."""
    return signed_in(stranger)


@pytest.fixture
def admin_client(admin_user: User) -> Client:
    """The administrator's browser."""
    return signed_in(admin_user)


@pytest.fixture
def clean_cache(db: None) -> None:
    """Rate limits start from nothing."""
    cache.clear()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateRedis]:
    """A real Redis for the whole run, started on first use."""
    folder = tmp_path_factory.mktemp("redis")
    server = PrivateRedis(folder, folder / "redis.sock")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def one_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    """One site for all who want a running one, for a first start costs seconds; they call ``ready()`` on it.

    Nobody is alone on it. It is quick to notice what got lost, and whatever the tests leave of it is swept up.
    """
    quick = {"SWEEP_SECONDS": "2", "TASK_TIME_LIMIT": "5"}
    site = RunningSite(tmp_path_factory.mktemp("site") / "data", WEBHOOKS="anywhere", **quick)
    yield site
    site.sweep()


@pytest.fixture
def live_redis(redis_server: PrivateRedis, settings: Any) -> Iterator[PrivateRedis]:
    """That Redis, emptied, as this test's broker: for Celery's producer in this process and for health checks."""
    with redis_server.client() as client:
        client.flushall()
    settings.REDIS_URL = f"unix://{redis_server.socket}"
    with use_broker(f"redis+socket://{redis_server.socket}"):
        yield redis_server


@contextmanager
def use_broker(url: str, **options: Any) -> Iterator[None]:
    """Point Celery elsewhere: its pools of connections know only the broker they were made for."""
    conf = current_app.conf
    before = conf.broker_url, conf.broker_transport_options
    try:
        conf.broker_url, conf.broker_transport_options = url, {**before[1], **options}
        _forget_connections()
        yield
    finally:
        conf.broker_url, conf.broker_transport_options = before
        _forget_connections()


def _forget_connections() -> None:
    kombu.pools.reset()
    current_app._pool = current_app.amqp._producer_pool = None
