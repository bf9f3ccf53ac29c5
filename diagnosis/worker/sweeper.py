"""Whatever the broker loses, this finds again: the database says who waits, and the sweeper sends them.

Runs every ``SWEEP_SECONDS`` in a thread of each worker, beside its pool (diagnosis/worker/watchdog.py). Sending twice
costs nothing (the claim is conditional), but sending everything every time would flood a long queue, hence the question
after its length. A time in the future was written before the clock was set back, and counts as long ago.
"""

from __future__ import annotations

import datetime as dt
import logging

import redis
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from diagnosis.models import State, Study
from diagnosis.worker import analysis
from diagnosis.worker.queue import queue_length, send_to_worker

logger = logging.getLogger(__name__)

# With messages still in the queue a waiting study is most likely behind them; only after this long is it sent again.
PATIENCE = dt.timedelta(minutes=10)
RESEND_AFTER = dt.timedelta(seconds=5)  # with the queue empty, the message of a waiting study is lost
BATCH = 500  # per sweep, so that one sweep stays short
SKEW = dt.timedelta(seconds=5)  # by which the clocks of two machines may differ


def sweep(now: dt.datetime | None = None) -> dict[str, int]:
    """One pass.

    Returns:
        How many studies were ``taken_back``, ``given_up`` and ``sent``.
    """
    now = now or timezone.now()
    counts = {"taken_back": 0, "given_up": 0, "sent": 0}
    limit = dt.timedelta(seconds=settings.TASK_TIME_LIMIT)
    lost = Study.objects.filter(Q(started_at__lt=now - limit) | Q(started_at__gt=now + SKEW), state=State.RUNNING)
    for study in lost.order_by("created_at")[:BATCH]:
        if study.attempts_left:
            counts["taken_back"] += study.retry(study.attempt)
        else:
            counts["given_up"] += study.fail(study.attempt, *analysis.GAVE_UP)
    try:
        patience = RESEND_AFTER if queue_length() == 0 else PATIENCE
    except redis.RedisError as error:
        logger.warning("The broker does not answer (%s); waiting studies are sent later.", error)
        return counts
    due = Q(sent_at=None) | Q(sent_at__lt=now - patience) | Q(sent_at__gt=now + SKEW)
    for study in Study.objects.filter(due, state=State.QUEUED).order_by("bulk", "created_at")[:BATCH]:
        if not send_to_worker(study):
            break
        counts["sent"] += 1
    if any(counts.values()):
        logger.info("Sweep: %s.", ", ".join(f"{number} {what.replace('_', ' ')}" for what, number in counts.items()))
    return counts
