"""The thread of a worker that sends webhooks' messages; there is none where the site has webhooks switched off."""

from __future__ import annotations

import logging
import threading
from typing import Any

from celery import bootsteps
from django.conf import settings
from django.db import close_old_connections

logger = logging.getLogger(__name__)

REST_SECONDS = 1.0


class Sender(bootsteps.StartStopStep):  # type: ignore[misc]  # celery is not typed
    """Starts the thread before the worker takes its first message; several workers share the work by claims."""

    requires = {"celery.worker.components:Pool"}  # noqa: RUF012  (celery's way to order its steps)

    def __init__(self, worker: Any, **options: Any) -> None:
        self.ended = threading.Event()
        super().__init__(worker, **options)

    def start(self, worker: Any) -> None:
        """Called once."""
        if settings.WEBHOOKS != "off":
            threading.Thread(target=self._work, name="webhooks", daemon=True).start()

    def stop(self, worker: Any) -> None:
        """Nothing more is begun while the worker takes its leave."""
        self.ended.set()

    close = terminate = stop

    def _work(self) -> None:
        from diagnosis.webhooks.deliver import deliver_due  # what encrypts and posts takes 8 MB

        while not self.ended.wait(REST_SECONDS):
            try:
                close_old_connections()
                while deliver_due() and not self.ended.is_set():
                    pass
            except Exception:
                logger.exception("Sending webhooks' messages did not get through; the next pass tries again.")
