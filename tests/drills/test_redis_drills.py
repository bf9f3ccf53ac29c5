"""Redis is silent, full, emptied or gone while films come in: they wait, and are answered when it is back."""

from __future__ import annotations

import random
import signal
import time

import pytest

from tests.drills.people import Crowd, Person
from tests.drills.site import DrilledSite

pytestmark = [pytest.mark.slow, pytest.mark.drill]
RANDOM = random.Random(20261128)


def test_a_redis_that_is_silent_for_three_seconds_does_not_stop_the_worker(site: DrilledSite, person: Person) -> None:
    accepted: list[str] = []
    for _ in range(3):
        crowd = Crowd(person, presses=8)
        time.sleep(RANDOM.uniform(0.3, 1.5))
        site.signal("redis-server", signal.SIGSTOP)
        time.sleep(3)
        site.signal("redis-server", signal.SIGCONT)
        accepted += crowd.join()
        site.settle(30)
    site.audit(accepted)


def test_a_full_redis_is_reported_by_readyz_and_costs_nothing(site: DrilledSite, person: Person) -> None:
    with site.broker() as broker:
        broker.config_set("maxmemory", 1)
        crowd = Crowd(person, presses=6)
        accepted = crowd.join()
        assert site.readyz()["broker"] == "the broker is full; films wait"
        broker.config_set("maxmemory", 0)
    site.settle()
    site.audit(accepted)


def test_an_emptied_and_a_killed_redis_cost_nothing(site: DrilledSite, person: Person) -> None:
    site.signal("worker", signal.SIGSTOP)
    crowd = Crowd(person, presses=8)
    accepted = crowd.join()
    with site.broker() as broker:
        broker.flushall()
    site.signal("worker", signal.SIGCONT)
    site.settle()
    crowd = Crowd(person, presses=8)
    time.sleep(RANDOM.uniform(0.1, 1.0))
    site.signal("redis-server", signal.SIGKILL)
    accepted += crowd.join()
    site.settle()
    site.audit(accepted)
    assert len(accepted) == 2 * 8 * 3
