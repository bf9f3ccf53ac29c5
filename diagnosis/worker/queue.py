"""The broker as the site sees it: messages sent by a task's name, workers heard from, messages that wait."""

from __future__ import annotations

import logging
import time

import redis
from celery import current_app
from django.conf import settings
from django.utils import timezone
from kombu.exceptions import OperationalError

from diagnosis.models import Study

logger = logging.getLogger(__name__)

ANALYSE = "diagnosis.tasks.analyse"  # sent by its name, so that nothing here needs to import what runs in a worker
HEARTBEAT_SECONDS = 10.0
HEARTBEAT_TTL = 35  # seconds; three missed beats and the worker counts as gone
HEARTBEAT_PREFIX = "pneumoweb:worker:"
MOST_WAITING = 500  # studies of one import or reanalysis that wait at the same time; the rest is sent as it gets fewer
CALM_SECONDS = 0.5  # between two counts of them

# A broker that keeps a process waiting without an answer is left alone for a while: a form of fifty films waits for it
# once. One that refuses at once may be restarting, and costs nothing to try.
SLOW_SECONDS = 0.5
MUTE_SECONDS = 10.0
_mute_until = 0.0  # of this process, by time.monotonic()


def broker() -> redis.Redis:
    """A client of the broker that gives up within a second."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)


def workers() -> dict[str, str]:
    """The workers that were heard from in the last `HEARTBEAT_TTL` seconds, and the SHA-256 of the model each has
    loaded; empty where it has none or cannot know (prefork: the model is in its children).

    Raises:
        redis.RedisError: the broker does not answer.
    """
    with broker() as client:
        keys = sorted(client.scan_iter(f"{HEARTBEAT_PREFIX}*"))
        answers = client.mget(keys) if keys else []
    return {
        key.decode().removeprefix(HEARTBEAT_PREFIX): value.decode()
        for key, value in zip(keys, answers, strict=True)
        if value is not None  # it expired in between
    }


def beat(worker: str, model: str = "") -> None:
    """Say that work moves in this worker, and which model it has; holds for `HEARTBEAT_TTL` seconds.

    Raises:
        redis.RedisError: the broker does not answer, or has no room.
    """
    with broker() as client:
        client.set(f"{HEARTBEAT_PREFIX}{worker}", model, ex=HEARTBEAT_TTL)


def check_room() -> None:
    """See whether the broker still takes something.

    Raises:
        redis.OutOfMemoryError: it is full.
        redis.RedisError: it does not answer.
    """
    with broker() as client:
        client.set("pneumoweb:probe", "1", ex=60)


def forget(*gone: str) -> None:
    """Take back what these workers reported.

    Raises:
        redis.RedisError: the broker does not answer.
    """
    if gone:
        with broker() as client:
            client.delete(*(f"{HEARTBEAT_PREFIX}{worker}" for worker in gone))


def queue_length() -> int:
    """Messages that wait for a worker, people's and imports'.

    Raises:
        redis.RedisError: the broker does not answer.
    """
    with broker() as client:
        return sum(int(client.llen(queue.name)) for queue in current_app.conf.task_queues)


def send_to_worker(study: Study) -> bool:
    """Tell the workers that a study waits. The row is the truth; if the broker is down the sweeper sends it later."""
    global _mute_until
    began = time.monotonic()
    if began < _mute_until:
        logger.info("The broker did not answer a moment ago; study %s waits for the sweeper.", study.pk)
        return False
    try:
        people, imports = (queue.name for queue in current_app.conf.task_queues)
        current_app.send_task(
            ANALYSE, args=(str(study.pk),), queue=imports if study.bulk else people, ignore_result=True, retry=False
        )
    except (OperationalError, OSError) as error:
        if time.monotonic() - began > SLOW_SECONDS:
            _mute_until = time.monotonic() + MUTE_SECONDS
        logger.warning("The broker does not answer (%s); study %s waits for the sweeper.", error, study.pk)
        return False
    Study.objects.filter(pk=study.pk).update(sent_at=timezone.now())
    return True
