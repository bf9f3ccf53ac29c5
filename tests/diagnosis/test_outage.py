"""The database is away or the disk is full: what can be answered is, the rest is 503 with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper
from django.test import Client
from django.urls import reverse

from diagnosis import storage
from diagnosis.models import Study
from tests.studies import drawn_film, submitted

FULL = "database or disk is full"


@pytest.fixture
def in_trouble(db: None) -> Iterator[Any]:
    """From now on, every query (or every one that writes) fails as a driver would have it fail."""
    monkeypatch = pytest.MonkeyPatch()

    def begin(text: str, *, writes_only: bool = False, unless: Path | None = None) -> None:
        execute = CursorWrapper.execute

        def fails(cursor: CursorWrapper, sql: str, params: Any = None) -> Any:
            writes = sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))
            if (writes or not writes_only) and (unless is None or unless.exists()):
                raise OperationalError(text)
            return execute(cursor, sql, params)

        monkeypatch.setattr(CursorWrapper, "execute", fails)

    yield begin
    monkeypatch.undo()


@pytest.mark.parametrize("path", ["/", "/about/", "/accounts/login/", "/studies/"])
def test_without_a_database_pages_say_so(path: str, owner_client: Client, in_trouble: Any) -> None:
    owner_client.raise_request_exception = False
    in_trouble("server closed the connection unexpectedly")
    answer = owner_client.get(path)
    assert answer.status_code == 503, answer.content[:300]
    assert answer["Retry-After"]
    assert "does not answer at the moment" in answer.content.decode()


def test_without_a_database_the_process_lives_and_is_not_ready(owner_client: Client, in_trouble: Any) -> None:
    in_trouble("could not connect to server")
    assert owner_client.get("/healthz").status_code == 200
    answer = owner_client.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "the database does not answer")


def test_a_fault_of_ours_stays_a_fault(owner_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    owner_client.raise_request_exception = False

    def broken(*_args: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("diagnosis.history.views.count", broken)
    assert owner_client.get(reverse("studies")).status_code == 500


@pytest.mark.django_db(transaction=True)
def test_a_full_disk_is_reported_and_a_study_can_still_be_deleted_to_make_room(
    owner: User, owner_client: Client, in_trouble: Any, data_dir: Path
) -> None:
    study = submitted(owner)
    storage.keep_reserve()
    reserve = data_dir / "reserve"
    assert reserve.stat().st_size == storage.RESERVE_BYTES
    owner_client.raise_request_exception = False
    in_trouble(FULL, writes_only=True, unless=reserve)
    answer = owner_client.post(reverse("study_label", args=[study.pk]), {"label": "left"})
    assert answer.status_code == 503
    assert "disk of this site is full" in answer.content.decode()
    if connection.vendor == "sqlite":
        owner_client.post(reverse("study_delete", args=[study.pk]))
        assert not Study.objects.exists()


@pytest.mark.django_db
def test_the_last_room_is_kept_for_the_database(
    owner_client: Client, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(storage, "LEAST_FREE_BYTES", 1 << 60)
    film = (Path(settings.UPLOAD_DIR) / "film.png").write_bytes(drawn_film())
    with (Path(settings.UPLOAD_DIR) / "film.png").open("rb") as stream:
        answer = owner_client.post(reverse("study_new"), {"films": stream, "intended_use": "on"})
    assert film
    assert "could not be stored" in answer.content.decode()
    assert not Study.objects.exists()
