"""A worker's connection to the database: kept from task to task, replaced when the database has dropped it."""

from __future__ import annotations

import pytest
from celery.fixups.django import DjangoWorkerFixup
from celery.signals import task_prerun
from django.db import connection

import diagnosis.worker.startup  # noqa: F401  # listens to the signal
from diagnosis.models import Study
from diagnosis.tasks import tidy
from pneumoweb.celery import app

pytestmark = pytest.mark.django_db(transaction=True)


def one_task() -> None:
    """What happens around a task in a worker, with a query where the task would be."""
    celery = DjangoWorkerFixup(app)
    celery.on_task_prerun(tidy)
    task_prerun.send(sender=tidy)
    assert not Study.objects.exists()
    celery.on_task_postrun(tidy)


def test_one_connection_serves_task_after_task():
    one_task()
    first = connection.connection
    for _ in range(3):
        one_task()
    assert first is not None
    assert connection.connection is first


def test_a_connection_that_the_server_has_ended_is_replaced_before_the_next_task(monkeypatch):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server that could end a connection")
    monkeypatch.setitem(connection.settings_dict, "CONN_HEALTH_CHECKS", True)
    connection.health_check_enabled = True
    one_task()
    first = connection.connection
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [first.info.backend_pid])
    other.close()
    one_task()
    assert connection.connection is not first
