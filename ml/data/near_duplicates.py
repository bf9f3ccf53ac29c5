"""Films that are the same picture, saved twice or slightly changed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ml.data.dataset import Film


def _signatures(pixels: NDArray[np.uint8], size: int) -> NDArray[np.float32]:
    """(N, size²) unit vectors: films averaged down to ``size``, mean taken off."""
    n, full, _ = pixels.shape
    step = full // size
    small = pixels[:, : size * step, : size * step].reshape(n, size, step, size, step).mean(axis=(2, 4))
    flat = small.reshape(n, -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    unit: NDArray[np.float32] = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
    return unit


def _details_agree(pair: NDArray[np.uint8], alike: float = 0.95) -> bool:
    """Whether two films (2, H, H) correlate in what is finer than 1/14 of their width."""
    fine = _signatures(pair, 112).reshape(2, 14, 8, 14, 8)
    detail = (fine - fine.mean(axis=(2, 4), keepdims=True)).reshape(2, -1)
    return bool(detail[0] @ detail[1] > alike * np.linalg.norm(detail[0]) * np.linalg.norm(detail[1]))


def find_near_duplicates(
    films: Sequence[Film], pixels: NDArray[np.uint8], alike: float = 0.985
) -> list[tuple[str, str]]:
    """Pairs of films that are the same picture, saved twice or slightly changed.

    Compared as 32×32 averages by correlation. On the paediatric films the copies lie above 0.999 and the most alike
    films of different patients at 0.967, so the bar stands between. What passes must also agree in its details (what
    is left of 112×112 averages after their 14×14 averages are taken off): two children may be built alike, but they do
    not have the same ribs.

    Args:
        films: N films.
        pixels: uint8 (N, H, H), H at least 32.
        alike: Correlation from which two films count as one.
    """
    signatures = _signatures(pixels, 32)
    pairs = []
    for start in range(0, len(films), 1024):
        rows, columns = np.nonzero(signatures[start : start + 1024] @ signatures.T > alike)
        pairs += [
            (start + int(i), int(j))
            for i, j in zip(rows, columns, strict=True)
            if start + i < j and _details_agree(pixels[[start + i, j]])
        ]
    return [(films[i].file, films[j].file) for i, j in pairs]
