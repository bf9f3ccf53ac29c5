"""The database says who waits; whatever the broker lost is sent again. A real Redis plays the broker."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from diagnosis.models import State, Study
from diagnosis.server.private_redis import PrivateRedis
from diagnosis.worker.queue import broker, queue_length
from diagnosis.worker.sweeper import sweep
from tests.studies import submitted

pytestmark = pytest.mark.django_db
LATER = dt.timedelta(minutes=2)


def test_a_study_that_was_never_sent_is_sent(owner: User, live_redis: PrivateRedis) -> None:
    study = submitted(owner)  # the test's transaction does not commit, so nothing was sent
    assert study.sent_at is None
    assert sweep()["sent"] == 1
    assert queue_length() == 1
    study.refresh_from_db()
    assert study.sent_at is not None


def test_what_was_just_sent_is_not_sent_twice(owner: User, live_redis: PrivateRedis) -> None:
    submitted(owner)
    sweep()
    assert sweep()["sent"] == 0


def test_ten_waiting_studies_survive_an_emptied_redis(owner: User, live_redis: PrivateRedis) -> None:
    for seed in range(10):
        submitted(owner, seed)
    assert sweep()["sent"] == 10
    with broker() as client:
        client.flushall()
    assert sweep(timezone.now() + LATER)["sent"] == 10
    assert queue_length() == 10


def test_a_long_queue_is_not_flooded(owner: User, live_redis: PrivateRedis) -> None:
    submitted(owner)
    sweep()
    assert sweep(timezone.now() + LATER)["sent"] == 0, "its message still waits in the queue"


def test_a_study_whose_worker_vanished_is_taken_back(owner: User, live_redis: PrivateRedis) -> None:
    study = submitted(owner)
    study.claim()
    assert sweep()["taken_back"] == 0, "it may still be running"
    counts = sweep(timezone.now() + LATER)
    assert counts == {"taken_back": 1, "given_up": 0, "sent": 1}


def test_a_film_that_kills_every_worker_is_given_up_and_says_so(owner: User, live_redis: PrivateRedis) -> None:
    study = submitted(owner)
    Study.objects.filter(pk=study.pk).update(attempts_left=1)
    study.refresh_from_db()
    study.claim()
    assert sweep(timezone.now() + LATER)["given_up"] == 1
    study.refresh_from_db()
    assert (study.state, study.reason_code) == (State.FAILED, "GAVE_UP")
    assert study.reason


def test_a_broker_that_is_down_is_no_error(owner: User) -> None:
    submitted(owner)
    assert sweep()["sent"] == 0


def test_a_clock_that_was_set_back_keeps_nobody_waiting(owner: User, live_redis: PrivateRedis) -> None:
    waiting, running = submitted(owner, 1), submitted(owner, 2)
    running.claim()
    ahead = timezone.now() + dt.timedelta(hours=2)
    Study.objects.filter(pk=waiting.pk).update(sent_at=ahead)
    Study.objects.filter(pk=running.pk).update(started_at=ahead)
    assert sweep() == {"taken_back": 1, "given_up": 0, "sent": 2}
