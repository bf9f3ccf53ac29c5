"""Ends a worker in which work has stopped, so that whoever supervises it starts it again.

A thread cannot be interrupted, so an analysis that hangs would hold its worker for ever; and a consumer that takes no
messages looks like one that has nothing to do. Both are seen from outside the pool, by a monotonic clock.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Iterable
from typing import Any

import redis
from billiard import active_children
from celery import bootsteps
from celery.worker import state
from celery.worker.request import Request
from django.conf import settings
from django.db import close_old_connections

from diagnosis.worker import ENDED_ITSELF, queue
from diagnosis.worker.model_registry import room
from diagnosis.worker.sweeper import sweep
from ml import ArtifactError

logger = logging.getLogger(__name__)

GRACE_SECONDS = 5.0  # the prefork pool ends a task at its limit by itself, and is given the time
STRIKES = 3
CHECK_SECONDS = 1.0


class Watchdog:
    """Remembers since when tasks are active, and at how many looks at the queue messages waited and none was taken."""

    def __init__(self) -> None:
        self.strikes = 0
        self._since: dict[str, float] = {}
        self._taken = 0

    def overdue(self, active: Iterable[Request], now: float) -> str | None:
        """The complaint about a task that runs for longer than its limit."""
        limits = {task.id: task.task.time_limit or settings.TASK_TIME_LIMIT for task in active}
        self._since = {name: self._since.get(name, now) for name in limits}
        for name, since in self._since.items():
            if now - since > limits[name] + GRACE_SECONDS:
                return f"a task has run for {now - since:.0f} s; its limit is {limits[name]} s"
        return None

    def idle(self, waiting: int, taken: int, busy: bool) -> str | None:
        """The complaint about messages that wait while none is taken, at `STRIKES` looks in a row.

        Args:
            waiting: messages in the queue.
            taken: how many this worker has taken since it started.
            busy: whether it has a task in hand.
        """
        moved, self._taken = taken != self._taken or busy, taken
        self.strikes = 0 if moved or not waiting else self.strikes + 1
        if self.strikes < STRIKES:
            return None
        return f"{waiting} messages wait and none was taken for {STRIKES * settings.SWEEP_SECONDS} s"


watchdog = Watchdog()


class Watch(bootsteps.StartStopStep):  # type: ignore[misc]  # celery is not typed
    """Starts two threads before the worker takes its first message: one sweeps, the other watches."""

    requires = {"celery.worker.components:Pool"}  # noqa: RUF012  (celery's way to order its steps)

    def __init__(self, worker: Any, **options: Any) -> None:
        self.ended = threading.Event()
        super().__init__(worker, **options)

    def start(self, worker: Any) -> None:
        """Called once: unlike the consumer's steps, the worker's do not start again after a reconnection."""
        for what, name in ((self._sweep, "sweeper"), (self._watch, "watchdog")):
            threading.Thread(target=what, args=(worker,), name=name, daemon=True).start()

    def stop(self, worker: Any) -> None:
        """No sweep and no complaint while the worker takes its leave."""
        self.ended.set()

    close = terminate = stop

    def _sweep(self, worker: Any) -> None:
        """Outside the pool: a sweep that waited behind films would come too late to give a lost one back."""
        while not self.ended.is_set():
            try:
                close_old_connections()
                sweep()
                if settings.WORKER_POOL != "prefork":  # there the model is the children's, who see for themselves
                    room.refresh()
            except ArtifactError as error:
                logger.error("No model, so no results: %s", error)
            except Exception:
                logger.exception("The sweep did not get through; the next one tries again.")
            self.ended.wait(settings.SWEEP_SECONDS)

    def _watch(self, worker: Any) -> None:
        next_count = time.monotonic() + settings.SWEEP_SECONDS
        while not self.ended.wait(CHECK_SECONDS):
            now = time.monotonic()
            complaint = None
            with contextlib.suppress(RuntimeError):  # the set changed while it was copied
                complaint = watchdog.overdue(list(state.active_requests), now)
            if now >= next_count:
                next_count = now + settings.SWEEP_SECONDS
                with contextlib.suppress(redis.RedisError):  # no broker, so nothing to take
                    taken = state.all_total_count[0]
                    complaint = complaint or watchdog.idle(queue.queue_length(), taken, bool(state.active_requests))
            if complaint is not None and not self.ended.is_set():
                end(worker.hostname, complaint)


def end(hostname: str, complaint: str) -> None:
    """End this process at once, children included: an orderly end would wait for what hangs."""
    logger.critical("This worker ends itself: %s.", complaint)
    with contextlib.suppress(redis.RedisError):
        queue.forget(hostname)
    for child in active_children():
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)
    logging.shutdown()
    os._exit(ENDED_ITSELF)
