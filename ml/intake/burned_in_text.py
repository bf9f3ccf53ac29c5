"""A cheap search for writing in the margins of a film, where names and dates get burned in.

Writing is told by its rhythm: along one row of pixels, many sharp changes between light and dark close together, and
the same in the rows above and below over the height of a letter. One side marker (L, R, even in a ring) has too few
changes; bones have no sharp ones. Nothing is recognised, so nothing that it says is known to us.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.errors import gettext_noop
from ml.intake.radiograph import Notice

_LONG_SIDE = 1000  # the film is reduced by a whole factor to about this size first
_MARGIN = 0.25  # share of the height, at the top and at the bottom, that is looked at
_STEP = 55  # grey levels over two pixels that count as a sharp change
_WINDOW = 0.22  # share of the width in which changes are counted together
_CHANGES = 10  # a ringed letter has up to 8, a word of three letters more
_ROWS, _OF_ROWS = 5, 8  # so many rows out of so many in a run

_NOTICE = Notice(
    "BURNED_IN_TEXT",
    gettext_noop("There seems to be writing in the margin of this radiograph."),
    gettext_noop("Check that it names nobody before you share or keep it."),
)


def burned_in_notice(pixels: NDArray[np.uint8]) -> Notice | None:
    """A warning when the top or bottom margin of ``(height, width)`` grey pixels seems to hold writing."""
    factor = max(1, round(max(pixels.shape) / _LONG_SIDE))
    depth = int(pixels.shape[0] * _MARGIN)
    for margin in (pixels[:depth], pixels[-depth:]):
        small = np.asarray(Image.fromarray(margin).reduce(factor)) if factor > 1 else margin
        if small.shape[0] > _OF_ROWS and small.shape[1] > 40 and _has_writing(small):
            return _NOTICE
    return None


def _has_writing(strip: NDArray[np.uint8]) -> bool:
    left, right = strip[:, :-2], strip[:, 2:]
    sharp = np.maximum(left, right) - np.minimum(left, right) > _STEP
    starts = sharp[:, 1:] & ~sharp[:, :-1]
    rows = np.flatnonzero(np.count_nonzero(starts, axis=1) >= _CHANGES)  # few or none on an ordinary film
    if rows.size < _ROWS:
        return False
    window = max(24, int(strip.shape[1] * _WINDOW))
    until = np.zeros((rows.size, starts.shape[1] + 1), np.int16)
    np.cumsum(starts[rows], axis=1, out=until[:, 1:])
    lefts = np.arange(0, max(1, starts.shape[1] - window), max(1, window // 4))
    rights = np.minimum(lefts + window, starts.shape[1])
    below = np.zeros((strip.shape[0] + 1, lefts.size), np.int16)
    below[rows + 1] = (until[:, rights] - until[:, lefts]) >= _CHANGES
    np.cumsum(below, axis=0, out=below)
    return bool(((below[_OF_ROWS:] - below[:-_OF_ROWS]) >= _ROWS).any())
