"""What the lungs say for a film that the rules on pixels take for a page or a screen: two whole ones speak for it.

A film inside a grey or broad frame, as some machines export it, looks to those rules like a screenshot. Where the image
check's network is sure that it is a frontal film, and two whole lungs are on it, that is believed. For what the network
itself refuses they do not speak: they were as often on photographs and screenshots of films. Figures:
docs/experiments.md.
"""

from __future__ import annotations

from collections.abc import Mapping

from ml.inference.lungs import Lungs

LEAST_FRONTAL, LEAST_UPRIGHT, MOST_INVERTED = 0.95, 0.99, 0.1
LEAST_PART = 0.03
"""Share of the film that each of the two lungs covers at least."""
LEAST_EDGE = 0.03
"""Share of the film's width or height between a lung and the film's edge: nothing of it is cut off."""
LEAST_OVERLAP = 0.7
"""Share of the taller lung's height at which both stand beside each other."""
LEAST_CERTAIN, MOST_BLURRED = 0.93, 0.5
"""Mean probability inside the lungs, and the area of doubtful places over theirs."""


def may_speak(scores: Mapping[str, float], unlike: float) -> bool:
    """Whether the network is sure enough of a film for its lungs to be asked for.

    Args:
        scores: What the network measured.
        unlike: The distance from which a film counts as unlike those of the training.
    """
    return (
        scores.get("frontal", 0.0) >= LEAST_FRONTAL
        and scores.get("upright", 0.0) >= LEAST_UPRIGHT
        and scores.get("inverted", 1.0) <= MOST_INVERTED
        and scores.get("novelty", unlike + 1) <= unlike
    )


def two_whole_lungs(lungs: Lungs) -> bool:
    """Whether there are two lungs beside each other, clear-cut, and nothing of them is cut off by the film's edge."""
    lines = lungs.outlines(LEAST_PART)
    if len(lines) != 2:
        return False
    low, high = (lines[0].min(axis=0), lines[1].min(axis=0)), (lines[0].max(axis=0), lines[1].max(axis=0))
    if min(*low[0], *low[1], *(1 - high[0]), *(1 - high[1])) < LEAST_EDGE:
        return False
    together = min(high[0][1], high[1][1]) - max(low[0][1], low[1][1])
    if together < LEAST_OVERLAP * max(high[0][1] - low[0][1], high[1][1] - low[1][1]):
        return False
    doubtful = (lungs.probability > 0.1) & (lungs.probability < 0.9)
    certain = float(lungs.probability[lungs.mask].mean())
    return certain >= LEAST_CERTAIN and float(doubtful.sum() / lungs.mask.sum()) <= MOST_BLURRED
