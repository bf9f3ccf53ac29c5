"""What a network makes of a chest's aspect ratio, which is the film's: films are made square before it sees them.

As published, films with pneumonia are wider for their height (1.51 on average) than normal ones (1.22; the full-size
copies at hand), so once squashed a normal chest is the broader one. A network can learn that in place of the lungs,
and raises false alarms wherever normal films are framed wider: with normal films alone a tenth narrower, one trained on
films as they are falls from 0.996 to 0.973 in AUC and from 97 to 78 % in specificity, its sensitivity kept, as such
networks do on the official test films (docs/experiments.md).

Written with Pillow and apart from the augmentation on purpose, as :mod:`ml.evaluation.shifts` is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ml.evaluation.shifts import reframe

NARROWER = 0.1
"""Natural logarithm of the change of aspect that :func:`narrowed` makes: about a tenth."""

Films = NDArray[np.uint8]


def narrowed(films: Films, labels: NDArray[np.int64], by: float = NARROWER) -> Films:
    """Normal films as if framed wider before they were made square; films with pneumonia as they are.

    Rows at the top and bottom are given up for it, since what lay beside a film cannot be invented.

    Args:
        films: uint8 (N, 224, 224).
        labels: (N,) of 0 and 1.
        by: Natural logarithm of the change of aspect.

    Returns:
        The same shape.
    """
    shown = films.copy()
    for i in np.flatnonzero(labels == 0):
        shown[i] = reframe(films[i], 1.0, float(np.exp(-by)))
    return shown
