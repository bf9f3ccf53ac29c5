"""Intervals around measured shares and areas, for where resampling has nothing to resample."""

from __future__ import annotations

import math

Z95 = 1.959964


def wilson(hits: float, total: float) -> tuple[float, float]:
    """The 95 % score interval (Wilson 1927) of the share ``hits / total``; of nothing, from 0 to 1.

    Neither need be whole: of weighted cases, give their effective number. Unlike the textbook interval it stays inside
    0–1 and keeps its coverage with few cases and shares near the ends (Brown, Cai, DasGupta 2001).
    """
    if total == 0:
        return 0.0, 1.0
    share, spread = hits / total, Z95**2 / total
    centre = (share + spread / 2) / (1 + spread)
    half = Z95 / (1 + spread) * math.sqrt(share * (1 - share) / total + Z95**2 / (4 * total**2))
    # The ends are exact where rounding would leave 1e-17 or 0.999….
    return (0.0 if hits <= 0 else centre - half), (1.0 if hits >= total else centre + half)


def area_under_curve_interval(area: float, positives: int, negatives: int) -> tuple[float, float]:
    """The 95 % interval of an area under the ROC curve by Newcombe's fifth method (Stat Med 2006, 25:559).

    A score interval: Hanley and McNeil's variance, taken at the bound and not at the estimate. So it has a width where
    not one pair is ranked wrongly, which the bootstrap, DeLong's and Hanley and McNeil's own intervals have not.

    Args:
        area: The area found.
        positives: Independent positives (patients, where each has several films).
        negatives: Independent negatives.
    """
    if not positives or not negatives:
        return 0.0, 1.0
    extra = (positives + negatives) / 2 - 1

    def too_far(bound: float) -> bool:
        spread = 1 + extra * (1 - bound) / (2 - bound) + extra * bound / (1 + bound)
        return abs(area - bound) > Z95 * math.sqrt(bound * (1 - bound) * spread / (positives * negatives))

    def bisect(far: float) -> float:
        near = area
        for _ in range(60):
            middle = (near + far) / 2
            near, far = (near, middle) if too_far(middle) else (middle, far)
        return near

    return bisect(0.0), bisect(1.0)
