"""Intervals around measured shares."""

from __future__ import annotations

from dataclasses import dataclass

from ml import wilson as wilson_interval


@dataclass(frozen=True, slots=True)
class Interval:
    """A share (0–1) with its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(hits: int, total: int) -> Interval | None:
    """The share of hits with its score interval (:func:`ml.wilson`); ``None`` of nothing."""
    return Interval(hits / total, *wilson_interval(hits, total)) if total else None
