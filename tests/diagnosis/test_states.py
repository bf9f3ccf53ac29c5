"""A study's states: who may move it, and that a late answer changes nothing."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diagnosis.models import ModelVersion, Prediction, State, Study
from tests.studies import analysed, model_version, predicted, submitted

pytestmark = pytest.mark.django_db
ANSWER = {**predicted(0.1, "normal"), "milliseconds": 1.0}


def test_a_new_study_waits(owner: User) -> None:
    study = submitted(owner)
    assert study.state == State.QUEUED
    assert study.is_pending
    assert study.prediction is None


def test_only_one_of_two_deliveries_gets_the_study(owner: User) -> None:
    study = submitted(owner)
    same = Study.objects.get(pk=study.pk)
    assert study.claim() == 1
    assert same.claim() is None


def test_the_answer_of_a_worker_thought_dead_is_dropped(owner: User) -> None:
    study = submitted(owner)
    zombie = study.claim()
    assert zombie is not None
    assert study.retry(zombie)
    second = study.claim()
    assert second == zombie + 1
    assert not study.complete(zombie, model_version=model_version(), **ANSWER)
    assert study.complete(second, model_version=model_version(), **ANSWER)
    assert [prediction.attempt for prediction in study.predictions.all()] == [second]


def test_releasing_for_want_of_a_model_costs_no_attempt(owner: User) -> None:
    study = submitted(owner)
    left = study.attempts_left
    attempt = study.claim()
    assert attempt is not None
    assert study.release(attempt, "MODEL_UNAVAILABLE", "No model.")
    assert study.state == State.QUEUED
    assert study.attempts_left == left


def test_a_study_is_not_claimed_beyond_its_attempts(owner: User) -> None:
    study = submitted(owner)
    Study.objects.filter(pk=study.pk).update(attempts_left=0)
    assert study.claim() is None


def test_analysing_again_keeps_what_was_stated_before(owner: User) -> None:
    study = analysed(owner)
    assert study.reanalyse()
    assert study.prediction is None, "an answer is shown only while it is the current one"
    attempt = study.claim()
    assert attempt is not None
    assert study.complete(attempt, model_version=model_version(), **ANSWER)
    assert study.predictions.count() == 2
    assert study.prediction is not None
    assert study.prediction.finding == "normal"


def test_a_waiting_study_cannot_be_analysed_again(owner: User) -> None:
    assert not submitted(owner).reanalyse()


@pytest.mark.parametrize("probability", [0.0, 1.0, 1.2, -0.1])
def test_the_database_refuses_certainty(owner: User, probability: float) -> None:
    study = analysed(owner)
    with pytest.raises(IntegrityError), transaction.atomic():
        Prediction.objects.filter(study=study).update(probability=probability)


@pytest.mark.parametrize(
    "change", [{"state": "lost"}, {"state": "done"}, {"state": "running"}, {"width": 0}, {"owner": None}]
)
def test_the_database_refuses_impossible_studies(owner: User, change: dict[str, object]) -> None:
    study = submitted(owner)
    with pytest.raises(IntegrityError), transaction.atomic():
        Study.objects.filter(pk=study.pk).update(**change)


def test_a_rejection_without_a_reason_is_impossible(owner: User) -> None:
    study = submitted(owner)
    attempt = study.claim()
    assert attempt is not None
    with pytest.raises(IntegrityError), transaction.atomic():
        study.reject(attempt, "", "")


def test_only_one_model_version_is_active() -> None:
    first = ModelVersion.objects.create(sha256="a" * 64, version="1", card={}, active=True)
    second = ModelVersion.objects.create(sha256="b" * 64, version="2", card={})
    with pytest.raises(IntegrityError), transaction.atomic():
        ModelVersion.objects.filter(pk=second.pk).update(active=True)
    second.activate()
    first.refresh_from_db()
    assert not first.active


def test_who_has_waited_a_minute_is_told_that_nothing_is_lost(owner: User, owner_client: Client) -> None:
    study = submitted(owner)
    assert "appears here within seconds" in owner_client.get(study.get_absolute_url()).text
    Study.objects.filter(pk=study.pk).update(queued_at=timezone.now() - dt.timedelta(minutes=2))
    for page in (study.get_absolute_url(), reverse("study_status", args=[study.pk])):
        assert "longer than usual" in owner_client.get(page).text
