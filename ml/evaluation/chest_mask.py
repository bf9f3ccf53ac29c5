"""Lungs and chest of films: as the lung finder sees them on each, and rough outlines where that is not asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from ml.inference.lungs import LungFinder
from ml.intake.read import FILM_SIZE

# Drawn by hand around the lungs in the mean of the normal training films, apex to diaphragm, as shares of width and
# height. The left one includes the lung behind the heart. Right for no single child, and good enough to ask whether
# maps lie on lungs or on letters, shoulders and tubes.
RIGHT_LUNG = ((0.42, 0.18), (0.34, 0.24), (0.24, 0.42), (0.14, 0.77), (0.28, 0.73), (0.41, 0.75), (0.43, 0.50))


LEFT_LUNG = ((0.58, 0.18), (0.66, 0.26), (0.76, 0.45), (0.88, 0.82), (0.76, 0.77), (0.58, 0.76), (0.56, 0.50))


# The same outer edge, across the middle too: opacities beside the heart and at the hila lie over the mediastinum.
CHEST = (*RIGHT_LUNG[:4], (0.28, 0.78), (0.50, 0.80), *LEFT_LUNG[4:2:-1], *LEFT_LUNG[2::-1])


def rough_lungs() -> NDArray[np.bool_]:
    """The rough lung mask, (224, 224)."""
    return _inside(RIGHT_LUNG, LEFT_LUNG)


def rough_chest() -> NDArray[np.bool_]:
    """Lungs and what lies between them, (224, 224)."""
    return _inside(CHEST)


def _inside(*outlines: Sequence[tuple[float, float]]) -> NDArray[np.bool_]:
    picture = Image.new("L", (FILM_SIZE, FILM_SIZE))
    for outline in outlines:
        ImageDraw.Draw(picture).polygon([(x * FILM_SIZE, y * FILM_SIZE) for x, y in outline], fill=1)
    return np.asarray(picture) > 0


def found_lungs(films: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(n, 224, 224): inside the lungs, as the committed lung finder sees them; the whole film where it finds none."""
    inside = np.ones(films.shape, bool)
    for place, lungs in enumerate(LungFinder.load().find(films)):
        if lungs.found:
            large = Image.fromarray(lungs.probability).resize((FILM_SIZE, FILM_SIZE), Image.Resampling.BILINEAR)
            inside[place] = np.asarray(large) > 0.5
    return inside


def chest_of(inside: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """(224, 224): 255 between the outermost places of the lungs in each row, widened by 5 pixels, its edge softened."""
    filled = np.zeros(inside.shape, np.uint8)
    for row in np.flatnonzero(inside.any(axis=1)):
        places = np.flatnonzero(inside[row])
        filled[row, places[0] : places[-1] + 1] = 255
    wide = Image.fromarray(filled).filter(ImageFilter.MaxFilter(11)).filter(ImageFilter.GaussianBlur(4))
    return np.asarray(wide, np.uint8)
