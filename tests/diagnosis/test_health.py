"""/healthz, /readyz and /metrics: what a machine that looks after the site is told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from diagnosis import health
from diagnosis.models import ModelVersion, Study
from diagnosis.server.private_redis import PrivateRedis
from diagnosis.worker import queue
from tests.studies import submitted


def test_a_living_process_says_ok_to_anyone_without_touching_the_database() -> None:
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_without_a_broker_the_site_is_not_ready_and_says_what_is_missing(settings: Any, tmp_path: Any) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    report = answer.json()
    assert report["ready"] is False
    assert report["database"] == "ok"
    assert "broker does not answer" in report["broker"]
    assert report["worker"].startswith("unknown")


@pytest.mark.django_db
def test_what_is_missing_is_logged_once_as_a_warning(
    settings: Any, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    Client().get("/readyz")
    (line,) = caplog.records
    assert (line.levelname, line.name) == ("WARNING", "diagnosis.health")
    assert line.getMessage().startswith("Not ready: broker: ")


@pytest.mark.django_db
def test_a_broker_without_a_worker_is_not_ready_until_one_was_heard_from(live_redis: PrivateRedis) -> None:
    assert "no worker" in Client().get("/readyz").json()["worker"]
    queue.beat("worker@here")
    report = Client().get("/readyz").json()
    assert (report["broker"], report["worker"]) == ("ok", "ok")
    assert queue.workers() == {"worker@here": ""}
    queue.forget("worker@here")
    assert queue.workers() == {}


@pytest.mark.django_db
def test_a_worker_with_another_model_than_the_active_one_is_not_ready(live_redis: PrivateRedis) -> None:
    version = ModelVersion.objects.create(sha256="a" * 64, version="1", card={})
    version.activate()
    queue.beat("worker@here", "b" * 64)
    assert "another model than the active one" in Client().get("/readyz").json()["worker"]
    queue.beat("worker@here", "a" * 64)
    assert Client().get("/readyz").json()["worker"] == "ok"


def test_a_film_that_has_waited_too_long_makes_the_site_not_ready(owner: User, live_redis: PrivateRedis) -> None:
    study = submitted(owner)
    assert Client().get("/readyz").json()["waiting"] == "ok"
    for late, output in ((301, "has waited longest has done so for 301 s"), (-3600, "ok")):
        Study.objects.filter(pk=study.pk).update(queued_at=timezone.now() - dt.timedelta(seconds=late))
        assert output in Client().get("/readyz").json()["waiting"]


@pytest.mark.django_db
def test_a_full_broker_is_not_ready(live_redis: PrivateRedis) -> None:
    with live_redis.client() as client:
        client.config_set("maxmemory", 1)
        try:
            assert Client().get("/readyz").json()["broker"] == "the broker is full; films wait"
        finally:
            client.config_set("maxmemory", 0)


@pytest.mark.django_db
def test_strangers_are_told_which_part_is_at_fault_and_no_more(settings: Any, tmp_path: Any) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    answer = Client(REMOTE_ADDR="203.0.113.7").get("/readyz")
    assert (answer.status_code, answer.json()["broker"]) == (503, "not ok")
    assert str(tmp_path) not in answer.content.decode()


@pytest.mark.django_db
def test_a_missing_model_makes_the_site_not_ready(monkeypatch: pytest.MonkeyPatch, live_redis: PrivateRedis) -> None:
    from ml import ArtifactMissing

    def missing() -> None:
        raise ArtifactMissing("card.json is missing.")

    monkeypatch.setattr(health, "shipped_card", missing)
    assert Client().get("/readyz").json()["model"] == "card.json is missing."


@pytest.mark.django_db
def test_metrics_count_what_waits(live_redis: PrivateRedis) -> None:
    with live_redis.client() as client:
        client.rpush("pneumoweb", "{}", "{}")
    lines = Client().get("/metrics").content.decode().splitlines()
    assert 'pneumoweb_studies{state="queued"} 0' in lines
    assert "pneumoweb_queue_length 2" in lines
    assert "pneumoweb_broker_up 1" in lines


@pytest.mark.django_db
def test_metrics_outlive_the_broker(settings: Any, tmp_path: Any) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    assert b"pneumoweb_broker_up 0" in Client().get("/metrics").content


def test_metrics_are_nobody_elses_business(settings: Any, db: None) -> None:
    assert Client(REMOTE_ADDR="203.0.113.7").get("/metrics").status_code == 404
    settings.TRUST_PROXY = 1  # behind a proxy every request seems to come from this machine
    assert Client().get("/metrics").status_code == 404


def test_who_holds_the_token_reads_metrics_from_anywhere(settings: Any, live_redis: PrivateRedis, owner: User) -> None:
    settings.METRICS_TOKEN = "let me in"
    far = Client(REMOTE_ADDR="203.0.113.7")
    assert far.get("/metrics", headers={"authorization": "Bearer let me in"}).status_code == 200
    assert far.get("/metrics", headers={"authorization": "Bearer guess"}).status_code == 404
    assert Client().get("/metrics").status_code == 404
