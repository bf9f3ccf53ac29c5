"""Where the lungs are on every film of a data set, for classifiers that learn from crops to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.evaluation.chest_mask import chest_of
from ml.inference.lungs import LungFinder
from ml.intake.radiograph import FILM_SIZE
from ml.network.lung_classifier import EDGE, pooling_mask
from ml.network.lung_crop import box, soft_mask

Pixels = NDArray[np.uint8]
_WIDEN = 9
"""Side, in pixels of a crop, of the window by which lungs are widened for pooling, so that their borders count."""


@dataclass(frozen=True, slots=True, eq=False)
class LungMaps:
    """Lungs of N films.

    Attributes:
        lungs: uint8 (N, 224, 224), probability of *lung* times 255; with ``narrow`` what each place counts, as served.
        chest: uint8 (N, 224, 224), 255 in the chest (lungs and what is between them, widened), soft at its edge.
        boxes: float32 (N, 4), left, top, right and bottom of the lungs as shares of the film, without a margin.
        widen: Side, in pixels of a crop, of the window by which they are widened for pooling; 1 widens nothing.
    """

    lungs: Pixels
    chest: Pixels
    boxes: NDArray[np.float32]
    widen: int = _WIDEN

    def __getitem__(self, chosen: NDArray[np.int64]) -> LungMaps:
        """Those of some films."""
        return LungMaps(self.lungs[chosen], self.chest[chosen], self.boxes[chosen], self.widen)


def find_lung_maps(pixels: Pixels, finder: LungFinder | None = None, *, narrow: bool = False) -> LungMaps:
    """Find the lungs of films; where none are found, chest and box are the whole film.

    Args:
        pixels: uint8 (N, 224, 224).
        finder: Finds them; by itself the published one.
        narrow: Count for pooling what counts as served, the lungs less their edge, and not the lungs widened.
    """
    finder = finder or LungFinder.load()
    lungs, chest = np.zeros_like(pixels), np.full_like(pixels, 255)
    boxes = np.zeros((len(pixels), 4), np.float32)
    for start in range(0, len(pixels), 64):
        found = finder.find(pixels[start : start + 64])
        mask = soft_mask(np.stack([one.probability for one in found]))
        boxes[start : start + 64] = np.stack([np.asarray(edge) for edge in box(mask, margin=0.0)], axis=1)
        inner = np.asarray(pooling_mask(mask, EDGE)) if narrow else None
        for i, one in enumerate(found):
            large = _enlarged(one.probability)
            lungs[start + i] = large if inner is None else _enlarged(inner[i])
            if one.found:
                chest[start + i] = chest_of(large > 127)
    return LungMaps(lungs, chest, boxes, 1 if narrow else _WIDEN)


def _enlarged(cells: NDArray[np.float32]) -> Pixels:
    """Cells (h, w) in 0..1 of the lung finder → uint8 (224, 224)."""
    large = Image.fromarray(cells).resize((FILM_SIZE, FILM_SIZE), Image.Resampling.BILINEAR)
    grey: Pixels = np.rint(np.clip(np.asarray(large), 0, 1) * 255).astype(np.uint8)
    return grey
