"""Celery's way to Redis without two faults of kombu 5.7 that stop a worker for good.

- kombu counts a message as held until its acknowledgement got through. One that fails, because the broker was silent
  for a moment, is counted for ever, and a worker that may hold one message never takes another (celery #8030, #8091,
  #8990, #10302). Here the worker lets go of it all the same. The broker keeps the message and delivers it again after
  the visibility timeout; the claim of a study is conditional, so a second delivery does nothing.
- A message that cannot be decoded ends the worker, and each next one that meets it. Here it is dropped and logged:
  the database knows who waits.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from queue import Empty
from typing import Any

from kombu.transport import redis

logger = logging.getLogger(__name__)


class QoS(redis.QoS):  # type: ignore[misc]  # kombu is not typed
    """What this worker holds."""

    def ack(self, delivery_tag: str) -> None:
        """Done with it: tell the broker, and let go whether it has heard or not."""
        try:
            super().ack(delivery_tag)
        finally:
            self._quick_ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Will not do it: as above."""
        try:
            super().reject(delivery_tag, requeue=requeue)
        finally:
            self._quick_ack(delivery_tag)


class Channel(redis.Channel):  # type: ignore[misc]
    """Takes messages; those that make no sense are dropped."""

    QoS = QoS

    def basic_consume(
        self, queue: str, no_ack: bool, callback: Callable[[Any], Any], consumer_tag: str, **options: Any
    ) -> None:
        """As kombu's; what ``callback`` cannot make sense of is rejected instead of raised."""

        def taken(message: Any) -> Any:
            try:
                return callback(message)
            except Exception as error:
                if self._is_passing(error):
                    raise
                _say_dropped(queue)
                if not message.acknowledged:
                    message.reject_log_error(logger, self.connection_errors)
                return None

        super().basic_consume(queue, no_ack, taken, consumer_tag, **options)

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)
        except Exception as error:
            if self._is_passing(error):
                raise
            _say_dropped("the queue")  # it has been popped already: not JSON, or without what every message has
            return True

    def _is_passing(self, error: Exception) -> bool:
        """Whether it is the connection that failed, or the message that was not there, rather than its sense."""
        if isinstance(error, KeyError):  # one of kombu's connection errors, and what a message without a key raises
            return False
        return isinstance(error, (Empty, *self.connection_errors, *self.connection.channel_errors))


def _say_dropped(queue: str) -> None:
    logger.critical("A message in %s makes no sense and was dropped.", queue, exc_info=True)


class Transport(redis.Transport):  # type: ignore[misc]
    """kombu's Redis with the channel above; pneumoweb/celery.py puts it in the place of kombu's."""

    Channel = Channel
