"""What the lungs on a film tell the image check: that a part of them lies outside the film, or one of the two.

Its network refuses a film only when about half of the chest is missing. Where the lungs end at the film's edge they are
cut off, and what is cut off is not in the answer. The limits were set on whole films and on films cut at one edge, of
validation patients; figures of others: docs/experiments.md.
"""

from __future__ import annotations

import numpy as np

from ml.errors import Refusal, gettext_noop
from ml.inference.gate_rules import refusal
from ml.inference.lungs import Lungs
from ml.intake.read import Notice

MOST_AT_EDGE = 0.25
"""Share of the lungs' width or height that may lie at the film's left, right or lower edge."""
MOST_AT_TOP = 0.5
"""The same at the upper edge, which trims the apices of many a film that is otherwise whole."""
LEAST_PART = 0.004
"""Share of the film that a part has to cover to count as a lung."""
LEAST_OTHER = 0.4
"""Area of the smaller lung over the larger one's below which one of them counts as missing."""

LUNGS_CUT_OFF = Notice(
    "LUNGS_CUT_OFF",
    gettext_noop("A part of the lungs seems to lie outside this radiograph."),
    gettext_noop("What is not on it is not in the answer. Submit the whole radiograph if there is one."),
)


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
    larger, smaller, *_ = [*lungs.areas(LEAST_PART), 0.0, 0.0]
    return smaller < LEAST_OTHER * larger


def remark(lungs: Lungs | None) -> Refusal | Notice | None:
    """What to say of a film's lungs: nothing, a warning, or that it is refused because a lung is not on it.

    One lung alone on a film that cuts off nothing is no reason: the other one may be white with disease.
    """
    if lungs is None or not cut_off(lungs):
        return None
    return refusal("CROPPED") if one_missing(lungs) else LUNGS_CUT_OFF
