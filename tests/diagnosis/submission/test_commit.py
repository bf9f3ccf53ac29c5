"""A commit whose answer never comes: the row may be there or not, and its files are there exactly when it is."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.utils import timezone

from diagnosis import storage
from diagnosis.models import Study, StudyQuerySet
from diagnosis.submission import submit as door
from diagnosis.submission.submit import Ticket, submit
from ml import read_radiograph
from tests.studies import drawn_film

pytestmark = pytest.mark.django_db(transaction=True)


def press(owner: User) -> Study | None:
    data = drawn_film()
    ticket = Ticket(owner=owner, token=uuid.uuid4(), confirmed_at=timezone.now())
    return submit(ticket, 0, "film.png", lambda: data, len(data)).study


def cut_at_commit(monkeypatch: pytest.MonkeyPatch, *, after: bool) -> None:
    """The connection is cut when the study is committed: after the database has done it, or before."""
    commit = connection._commit

    def cut() -> None:
        if not Study.objects.exists():
            return commit()
        monkeypatch.undo()
        if after:
            commit()
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(connection, "_commit", cut)


def test_a_row_that_got_through_keeps_its_files_and_is_what_the_person_is_told(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_at_commit(monkeypatch, after=True)
    study = press(owner)
    assert study is not None
    assert storage.read_model_input(Study.objects.get()).width == study.width


def test_a_row_that_did_not_leaves_nothing_behind(owner: User, monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> None:
    cut_at_commit(monkeypatch, after=False)
    with pytest.raises(OperationalError):
        press(owner)
    assert not Study.objects.exists()
    assert not [*data_dir.glob("films/*/*")]


def test_while_the_database_cannot_tell_files_stay_and_go_with_the_next_submission(
    owner: User, monkeypatch: pytest.MonkeyPatch, data_dir: Path
) -> None:
    lost = Study()
    storage.write(lost.pk, read_radiograph(drawn_film(1)))

    def no_answer(_rows: StudyQuerySet) -> bool:
        raise OperationalError("could not connect to server")

    with monkeypatch.context() as away:
        away.setattr(StudyQuerySet, "exists", no_answer)
        assert not door.is_stored(lost)
    assert [folder.name for folder in data_dir.glob("films/*/*")] == [str(lost.pk)]
    monkeypatch.setattr(door, "DOUBT_SECONDS", -1.0)
    study = press(owner)
    assert study is not None
    assert [folder.name for folder in data_dir.glob("films/*/*")] == [str(study.pk)]
