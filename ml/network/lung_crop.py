"""From a film and its lungs to the crop a classifier works on, as operations of a Keras graph.

Framing, aspect ratio and background tell the classes apart in these data, and networks fall for it. A crop to the
lungs' box, squashed to a square, takes all three away; pooled over the lungs alone, the heat map shows, place for
place, what the logit is the sum of. Everything here is continuous in the lungs' probabilities (no
threshold decides), so the exported network agrees with Keras, and everything is a product of matrices with linear
interpolation in them, so the network runs on any runtime.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MARGIN = 0.10
"""Share of the box's own size that is added at each edge."""

TAIL = 0.005
"""Share of the lungs' area that may lie beyond each edge of the box."""

FEWEST = (0.02, 0.04)
"""Shares of the film: with fewer lungs than the first the whole film is taken, from the second on the lungs' box."""


def soft_mask(probability: Any) -> Any:
    """(N, h, w) probabilities of *lung* → the same, doubt narrowed to 0.3..0.7; all ones where there are no lungs."""
    from keras import ops

    mask = ops.clip((probability - 0.3) / 0.4, 0.0, 1.0)
    area = ops.mean(mask, axis=(1, 2), keepdims=True)
    found = ops.clip((area - FEWEST[0]) / (FEWEST[1] - FEWEST[0]), 0.0, 1.0)
    return found * mask + (1 - found)


def narrowed(mask: Any, width: int) -> Any:
    """(N, h, w) → the same less half of ``width`` (odd) cells at each edge of the lungs, the film's edge too.

    First down, then across; the line along which nothing is compared stands where channels stand, so that the runtime
    takes 16 places at a time.
    """
    from keras import layers, ops

    reach = width // 2
    x = -ops.pad(mask, ((0, 0), (reach, reach), (reach, reach)))
    for way in ("down", "across"):
        pool = layers.MaxPooling2D((width, 1), strides=1, name=f"narrow_{way}")
        x = ops.transpose(ops.squeeze(pool(ops.expand_dims(x, 2)), 2), (0, 2, 1))
    return -x


def _edges(mask: Any, axis: int) -> tuple[Any, Any]:
    """Where the lungs begin and end along an axis, (N,) each, as shares of the film."""
    from keras import ops

    size = mask.shape[3 - axis]
    line = ops.sum(mask, axis=axis)
    share = ops.cumsum(line, axis=1) / ops.sum(line, axis=1, keepdims=True)
    before = share - line / ops.sum(line, axis=1, keepdims=True)

    def reach(level: float) -> Any:
        cells = ops.clip((level - before) / (share - before + 1e-6), 0.0, 1.0)
        return ops.sum(cells, axis=1) / size

    return reach(TAIL), reach(1 - TAIL)


def box(mask: Any, margin: float = MARGIN) -> tuple[Any, Any, Any, Any]:
    """Left, top, right, bottom of the lungs with a margin, (N,) each, as shares of the film; may reach over it."""
    left, right = _edges(mask, 1)
    top, bottom = _edges(mask, 2)
    across, down = margin * (right - left), margin * (bottom - top)
    return left - across, top - down, right + across, bottom + down


def sampling(low: Any, high: Any, size: int, among: int, *, hold: bool = False) -> Any:
    """Linear interpolation at the middles of ``size`` equal steps from ``low`` to ``high`` on a line of cells.

    Args:
        low, high: (N,) shares of the line.
        size: Number of places.
        among: Number of cells.
        hold: Beyond the line's ends give the outer cell instead of nothing.

    Returns:
        (N, size, among) matrices.
    """
    from keras import ops

    steps = (np.arange(size, dtype=np.float32) + 0.5) / size
    place = (low[:, None] + (high - low)[:, None] * steps[None]) * among - 0.5
    if hold:
        place = ops.clip(place, 0.0, among - 1.0)
    cells = np.arange(among, dtype=np.float32)
    return ops.relu(1.0 - ops.abs(place[..., None] - cells))


def crop(film: Any, edges: tuple[Any, Any, Any, Any], size: int, blur: NDArray[np.float32] | None = None) -> Any:
    """(N, H, W) → (N, size, size): the box of each film, black where it reaches over the film.

    Args:
        film: Grey.
        edges: By :func:`box`.
        size: Side of the crop.
        blur: A blur of the film along one axis, (H, H), to be done along both before.
    """
    from keras import ops

    left, top, right, bottom = edges
    rows = sampling(top, bottom, size, film.shape[1])
    columns = sampling(left, right, size, film.shape[2])
    if blur is not None:
        rows, columns = ops.matmul(rows, blur), ops.matmul(columns, blur)
    return ops.matmul(ops.matmul(rows, film), ops.transpose(columns, (0, 2, 1)))


def onto_film(features: Any, edges: tuple[Any, Any, Any, Any], grid: int) -> Any:
    """(N, h, w, C) features of a crop → (N, grid, grid, C) on the whole film, outer features held beyond the crop."""
    from keras import ops

    left, top, right, bottom = edges

    def back(low: Any, high: Any, cells: int) -> Any:
        # The film's line as seen from the crop's: its ends lie at these shares of the crop.
        return sampling(-low / (high - low), (1 - low) / (high - low), grid, cells, hold=True)

    rows, columns = back(top, bottom, features.shape[1]), back(left, right, features.shape[2])
    channels_first = ops.transpose(features, (0, 3, 1, 2))
    spread = ops.matmul(ops.matmul(rows[:, None], channels_first), ops.transpose(columns, (0, 2, 1))[:, None])
    return ops.transpose(spread, (0, 2, 3, 1))
