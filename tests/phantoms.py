"""Drawn films, each drawn once in a process: one takes a quarter of a second, and tests want the same few."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml import phantom


@cache
def film(seed: int = 0, **options: Any) -> NDArray[Any]:
    """What :func:`ml.phantom.film` draws, shared: nobody may write on it."""
    drawn = phantom.film(seed, **options)
    drawn.flags.writeable = False
    return drawn


def another(number: int, **options: Any) -> NDArray[np.uint8]:
    """A film for each number: one of four drawings, with the number in four pixels of a corner.

    Nobody sees it, but no two of them are the same film to the site.
    """
    numbered = film(number % 4, **options).astype(np.uint8)
    numbered[0, :4] = np.frombuffer(number.to_bytes(4, "big"), np.uint8)
    return numbered
