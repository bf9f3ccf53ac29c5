"""`manage.py reanalyse`: what the active model has not answered, once each however often it is started."""

from __future__ import annotations

import csv
import datetime as dt
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from diagnosis.models import ModelVersion, State, Study
from diagnosis.server.private_redis import PrivateRedis
from diagnosis.worker import bulk_reanalysis
from diagnosis.worker.queue import broker
from diagnosis.worker.reanalysis import gate_version, reanalyse
from tests.studies import analysed, model_version, predicted, submitted

pytestmark = pytest.mark.django_db


@pytest.fixture
def newer() -> ModelVersion:
    """A version published after all that was answered so far."""
    found = ModelVersion.objects.create(sha256="ab" * 32, version="9.0", card=model_version().card)
    found.activate()
    return found


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch, newer: ModelVersion) -> list[str]:
    """Instead of a worker: whatever waits is answered by the active model whenever the command takes a rest."""
    answered: list[str] = []

    def work(_seconds: float) -> None:
        for study in Study.objects.filter(state=State.QUEUED):
            attempt = study.claim()
            assert attempt is not None
            assert study.complete(attempt, model_version=newer, milliseconds=1.0, **predicted(0.1, "normal"))
            answered.append(str(study.pk))

    monkeypatch.setattr(bulk_reanalysis.time, "sleep", work)
    return answered


def run(*options: str) -> str:
    out = StringIO()
    call_command("reanalyse", "--model", "9.0", *options, stdout=out, stderr=StringIO())
    return out.getvalue().strip().splitlines()[-1]


def test_what_the_active_model_has_not_answered_is_reanalysed_and_reported(
    owner: User, stranger: User, answering: list[str], tmp_path: Path
) -> None:
    first, second, other = analysed(owner, 1), analysed(owner, 2), analysed(stranger, 3)
    report = tmp_path / "report.csv"
    assert run("--yes", "--report", str(report)) == "3 done, 0 rejected, 0 failed, 0 deleted; 3 findings changed."
    assert sorted(answering) == sorted(str(study.pk) for study in (first, second, other))
    row = next(row for row in csv.DictReader(report.open(newline="")) if row["study"] == str(first.pk))
    assert (row["finding_before"], row["finding"], row["model_version"]) == ("pneumonia", "normal", "9.0")
    assert first.predictions.count() == 2, "the earlier answer is kept"
    submitted(owner, 4)
    assert run("--yes") == "There is nothing to reanalyse; 1 studies wait in the queue already."


def test_the_filters_of_the_history_choose(owner: User, stranger: User, answering: list[str]) -> None:
    analysed(owner, 1)
    low = analysed(owner, 2, probability=0.01)
    analysed(stranger, 3, probability=0.01)
    assert low.finding == "normal"
    run("--yes", "--owner", "owner", "--where", "finding=normal")
    assert answering == [str(low.pk)]
    with pytest.raises(CommandError, match="--where cannot be used"):
        run("--yes", "--where", "colour=red")
    with pytest.raises(CommandError, match="no account"):
        run("--yes", "--owner", "nobody")


def test_a_run_that_was_killed_is_started_once_more_and_repeats_nothing(owner: User, answering: list[str]) -> None:
    studies = [analysed(owner, seed) for seed in range(4)]
    version = ModelVersion.objects.get(active=True)
    for study in Study.objects.filter(bulk_reanalysis.due(version)).order_by("created_at")[:2]:
        assert reanalyse(study, bulk=True)  # sent, and killed before they were answered
    bulk_reanalysis.time.sleep(0)
    assert len(answering) == 2
    run("--yes")
    assert sorted(answering) == sorted(str(study.pk) for study in studies)
    assert {study.predictions.count() for study in studies} == {2}


def test_what_the_same_image_check_refused_stays_refused(owner: User, newer: ModelVersion) -> None:
    gate = gate_version()
    earlier, later = newer.registered_at - dt.timedelta(days=1), timezone.now() + dt.timedelta(minutes=1)
    cases = {
        ("NOT_CHEST", gate, earlier): False,
        ("NOT_CHEST", "an earlier one", earlier): True,
        ("OUTSIDE_POPULATIONS", gate, earlier): True,  # the newer model may answer for these people
        ("OUTSIDE_POPULATIONS", gate, later): False,
    }
    for seed, ((code, refused_by, at), is_due) in enumerate(cases.items()):
        study = submitted(owner, seed)
        attempt = study.claim()
        assert attempt is not None
        assert study.reject(attempt, code, "No.", refused_by=refused_by)
        Study.objects.filter(pk=study.pk).update(finished_at=at)
        assert Study.objects.filter(bulk_reanalysis.due(newer), pk=study.pk).exists() == is_due, (code, refused_by, at)


def test_a_study_deleted_meanwhile_is_told_and_holds_nobody_up(
    owner: User, newer: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysed(owner, 1)
    monkeypatch.setattr(bulk_reanalysis.time, "sleep", lambda _seconds: Study.objects.all().delete())
    assert run("--yes").startswith("0 done, 0 rejected, 0 failed, 1 deleted")


def test_only_so_many_wait_at_the_same_time(owner: User, newer: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(3):
        analysed(owner, seed)
    monkeypatch.setattr(bulk_reanalysis, "MOST_WAITING", 2)
    monkeypatch.setattr(bulk_reanalysis.time, "sleep", lambda _seconds: None)
    steps = bulk_reanalysis.reanalyse_all(iter(Study.objects.order_by("created_at")))
    assert [waiting for _change, waiting in islice(steps, 3)] == [2, 2, 2]
    assert Study.objects.pending().count() == 2


def test_it_waits_behind_people_and_one_that_a_person_asks_for_does_not(
    owner: User, newer: ModelVersion, live_redis: PrivateRedis, django_capture_on_commit_callbacks: Any
) -> None:
    first, second = analysed(owner, 1), analysed(owner, 2)
    with django_capture_on_commit_callbacks(execute=True):
        assert reanalyse(first, bulk=True)
        Study.objects.filter(pk=second.pk).update(bulk=True)  # it was imported once
        assert reanalyse(second)
    with broker() as client:
        assert [client.llen(queue.name) for queue in current_app.conf.task_queues] == [1, 1]


def test_wrong_usage_is_reported(owner: User, newer: ModelVersion) -> None:
    analysed(owner, 1)
    with pytest.raises(CommandError, match=r"Add --yes"):
        run()
    with pytest.raises(CommandError, match="is not active"):
        call_command("reanalyse", "--model", model_version().version, "--yes")
    with pytest.raises(CommandError, match="is not known here"):
        call_command("reanalyse", "--model", "8.8", "--yes")
    assert not Study.objects.pending().exists()
