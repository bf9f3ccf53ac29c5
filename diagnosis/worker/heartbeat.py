"""A worker's sign of life: a key in the broker that expires unless it is renewed. /readyz and /metrics look for it.

It says that work moves, and which model is loaded. Celery's own ping costs a second of waiting for every question; this
costs one SET every ten seconds, and a broker that was emptied hears of every worker again at the next beat.
"""

from __future__ import annotations

import contextlib
import logging
from typing import Any

import redis
from celery import bootsteps

from diagnosis.worker import queue
from diagnosis.worker.model_registry import loaded_model
from diagnosis.worker.watchdog import watchdog

logger = logging.getLogger(__name__)


class Heartbeat(bootsteps.StartStopStep):  # type: ignore[misc]  # celery is not typed
    """Beats from the consumer's timer: only a worker that is connected and takes messages is heard."""

    requires = {"celery.worker.consumer.tasks:Tasks"}  # noqa: RUF012  (celery's way to order its steps)

    def __init__(self, parent: Any, **options: Any) -> None:
        self.timer: Any = None
        super().__init__(parent, **options)

    def start(self, parent: Any) -> None:
        """First beat, then one every HEARTBEAT_SECONDS; called again after each reconnection."""

        def beat() -> None:
            if watchdog.strikes > 1:
                logger.warning("Messages wait and none is taken; no heartbeat.")
                return
            try:
                queue.beat(parent.hostname, loaded_model())
            except redis.RedisError as error:
                logger.warning("The broker does not take the heartbeat: %s", error)

        beat()
        self.timer = parent.timer.call_repeatedly(queue.HEARTBEAT_SECONDS, beat)

    def stop(self, parent: Any) -> None:
        """No more beats, and none that outlives its worker; without a broker the key goes by itself."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        with contextlib.suppress(redis.RedisError):
            queue.forget(parent.hostname)
