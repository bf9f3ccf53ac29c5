"""Drawn films, each drawn once in a process: one takes a quarter of a second, and tests want the same few."""

from __future__ import annotations

from functools import cache
from typing import Any

from numpy.typing import NDArray

from ml import phantom


@cache
def film(seed: int = 0, **options: Any) -> NDArray[Any]:
    """What :func:`ml.phantom.film` draws, shared: nobody may write on it."""
    drawn = phantom.film(seed, **options)
    drawn.flags.writeable = False
    return drawn
