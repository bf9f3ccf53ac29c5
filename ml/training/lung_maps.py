"""Where the lungs are on every film of a data set, for classifiers that learn from crops to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.evaluation.chest_mask import chest_of
from ml.inference.lungs import LungFinder
from ml.intake.radiograph import FILM_SIZE
from ml.network.lung_crop import box, soft_mask

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class LungMaps:
    """Lungs of N films.

    Attributes:
        lungs: uint8 (N, 224, 224), probability of *lung* times 255.
        chest: uint8 (N, 224, 224), 255 in the chest (lungs and what is between them, widened), soft at its edge.
        boxes: float32 (N, 4), left, top, right and bottom of the lungs as shares of the film, without a margin.
    """

    lungs: Pixels
    chest: Pixels
    boxes: NDArray[np.float32]

    def __getitem__(self, chosen: NDArray[np.int64]) -> LungMaps:
        """Those of some films."""
        return LungMaps(self.lungs[chosen], self.chest[chosen], self.boxes[chosen])


def find_lung_maps(pixels: Pixels, finder: LungFinder | None = None) -> LungMaps:
    """Find the lungs of films uint8 (N, 224, 224); where none are found, chest and box are the whole film."""
    finder = finder or LungFinder.load()
    lungs, chest = np.zeros_like(pixels), np.full_like(pixels, 255)
    boxes = np.zeros((len(pixels), 4), np.float32)
    for start in range(0, len(pixels), 64):
        found = finder.find(pixels[start : start + 64])
        edges = box(soft_mask(np.stack([one.probability for one in found])), margin=0.0)
        boxes[start : start + 64] = np.stack([np.asarray(edge) for edge in edges], axis=1)
        for place, one in enumerate(found, start):
            large = Image.fromarray(one.probability).resize((FILM_SIZE, FILM_SIZE), Image.Resampling.BILINEAR)
            lungs[place] = np.rint(np.clip(np.asarray(large), 0, 1) * 255)
            if one.found:
                chest[place] = chest_of(lungs[place] > 127)
    return LungMaps(lungs, chest, boxes)
