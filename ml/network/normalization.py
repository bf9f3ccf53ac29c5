"""The two ways in which both networks see a film: against the whole of it, and against what lies around each place.

The first standardises the film as a whole. The second standardises each place within a neighbourhood of three cells,
so that slow shading and much of the tone curve drop out. A mean over neighbourhoods is linear and the same along rows
and columns, so it is written as a product of matrices, ``E · (P · X · Pᵀ) · Eᵀ``: P averages over cells and their
neighbours, E enlarges again. For films of one channel that takes a tenth of the time of pooling and resizing layers
(docs/performance.md), and no weights depend on the size.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def pooling_matrix(size: int, cell: int) -> NDArray[np.float32]:
    """(size / cell, size): the mean over a cell and its neighbours, at the border over those that are there.

    Args:
        size: In pixels, a multiple of ``cell``.
        cell: Size of a cell, in pixels.
    """
    cells = size // cell
    means = np.kron(np.eye(cells), np.full((1, cell), 1 / cell))
    near = np.abs(np.subtract.outer(np.arange(cells), np.arange(cells))) <= 1
    smooth = near / near.sum(axis=1, keepdims=True)
    return np.asarray(smooth @ means, np.float32)


def enlarging_matrix(size: int, cell: int) -> NDArray[np.float32]:
    """(size, size / cell): linear interpolation between the middles of cells, constant beyond the outer ones.

    Args:
        size: In pixels, a multiple of ``cell``.
        cell: Size of a cell, in pixels.
    """
    cells = size // cell
    place = np.clip((np.arange(size) + 0.5) / cell - 0.5, 0, cells - 1)
    return np.asarray(np.maximum(0, 1 - np.abs(place[:, None] - np.arange(cells))), np.float32)


def softening_matrix(size: int, sigma: float) -> NDArray[np.float32]:
    """(size, size): a Gaussian blur along one axis, at the border over what is there.

    Args:
        size: In pixels.
        sigma: Standard deviation, in pixels; with 0 nothing is changed.
    """
    if sigma == 0:
        return np.eye(size, dtype=np.float32)
    away = np.subtract.outer(np.arange(size), np.arange(size))
    kernel = np.exp(-0.5 * (away / sigma) ** 2) * (np.abs(away) <= 4 * sigma)
    return np.asarray(kernel / kernel.sum(axis=1, keepdims=True), np.float32)


def views(film: Any, view: str = "both", cell: int = 16) -> Any:
    """Standardise films as a part of a Keras network.

    Args:
        film: Keras tensor (N, S, S, 1), grey 0..255, float32; S is a multiple of ``cell``.
        view: ``"film"``, ``"local"`` or ``"both"``.
        cell: A third of a neighbourhood's size, in pixels.

    Returns:
        float32 Keras tensor (N, S, S, 1), or (N, S, S, 2) for both views. float32 whatever the policy: a film's
        variance does not survive bfloat16's eight bits.
    """
    from keras import layers, ops

    size = film.shape[1]
    pool, enlarge = pooling_matrix(size, cell), enlarging_matrix(size, cell)

    def around(x: Any) -> Any:
        cells = ops.matmul(ops.matmul(pool, x), pool.T)
        return ops.matmul(ops.matmul(enlarge, cells), enlarge.T)

    # Without the channel axis the runtime's kernels work along rows instead of along an axis of length one.
    grey = layers.Reshape((size, size), dtype="float32")(film)
    centred = ops.subtract(grey, ops.mean(grey, axis=(1, 2), keepdims=True))
    spread = ops.mean(ops.square(centred), axis=(1, 2), keepdims=True)
    whole = ops.multiply(centred, ops.rsqrt(ops.add(spread, 1.0)))
    if view == "film":
        return ops.expand_dims(whole, -1)
    detail = ops.subtract(whole, around(whole))
    # The constant keeps empty background from being blown up into noise.
    local = ops.multiply(detail, ops.rsqrt(ops.add(around(ops.square(detail)), 0.02)))
    # Plane upon plane, then turned: so a first convolution of the runtime takes the planes as they are.
    planes = [local] if view == "local" else [whole, local]
    return ops.transpose(ops.stack(planes, axis=1), (0, 2, 3, 1))
