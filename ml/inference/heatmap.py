"""Heat maps at film resolution.

The map itself comes with the prediction, from the same forward pass
(:meth:`ml.inference.cards.population_card.PopulationCard.heat`). How far one may trust it is measured by
``python -m ml.evaluate`` (:mod:`ml.evaluation.heatmap_checks`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def upsample(heatmap: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    """Spread a low-resolution map over the whole film it was made from.

    Args:
        heatmap: (h, w) in [0, 1].
        width: Width of the film in pixels.
        height: Height of the film in pixels.

    Returns:
        (height, width) float32 in [0, 1], bicubic between the centres of the map's cells.
    """
    picture = Image.fromarray(np.ascontiguousarray(heatmap, np.float32))
    spread: NDArray[np.float32] = np.clip(np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC)), 0, 1)
    return spread
