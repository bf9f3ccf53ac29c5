"""A broker that takes connections and never answers: whoever submits many films waits for it once."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from diagnosis.models import State, Study
from diagnosis.server.private_redis import PrivateRedis
from diagnosis.worker import queue
from diagnosis.worker.queue import queue_length
from diagnosis.worker.sweeper import sweep
from tests.conftest import use_broker
from tests.studies import drawn_film

pytestmark = pytest.mark.django_db
ANSWER_SECONDS = 0.7  # instead of the site's 2; longer than SLOW_SECONDS


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """A mute broker; gives how many connections were made to it since the last look."""
    monkeypatch.setattr(queue, "_mute_until", 0.0)
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        server.setblocking(False)
        taken: list[socket.socket] = []

        def since() -> int:
            before = len(taken)
            try:
                while True:
                    taken.append(server.accept()[0])
            except BlockingIOError:
                return len(taken) - before

        with use_broker(f"redis://127.0.0.1:{server.getsockname()[1]}/0", socket_timeout=ANSWER_SECONDS):
            yield since
        for connection in taken:
            connection.close()


@pytest.fixture
def press(owner_client: Client, django_capture_on_commit_callbacks: Any) -> Callable[..., None]:
    """Submits films in one form, one for each of the given seeds; what waits for a commit happens."""

    def pressed(*seeds: int) -> None:
        files = [SimpleUploadedFile(f"{seed}.png", drawn_film(seed)) for seed in seeds]
        with django_capture_on_commit_callbacks(execute=True):
            owner_client.post(reverse("study_new"), {"films": files, "intended_use": "on"})

    return pressed


def sent() -> int:
    """How many studies the workers were told of; all of them wait."""
    assert not Study.objects.exclude(state=State.QUEUED).exists()
    return Study.objects.exclude(sent_at=None).count()


def test_a_form_of_many_films_waits_once(
    asked: Callable[[], int], press: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    press(1, 2, 3)
    form = asked()
    press(4)
    assert asked() == 0, "a moment later nobody waits again"
    monkeypatch.setattr(queue, "_mute_until", time.monotonic())
    press(5)
    assert asked() == form > 0, "as often for one film as for three"
    assert (Study.objects.count(), sent()) == (5, 0)


def test_the_sweeper_sends_them_when_the_broker_is_back(
    press: Callable[..., None], live_redis: PrivateRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "_mute_until", time.monotonic() + 60)
    press(1, 2)
    assert sent() == 0
    monkeypatch.setattr(queue, "_mute_until", time.monotonic())
    assert sweep()["sent"] == sent() == queue_length() == 2


def test_a_broker_that_refuses_at_once_is_tried_once_more_at_once(
    press: Callable[..., None], redis_server: PrivateRedis
) -> None:
    press(1)
    assert sent() == 0
    with use_broker(f"redis+socket://{redis_server.socket}"):
        press(2)
    assert sent() == 1
