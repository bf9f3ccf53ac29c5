"""A sixth of normal lungs exchanged for an ill one: a map that points there, and one that points elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.evaluation.chest_mask import rough_lungs
from ml.evaluation.exchanged_sixths import exchanged_sixths, sixths
from tests.ml.drawn import draw

NORMAL = np.stack([draw(seed) for seed in range(4)])
ILL = np.stack([draw(seed, opacity=True) for seed in range(10, 16)])


class Comparing:
    """A network that knows the normal films, answers to what is brighter than there, and says where, or beside it."""

    def __init__(self, moved: int = 0) -> None:
        self.moved = moved

    def __call__(self, films: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        cells = _cells(films) - _cells(NORMAL)
        maps = np.clip(cells / 40, 0, 1).astype(np.float32)
        return 4.0 * maps.sum(axis=(1, 2)).astype(np.float64), np.roll(maps, self.moved, axis=1)


def _cells(films: NDArray[np.uint8]) -> NDArray[np.float64]:
    return films.reshape(len(films), 28, 8, 28, 8).mean(axis=(2, 4))


def test_sixths_are_thirds_of_each_lung_and_hold_all_of_them() -> None:
    lungs = rough_lungs()
    boxes = sixths(lungs)
    held = np.zeros(lungs.shape, int)
    for top, bottom, left, right in boxes:
        held[top:bottom, left:right] += 1
    assert (held[lungs] == 1).all(), "each place of the lungs lies in one of them"
    assert len({(top, bottom) for top, bottom, _, _ in boxes}) == 3
    assert all(100 < left < 124 or left < 50 for _, _, left, _ in boxes), "the middle line lies between the lungs"


def test_heat_at_the_exchanged_place_is_told_from_heat_elsewhere() -> None:
    good, bad = (exchanged_sixths(NORMAL, ILL, Comparing(moved), seed=1) for moved in (0, 14))
    assert good["exchanges"] == bad["exchanges"] == 24
    assert good["raised"] == bad["raised"] > 3
    assert good["hottest_place_in_it"] > 0.9 > 0.3 > bad["hottest_place_in_it"]
    assert good["share_in_it"] > 0.8 > 0.3 > bad["share_in_it"]
    assert good["by_chance"] == pytest.approx(1 / 6, abs=0.08)


def test_films_in_which_no_lungs_are_found_take_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.evaluation.exchanged_sixths.found_lungs", lambda films: np.ones(films.shape, bool))
    assert exchanged_sixths(NORMAL, ILL, Comparing(), seed=1) == {"exchanges": 0.0, "raised": 0.0}
