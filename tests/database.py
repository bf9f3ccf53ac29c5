"""Tests in several processes (`pytest -n`): the first to need a database migrates it, the others begin with a copy.

To migrate takes three seconds of a core, to copy some milliseconds.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from django.db import connection

# Fixtures and classes of those who talk to the database, to Redis or to a running site.
SERVICES = {"db", "transactional_db", "redis_server", "one_site", "chromium", "PrivateRedis", "RunningSite"}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what another database, Redis or browser may change; pytest-django keeps all others from the database."""
    used = {*getattr(item, "fixturenames", ()), *vars(getattr(item, "module", item))}
    if used & SERVICES or item.get_closest_marker("django_db"):
        item.add_marker("services")


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Migrate the file of SQLite that was copied: pytest-django would first delete it. It goes with the data folder."""
    return connection.vendor == "sqlite"


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What pytest-django does; a copy of what another process migrated leaves it nothing to migrate."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None:
        request.getfixturevalue("django_db_setup")
        return
    shared = tmp_path_factory.getbasetemp().parent
    copied = _in_file(shared / "migrated") if connection.vendor == "sqlite" else _on_server(f"migrated_{run}")
    with (shared / "migrating").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with copied:
            request.getfixturevalue("django_db_setup")


@contextmanager
def _in_file(migrated: Path) -> Iterator[None]:
    """Begin this process's database of SQLite as a copy of the migrated one, or else that one as a copy of it."""
    name = Path(connection.creation._get_test_db_name())
    first = not migrated.exists()
    if not first:
        _copy(migrated, name)
    yield
    if first:
        _copy(name, migrated)


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as write:
        read.backup(write)


@contextmanager
def _on_server(name: str) -> Iterator[None]:
    """The same with a database of PostgreSQL that nobody is connected to, for a template must be left alone."""
    server = os.environ["DATABASE_URL"]
    if database_exists(server, name):
        connection.settings_dict["TEST"]["TEMPLATE"] = name
        yield
    else:
        yield
        connection.close()
        create_database(server, name, template=connection.settings_dict["NAME"])


def database_exists(server: str, name: str) -> bool:
    """Whether the server has a database of this name."""
    import psycopg  # here and below: without a server nobody waits for it

    with psycopg.connect(server, autocommit=True) as tell:
        return bool(tell.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone())


def create_database(server: str, name: str, template: str = "template1") -> None:
    """Create a database as a copy of another one; it is dropped when this process ends."""
    import psycopg
    from psycopg.sql import SQL, Identifier

    with psycopg.connect(server, autocommit=True) as tell:
        tell.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template)))
    atexit.register(_drop, server, name)


def _drop(server: str, name: str) -> None:
    import psycopg
    from psycopg.sql import SQL, Identifier

    with psycopg.connect(server, autocommit=True) as tell:
        tell.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
