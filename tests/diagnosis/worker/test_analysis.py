"""Passing trouble makes a film wait with a reason; only one that is really gone fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError

from diagnosis import storage
from diagnosis.models import State, Study
from diagnosis.worker.analysis import analyse
from diagnosis.worker.model_registry import room
from tests.studies import submitted

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is stored is read; nothing is predicted."""

    def read_only(study: Study) -> Any:
        storage.read_model_input(study)
        raise AssertionError("it could be read")

    monkeypatch.setattr(room, "predict", read_only)


def after_analysis(study: Study) -> Study:
    analyse(study)
    study.refresh_from_db()
    return study


def test_a_storage_that_is_away_makes_films_wait_at_no_cost(owner: User, data_dir: Path) -> None:
    study = submitted(owner)
    films = data_dir / "films"
    for empty in (False, True):  # the folder is not there, or its mount is not
        films.rename(data_dir / "elsewhere")
        if empty:
            films.mkdir()
        left = study.attempts_left
        assert after_analysis(study).state == State.QUEUED
        assert (study.reason_code, study.attempts_left) == ("STORAGE_AWAY", left)
        if empty:
            films.rmdir()
        (data_dir / "elsewhere").rename(films)


def test_a_film_whose_file_is_gone_fails_and_says_so(owner: User, data_dir: Path) -> None:
    study = submitted(owner)
    Path(storage.storage().path(storage.name_of(study.pk, storage.MODEL_INPUT))).unlink()
    assert after_analysis(study).reason_code == "FILM_UNREADABLE"
    assert study.state == State.FAILED


@pytest.mark.parametrize("error", [lambda: OSError(5, "Input/output error"), lambda: OperationalError("locked")])
def test_a_disk_or_a_database_in_trouble_makes_a_film_wait(
    owner: User, monkeypatch: pytest.MonkeyPatch, error: Callable[[], Exception]
) -> None:
    def trouble(study: Study) -> Any:
        raise error()

    monkeypatch.setattr(room, "predict", trouble)
    study = submitted(owner)
    assert after_analysis(study).state == State.QUEUED
    assert study.reason_code == "STORAGE_AWAY"
