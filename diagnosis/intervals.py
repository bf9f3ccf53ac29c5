"""Intervals around measured shares."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z95 = 1.959964


@dataclass(frozen=True, slots=True)
class Interval:
    """A share (0–1) with its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(hits: int, total: int) -> Interval | None:
    """The share of hits with Wilson's score interval (1927); ``None`` of nothing.

    Unlike the textbook interval it stays inside 0–1 and keeps its coverage with few cases and shares near the ends
    (Brown, Cai, DasGupta 2001).
    """
    if total == 0:
        return None
    share = hits / total
    spread = Z95**2 / total
    centre = (share + spread / 2) / (1 + spread)
    half = Z95 / (1 + spread) * math.sqrt(share * (1 - share) / total + Z95**2 / (4 * total**2))
    return Interval(share, max(0.0, centre - half), min(1.0, centre + half))
