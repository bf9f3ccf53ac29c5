"""/healthz, /readyz and /metrics: what a machine that looks after the site is told."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from diagnosis import health
from diagnosis.server.private_redis import PrivateRedis
from diagnosis.worker import queue


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
def test_a_broker_without_a_worker_is_not_ready_until_one_was_heard_from(live_redis: PrivateRedis) -> None:
    assert "no worker" in Client().get("/readyz").json()["worker"]
    queue.beat("worker@here")
    report = Client().get("/readyz").json()
    assert (report["broker"], report["worker"]) == ("ok", "ok")
    assert queue.workers() == ["worker@here"]
    queue.forget("worker@here")
    assert queue.workers() == []


@pytest.mark.django_db
def test_a_missing_model_makes_the_site_not_ready(monkeypatch: pytest.MonkeyPatch, live_redis: PrivateRedis) -> None:
    from ml import ArtifactMissing

    def missing() -> None:
        raise ArtifactMissing("card.json is missing.")

    monkeypatch.setattr(health, "load_card", missing)
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
