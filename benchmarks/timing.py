"""Timing: medians of repeated runs, percentiles, a process's memory."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

Film = TypeVar("Film")
"""A film in whatever state a step takes it: its bytes, its pixels, the model's input."""
LAUNCHED = "BENCHMARK_LAUNCHED"
"""Environment variable: when the process that starts a measuring process did so, in seconds since the epoch."""


def since_launch() -> float:
    """Seconds since this process was launched, its imports included; NaN where nobody noted when that was."""
    return time.time() - float(os.environ.get(LAUNCHED, "nan"))


def median_ms(run: Callable[[], object], repeat: int = 15, warm: int = 2) -> float:
    """Median time of one call in milliseconds."""
    return medians_ms(run, repeat=repeat, warm=warm)[0]


def medians_ms(*runs: Callable[[], object], repeat: int = 50, warm: int = 5) -> list[float]:
    """Median time of each of these calls in milliseconds, made in turn: a machine changes its speed within a minute."""
    times: list[list[float]] = [[] for _run in runs]
    for number in range(warm + repeat):
        for run, kept in zip(runs, times, strict=True):
            start = time.perf_counter()
            run()
            if number >= warm:
                kept.append(time.perf_counter() - start)
    return [1000 * statistics.median(kept) for kept in times]


def ms_per_film(predict: Callable[[Film], object], films: Sequence[Film], passes: int = 3) -> float:
    """Milliseconds per film, one after the other: the median of several passes over all films, after one to warm up."""

    def every() -> None:
        for film in films:
            predict(film)

    return median_ms(every, passes, 1) / len(films)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0–1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def resident_mb(pid: int) -> float:
    """Resident memory of one process in MB (10⁶ bytes), from /proc.

    Raises:
        OSError: there is no such process, or no /proc.
    """
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise OSError(f"process {pid} has no resident memory")
