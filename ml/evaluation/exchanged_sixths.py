"""Does the heat lie where the disease is? A sixth of a normal film's lungs is exchanged for that of an ill one.

Where the answer then rises, it rose for that sixth, so that is where the heat should lie (a pointing game, after Zhang
et al. 2018, *Top-down Neural Attention by Excitation Backprop*, IJCV 126:1084, without outlines that people drew). It
is no measure of real films: what is exchanged has borders, and disease seldom fills a sixth.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from ml.evaluation.chest_mask import found_lungs
from ml.evaluation.heatmap_checks import FAINTEST, Films, Predict
from ml.inference.heatmap import upsample
from ml.intake.read import FILM_SIZE

RISE = 1.0
"""Log-odds by which the answer has to rise for an exchange to count."""

_SMALLEST = 0.05
"""Share of the film that lungs have to cover to be cut in six."""

Box = tuple[int, int, int, int]
"""First row, row after the last, first column, column after the last."""


def sixths(lungs: NDArray[np.bool_]) -> list[Box]:
    """The upper, middle and lower third of the lungs' height, each left and right of the film's middle line.

    That line is where least lung is in the middle third of their width, the middle of such columns.

    Args:
        lungs: (h, w), at least one place of it lung.
    """
    rows, columns = np.flatnonzero(lungs.any(axis=1)), np.flatnonzero(lungs.any(axis=0))
    first, end = int(columns[0]), int(columns[-1]) + 1
    third = (end - first) // 3
    between = lungs.sum(axis=0)[first + third : end - third]
    middle = first + third + int(np.median(np.flatnonzero(between == between.min())))
    cuts = [round(cut) for cut in np.linspace(rows[0], rows[-1] + 1, 4)]
    return [
        (top, bottom, left, right) for top, bottom in pairwise(cuts) for left, right in ((first, middle), (middle, end))
    ]


def _exchange(
    film: Films, lungs: NDArray[np.bool_], donor: Films, donor_lungs: NDArray[np.bool_], sixth: int
) -> tuple[Films, NDArray[np.bool_]]:
    """The film with that sixth of the donor's lungs in its own, in its own tone; and which places these are."""
    top, bottom, left, right = sixths(lungs)[sixth]
    upper, lower, start, end = sixths(donor_lungs)[sixth]
    theirs = Image.fromarray(donor).resize(
        (right - left, bottom - top), Image.Resampling.BILINEAR, box=(start, upper, end, lower)
    )
    own, other = film[lungs].astype(float), donor[donor_lungs].astype(float)
    joined = film.astype(float)
    joined[top:bottom, left:right] = (np.asarray(theirs, float) - other.mean()) / max(other.std(), 1.0) * own.std()
    joined[top:bottom, left:right] += own.mean()
    places = np.zeros(lungs.shape, bool)
    places[top:bottom, left:right] = lungs[top:bottom, left:right]
    soft = Image.fromarray(places.astype(np.uint8) * 255).filter(ImageFilter.GaussianBlur(3))
    share = np.asarray(soft, float) / 255
    return np.clip(np.rint(share * joined + (1 - share) * film), 0, 255).astype(np.uint8), places


def exchanged_sixths(normal: Films, ill: Films, predict: Predict, seed: int) -> dict[str, float]:
    """Exchange each sixth of every normal film's lungs in turn for that of some film with pneumonia.

    Args:
        normal: (n, 224, 224), films without pneumonia.
        ill: (m, 224, 224), films with pneumonia that the network found.
        predict: The network.
        seed: Of the draw of an ill film for each exchange.

    Returns:
        ``exchanges``, ``raised``: how many there were, and how many raised the log-odds by :data:`RISE` and showed
        heat. Where any did: the mean share of the heat in the exchanged sixth (``share_in_it``), the share in which the
        hottest place lies in it (``hottest_place_in_it``), and the sixth's mean share of the lungs, which is what
        chance gives (``by_chance``).
    """
    normal_lungs, ill_lungs = found_lungs(normal), found_lungs(ill)
    hosts, donors = (
        np.flatnonzero((share > _SMALLEST) & (share < 1.0))
        for share in (normal_lungs.mean(axis=(1, 2)), ill_lungs.mean(axis=(1, 2)))
    )
    if not len(hosts) or not len(donors):
        return {"exchanges": 0.0, "raised": 0.0}
    before, _maps = predict(normal[hosts])
    random = np.random.default_rng(seed)
    shares, hottest, chances = [], [], []
    for sixth in range(6):
        drawn = random.choice(donors, len(hosts))
        pairs = [
            _exchange(normal[host], normal_lungs[host], ill[donor], ill_lungs[donor], sixth)
            for host, donor in zip(hosts, drawn, strict=True)
        ]
        after, maps = predict(np.stack([film for film, _places in pairs]))
        for host, (_film, places), rise, heat in zip(hosts, pairs, after - before, maps, strict=True):
            large = upsample(heat, FILM_SIZE, FILM_SIZE)
            if rise >= RISE and large.max() >= FAINTEST:
                shares.append(float(large[places].sum() / large.sum()))
                hottest.append(float(places[large == large.max()].mean()))
                chances.append(float(places.sum() / normal_lungs[host].sum()))
    found = {"exchanges": 6.0 * len(hosts), "raised": float(len(shares))}
    if not shares:
        return found
    means = (("share_in_it", shares), ("hottest_place_in_it", hottest), ("by_chance", chances))
    return {**found, **{name: float(np.mean(values)) for name, values in means}}
