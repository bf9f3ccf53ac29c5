"""What the lungs on a film tell the image check, for a film in a frame and against a film that cuts them off.

Two whole lungs speak for a film that the rules on pixels take for a page or a screen. A film inside a grey or broad
frame, as some machines export it, looks to those rules like a screenshot. Where the image check's network is sure that
it is a frontal film, and two whole lungs are on it, that is believed. For what the network itself refuses they do not
speak: they were as often on photographs and screenshots of films.

Lungs that end at the film's edge are cut off, and what is cut off is not in the answer. The network refuses a film only
when about half of the chest is missing. These limits were set on whole films and on films cut at one edge, of
validation patients. Figures of both: docs/experiments.md.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ml.errors import Refusal, gettext_noop
from ml.inference.gate.rules import refusal
from ml.inference.lungs import Lungs
from ml.intake.read import Notice

LEAST_FRONTAL, LEAST_UPRIGHT, MOST_INVERTED = 0.95, 0.99, 0.1
LEAST_WHOLE_LUNG = 0.03
"""Share of the film that each of the two lungs covers at least."""
LEAST_EDGE = 0.03
"""Share of the film's width or height between a lung and the film's edge: nothing of it is cut off."""
LEAST_OVERLAP = 0.7
"""Share of the taller lung's height at which both stand beside each other."""
LEAST_CERTAIN, MOST_BLURRED = 0.93, 0.5
"""Mean probability inside the lungs, and the area of doubtful places over theirs."""

MOST_AT_EDGE = 0.25
"""Share of the lungs' width or height that may lie at the film's left, right or lower edge."""
MOST_AT_TOP = 0.5
"""The same at the upper edge, which trims the apices of many a film that is otherwise whole."""
LEAST_LUNG = 0.004
"""Share of the film that a part has to cover to count as a lung."""
LEAST_OTHER_LUNG = 0.4
"""Area of the smaller lung over the larger one's below which one of them counts as missing."""

LUNGS_CUT_OFF = Notice(
    "LUNGS_CUT_OFF",
    gettext_noop("A part of the lungs seems to lie outside this radiograph."),
    gettext_noop("What is not on it is not in the answer. Submit the whole radiograph if there is one."),
)


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
    lines = lungs.outlines(LEAST_WHOLE_LUNG)
    if len(lines) != 2:
        return False
    # Both arrays have a row for each lung, of (x, y).
    lowest, highest = np.stack([line.min(axis=0) for line in lines]), np.stack([line.max(axis=0) for line in lines])
    if min(lowest.min(), (1 - highest).min()) < LEAST_EDGE:
        return False
    tops, bottoms = lowest[:, 1], highest[:, 1]
    if bottoms.min() - tops.max() < LEAST_OVERLAP * (bottoms - tops).max():
        return False
    doubtful = (lungs.probability > 0.1) & (lungs.probability < 0.9)
    certain = float(lungs.probability[lungs.mask].mean())
    return certain >= LEAST_CERTAIN and float(doubtful.sum() / lungs.mask.sum()) <= MOST_BLURRED


def cut_off(lungs: Lungs) -> bool:
    """Whether the film's edge cuts off more of the lungs than a film that is whole has at its edge."""
    inside = lungs.mask
    if not lungs.found:
        return False
    height, width = np.ptp(np.flatnonzero(inside.any(1))) + 1, np.ptp(np.flatnonzero(inside.any(0))) + 1
    left, right = inside[:, 0].sum() / height, inside[:, -1].sum() / height
    top, bottom = inside[0].sum() / width, inside[-1].sum() / width
    return bool(max(left, right, bottom) > MOST_AT_EDGE or top > MOST_AT_TOP)


def one_missing(lungs: Lungs) -> bool:
    """Whether one lung alone was found, or little of the other."""
    larger, smaller, *_ = [*lungs.areas(LEAST_LUNG), 0.0, 0.0]
    return smaller < LEAST_OTHER_LUNG * larger


def remark_on(lungs: Lungs | None) -> Refusal | Notice | None:
    """What to say of a film's lungs: nothing, a warning, or that it is refused because a lung is not on it.

    One lung alone on a film that cuts off nothing is no reason: the other one may be white with disease.
    """
    if lungs is None or not cut_off(lungs):
        return None
    return refusal("CROPPED") if one_missing(lungs) else LUNGS_CUT_OFF
