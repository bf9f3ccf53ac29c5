"""Where the lungs are on every film of a data set, for classifiers that learn from crops to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.evaluation.chest_mask import chest_of
from ml.inference.lungs import LungFinder
from ml.intake.radiograph import FILM_SIZE
from ml.network.lung_classifier import EDGE, counted
from ml.network.lung_crop import box, soft_mask

Pixels = NDArray[np.uint8]
_WIDEN = 9
"""Pixels of a crop by which lungs are widened for pooling, so that their borders count."""


@dataclass(frozen=True, slots=True, eq=False)
class LungMaps:
    """Lungs of N films.

    Attributes:
        lungs: uint8 (N, 224, 224), probability of *lung* times 255; with ``narrow`` what each place counts, as served.
        chest: uint8 (N, 224, 224), 255 in the chest (lungs and what is between them, widened), soft at its edge.
        boxes: float32 (N, 4), left, top, right and bottom of the lungs as shares of the film, without a margin.
        widen: Pixels of a crop by which lungs are widened for pooling; 1 leaves them as they are.
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
        inner = counted(mask, EDGE) if narrow else [one.probability for one in found]
        for place, (one, counts) in enumerate(zip(found, inner, strict=True), start):
            if one.found:
                chest[place] = chest_of(_large(one.probability) > 127)
            lungs[place] = _large(np.asarray(counts))
    return LungMaps(lungs, chest, boxes, 1 if narrow else _WIDEN)


def _large(cells: NDArray[np.float32]) -> Pixels:
    """Cells 0..1 of the lung finder → (224, 224), 0..255."""
    large = Image.fromarray(cells).resize((FILM_SIZE, FILM_SIZE), Image.Resampling.BILINEAR)
    grey: Pixels = np.rint(np.clip(np.asarray(large), 0, 1) * 255).astype(np.uint8)
    return grey
