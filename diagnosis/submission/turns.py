"""Whose file is read now: two of one person at once, and never so many that no thread is left for pages.

Odd files are read one after the other by one process apart, for up to seconds each: without this, one person's nine
requests would hold every thread of the web server until the last is read.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_noop

from ml import IntakeError

BUSY = "BUSY"
OF_ONE_PERSON = 2
WAIT_SECONDS = 1.0
FOR_PAGES = 3  # threads that no submission takes

_turn = threading.Condition()
_reading: Counter[Any] = Counter()


@contextmanager
def turn(person: Any) -> Iterator[None]:
    """Hold a turn while one file is read.

    Args:
        person: whoever's file it is, by their number.

    Raises:
        IntakeError: there was none within `WAIT_SECONDS`.
    """
    most = max(1, settings.WEB_THREADS - FOR_PAGES)
    with _turn:
        if not _turn.wait_for(
            lambda: _reading[person] < OF_ONE_PERSON and _reading.total() < most, timeout=WAIT_SECONDS
        ):
            raise IntakeError(
                BUSY,
                gettext_noop("This file was not read yet: others are being read, and it would have had to wait."),
                gettext_noop("Nothing is wrong with it. Submit it again in a moment."),
            )
        _reading[person] += 1
    try:
        yield
    finally:
        with _turn:
            _reading[person] -= 1
            if not _reading[person]:
                del _reading[person]
            _turn.notify_all()
