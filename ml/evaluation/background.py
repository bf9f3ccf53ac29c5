"""What a network makes of a film's background: arms, neck, belly, borders; all that is not chest.

In these films the background alone tells the classes apart (how a child was held, how widely the film was framed, how
old the child is), so a network can learn them in place of the lungs, and validation films of the same source will
praise it for that. Two questions find it out: what does the network predict for a chest on the background of a film of
the other class, and what for a background whose chest has been taken out? After Xiao et al., *Noise or
Signal: The Role of Image Backgrounds in Object Recognition* (2021). Two more ask the same of the lungs themselves: what
is predicted for lungs alone, and what for heart, diaphragm and chest wall around lungs that show nothing?

Written with Pillow and NumPy and apart from the augmentation on purpose, as :mod:`ml.evaluation.shifts` is.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from ml.evaluation.chest_mask import chest_of, rough_chest

Films = NDArray[np.uint8]
GROW = 8
"""Pixels of 224 by which the rough chest is widened, since no outline fits every child."""


@cache
def chest_share() -> NDArray[np.float32]:
    """(224, 224): 1 in the chest, 0 far from it, and a soft edge of about 12 pixels between."""
    outline = Image.fromarray(rough_chest().astype(np.uint8) * 255)
    wide = outline.filter(ImageFilter.MaxFilter(2 * GROW + 1)).filter(ImageFilter.GaussianBlur(6))
    return np.asarray(wide, np.float32) / np.float32(255)


def own_chests(lungs: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Lungs (N, 224, 224) of films → (N, 224, 224): 1 in each film's own chest, 0 far from it, softly between."""
    return np.stack([chest_of(inside) for inside in lungs]).astype(np.float32) / np.float32(255)


def exchanged(films: Films, labels: NDArray[np.int64], seed: int, chests: NDArray[np.float32] | None = None) -> Films:
    """Each film's chest on the background of a film of the other class, drawn for it.

    Args:
        films: uint8 (N, 224, 224).
        labels: (N,) of 0 and 1; both must be there.
        seed: Of the draw.
        chests: (N, 224, 224), how far each place is chest, by :func:`own_chests`; without them one rough outline.

    Returns:
        The same shape; a film keeps its label, since its chest is its own.
    """
    rng, share = np.random.default_rng(seed), chest_share() if chests is None else chests
    others = [np.flatnonzero(labels != label) for label in (0, 1)]
    donors = films[[rng.choice(others[label]) for label in labels]]
    joined: Films = np.rint(share * films + (1 - share) * donors).astype(np.uint8)
    return joined


def without_chest(films: Films, chests: NDArray[np.float32] | None = None) -> Films:
    """Each film with its chest replaced by one level, the mean of its background: nothing of the lungs is left.

    Args:
        films: uint8 (N, 224, 224).
        chests: As for :func:`exchanged`.
    """
    share = np.broadcast_to(chest_share() if chests is None else chests, films.shape)
    return _levelled(films, share, 1 - share)


def lungs_alone(films: Films, lungs: NDArray[np.bool_]) -> Films:
    """Each film with one level of grey in place of all that is not lung: the mean of that.

    Args:
        films: uint8 (N, 224, 224).
        lungs: (N, 224, 224), the lungs of each film.
    """
    rest = 1 - _softly(lungs)
    return _levelled(films, rest, rest)


def lungs_emptied(films: Films, lungs: NDArray[np.bool_]) -> Films:
    """Each film with its lungs filled with one level of grey, their mean: their outline is left, and what is around.

    Args:
        films: uint8 (N, 224, 224).
        lungs: (N, 224, 224), the lungs of each film.
    """
    soft = _softly(lungs)
    return _levelled(films, soft, soft)


def _softly(lungs: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(N, 224, 224): 1 in the lungs, 0 elsewhere, with an edge of some pixels between."""
    soft = [Image.fromarray(one.astype(np.uint8) * 255).filter(ImageFilter.GaussianBlur(2)) for one in lungs]
    return np.stack([np.asarray(one, np.float32) for one in soft]) / np.float32(255)


def _levelled(films: Films, gone: NDArray[np.float32], level: NDArray[np.float32]) -> Films:
    """Films with one grey in place of what is ``gone``, in shares of 1: their mean over ``level``, likewise."""
    mean = (films * level).sum(axis=(1, 2), keepdims=True) / np.maximum(level.sum(axis=(1, 2), keepdims=True), 1.0)
    changed: Films = np.rint(gone * mean + (1 - gone) * films).astype(np.uint8)
    return changed
