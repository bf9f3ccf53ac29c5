"""Intervals around measured shares."""

from __future__ import annotations

import math

Z95 = 1.959964


def wilson(hits: int, total: int) -> tuple[float, float]:
    """The 95 % score interval (Wilson 1927) of the share ``hits / total``; of nothing, from 0 to 1.

    Unlike the textbook interval it stays inside 0–1 and keeps its coverage with few cases and shares near the ends
    (Brown, Cai, DasGupta 2001).
    """
    if total == 0:
        return 0.0, 1.0
    share, spread = hits / total, Z95**2 / total
    centre = (share + spread / 2) / (1 + spread)
    half = Z95 / (1 + spread) * math.sqrt(share * (1 - share) / total + Z95**2 / (4 * total**2))
    # The ends are exact where rounding would leave 1e-17 or 0.999….
    return (0.0 if hits == 0 else centre - half), (1.0 if hits == total else centre + half)
