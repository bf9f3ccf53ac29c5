"""Which pixels lie beside the film: those of the padding value that reach in from the corners of the picture.

A value that stands for "no film here" occurs on the film as well (white is a favourite), and there it is picture. What
lies beside a film, itself a rectangle however turned, holds a corner of the picture, or most of an edge; a white spine
that runs to the lower edge does neither.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.intake.dicom.header import number_of

Dataset = Any  # pydicom.Dataset
Mask = NDArray[np.bool_]

_MAX_SWEEPS = 12  # two are enough for frames and turned films; each costs a pass over the rows
_MIN_FILM = 0.02  # share of the picture that must be left, or the value is a mistake


def beside_film(data: Dataset, values: NDArray[Any], bits: int, signed: bool) -> Mask | None:
    """``(rows, columns)``, True beside the film; ``None`` when there is no such place."""
    first = number_of(data, "PixelPaddingValue")
    if first is None:
        return None
    last = number_of(data, "PixelPaddingRangeLimit")
    ends = [_as_stored(value, bits, signed) for value in (first, first if last is None else last)]
    padding = (values >= min(ends)) & (values <= max(ends))
    beside = _from_corners(padding)
    share = float(np.count_nonzero(beside)) / beside.size
    return beside if 0 < share < 1 - _MIN_FILM else None


def _as_stored(value: float, bits: int, signed: bool) -> float:
    """A padding value written with the wrong sign means the same bits."""
    if signed and value >= 2 ** (bits - 1):
        return value - float(2 ** (16 if value >= 2**bits else bits))
    return value + 65536.0 if not signed and value < 0 else value


def _from_corners(padding: Mask) -> Mask:
    """The parts of ``padding`` that hold a corner or most of an edge, by sweeps down and up until nothing is added."""
    reached = np.zeros_like(padding)
    for row in (0, -1):
        reached[row] = _along_edge(padding[row])
    for column in (0, -1):
        reached[:, column] |= _along_edge(padding[:, column])
    if not reached.any():
        return reached
    rows = padding.shape[0]
    known = 0
    for sweep in range(_MAX_SWEEPS):
        above = reached[0] if sweep % 2 == 0 else reached[-1]
        for row in range(rows) if sweep % 2 == 0 else range(rows - 1, -1, -1):
            here = padding[row]
            above = _along(here, (reached[row] | above) & here)
            reached[row] = above
        now = int(np.count_nonzero(reached))
        if now == known:
            break
        known = now
    return reached


def _along_edge(edge: Mask) -> Mask:
    """The runs of one edge that hold a corner or are longer than half of it."""
    run = np.cumsum(~edge)
    lengths = np.bincount(run[edge], minlength=int(run[-1]) + 1)
    seeds = edge & (lengths[run] * 2 > edge.size)
    seeds[[0, -1]] |= edge[[0, -1]]
    return seeds


def _along(inside: Mask, seeds: Mask) -> Mask:
    """Every run of ``inside`` in one row that holds a seed."""
    if not seeds.any():
        return seeds
    run = np.cumsum(~inside)  # the same number all along a run, and on the gap before it
    hit = np.zeros(int(run[-1]) + 1, dtype=np.bool_)
    hit[run[seeds]] = True
    return np.asarray(hit[run] & inside)
