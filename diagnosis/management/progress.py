"""How far a long command is: a bar, a rate, and about how long it still takes."""

from __future__ import annotations

import time

from django.core.management.base import OutputWrapper

SAY_EVERY = 1.0  # seconds
WIDTH = 24  # of the bar, characters


class Progress:
    """Says it at most once a second: on one line of a terminal, on a line of its own anywhere else."""

    def __init__(self, out: OutputWrapper, total: int) -> None:
        self.out, self.total = out, total
        self._began = time.monotonic()
        self._printed = 0.0

    def say(self, done: int, waiting: int) -> None:
        """So many are done, and so many wait for a worker."""
        now = time.monotonic()
        if now - self._printed < SAY_EVERY and done < self.total:
            return
        self._printed = now
        rate = done / max(now - self._began, 1e-3)
        minutes = f"{(self.total - done) / rate / 60:.0f} min left" if rate else "nothing yet"
        full = WIDTH * done // self.total
        text = f"{'█' * full}{'░' * (WIDTH - full)} {done} of {self.total}, {rate:.0f} a second, {minutes}, "
        self.out.write(f"{text}{waiting} waiting", ending="\r" if self.out.isatty() and done < self.total else "\n")
