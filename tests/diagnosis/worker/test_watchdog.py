"""A worker in which work has stopped ends itself, and is started again; one that works is left alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from diagnosis.worker.watchdog import GRACE_SECONDS, STRIKES, Watchdog


def active(name: str, limit: float | None = None) -> Any:
    """What Celery knows of a task in hand."""
    return SimpleNamespace(id=name, task=SimpleNamespace(time_limit=limit))


@pytest.fixture
def dog() -> Watchdog:
    return Watchdog()


def test_a_task_older_than_its_limit_is_complained_of(dog: Watchdog, settings: Any) -> None:
    settings.TASK_TIME_LIMIT = 60
    assert dog.overdue([active("a"), active("slow", 3600)], 100.0) is None
    late = 100.0 + 60 + GRACE_SECONDS + 1
    assert dog.overdue([active("slow", 3600), active("b")], late) is None, "each has its own limit, and its own start"
    assert dog.overdue([active("b")], late + 60 + GRACE_SECONDS + 1) is not None


def test_messages_that_wait_while_none_is_taken_are_complained_of_in_the_end(dog: Watchdog) -> None:
    assert dog.idle(waiting=5, taken=10, busy=False) is None, "it has taken ten"
    output = [dog.idle(waiting=5, taken=10, busy=False) for _ in range(STRIKES)]
    assert output[:-1] == [None] * (STRIKES - 1)
    assert output[-1] is not None
    assert "5 messages wait" in output[-1]


@pytest.mark.parametrize(
    ("waiting", "taken", "busy"), [(0, 10, False), (5, 11, False), (5, 10, True)], ids=["empty", "took", "at work"]
)
def test_a_worker_that_moves_is_left_alone(dog: Watchdog, waiting: int, taken: int, busy: bool) -> None:
    for _ in range(STRIKES):
        dog.idle(waiting=5, taken=10, busy=False)
    assert dog.idle(waiting, taken, busy) is None
    assert dog.strikes == 0
