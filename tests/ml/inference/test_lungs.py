"""Where the committed lung finder sees lungs, and the lines that are drawn around them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ml import LungFinder, Lungs, ModelInput
from ml.errors import ArtifactDamaged, ArtifactMissing
from ml.inference.cards.files import ARTIFACTS
from ml.inference.runtime import Engine
from tests.phantoms import film


@pytest.fixture(scope="module")
def finder() -> LungFinder:
    return LungFinder.load(threads=1)


def phantom(seed: int) -> NDArray[np.uint8]:
    drawn = Image.fromarray(film(seed, width=400, height=340).astype(np.uint8))
    return np.asarray(drawn.resize((224, 224), Image.Resampling.BILINEAR, reducing_gap=2.0))


def lungs_of(mask: NDArray[np.bool_]) -> Lungs:
    return Lungs(mask.astype(np.float32))


def area_within(outlines: list[NDArray[np.float64]]) -> float:
    """The share of the film that closed lines hold, as a program that fills polygons sees it."""
    canvas = Image.new("1", (1440, 1440))
    for line in outlines:
        ImageDraw.Draw(canvas).polygon([(x * 1440, y * 1440) for x, y in line], fill=1)
    return float(np.asarray(canvas).mean())


def test_lungs_are_found_on_both_halves_of_a_drawn_chest(finder: LungFinder) -> None:
    for lungs in finder.find([ModelInput(phantom(seed), 400, 340) for seed in range(4)]):
        assert lungs.found
        left, right = lungs.mask[:, :72].mean(), lungs.mask[:, 72:].mean()
        assert min(left, right) > 0.05
        assert lungs.mask[-7:].mean() < 0.1  # not the belly


def test_where_no_lungs_were_found_the_box_is_the_whole_film_and_there_is_no_line() -> None:
    lungs = lungs_of(np.zeros((144, 144), bool))
    assert not lungs.found
    assert lungs.outlines() == []
    assert lungs.box(0.1) == (0.0, 0.0, 1.0, 1.0)


def test_a_film_is_marked_alike_alone_and_in_a_batch(finder: LungFinder) -> None:
    films = np.stack([phantom(seed) for seed in range(3)])
    together, alone = finder.find(films), finder.find(films[1:2])
    np.testing.assert_allclose(together[1].probability, alone[0].probability, atol=1e-4)


def test_the_box_holds_the_lungs_and_grows_with_its_margin() -> None:
    mask = np.zeros((144, 144), bool)
    mask[36:108, 18:126] = True
    assert lungs_of(mask).box() == pytest.approx((18 / 144, 36 / 144, 126 / 144, 108 / 144), abs=0.01)
    left, top, right, bottom = lungs_of(mask).box(0.1)
    assert (left, top) == pytest.approx((18 / 144 - 0.075, 36 / 144 - 0.05), abs=0.01)
    assert (right, bottom) == pytest.approx((126 / 144 + 0.075, 108 / 144 + 0.05), abs=0.01)


def test_a_stray_spot_does_not_widen_the_box() -> None:
    mask = np.zeros((144, 144), bool)
    mask[40:100, 30:110] = True
    without = lungs_of(mask).box()
    mask[2:4, 140:143] = True
    assert lungs_of(mask).box() == pytest.approx(without, abs=0.01)


def test_outlines_close_around_each_lung_and_hold_as_much_as_the_mask() -> None:
    mask = np.zeros((144, 144), bool)
    mask[30:110, 20:60] = True
    mask[30:110, 80:130] = True
    outlines = lungs_of(mask).outlines()
    assert len(outlines) == 2
    assert area_within(outlines) == pytest.approx(mask.mean(), rel=0.03)


def test_a_lung_cut_off_by_the_films_edge_still_has_a_closed_line() -> None:
    mask = np.zeros((144, 144), bool)
    mask[:80, :50] = True
    (outline,) = lungs_of(mask).outlines()
    assert outline.min() >= 0.0
    assert area_within([outline]) == pytest.approx(mask.mean(), rel=0.05)


def test_outlines_of_found_lungs_hold_as_much_as_their_masks(finder: LungFinder) -> None:
    (lungs,) = finder.find(phantom(2)[None])
    big = [line for line in lungs.outlines() if len(line) > 40]
    assert area_within(big) == pytest.approx(lungs.area, rel=0.05)


def test_an_outline_runs_where_the_probability_is_one_half() -> None:
    probability = np.zeros((144, 144), np.float32)
    probability[70, 70:72] = 1, 0.25
    (line,) = Lungs(probability).outlines()
    places = line * 144 - 70.5  # in cells from the middle of the one that is lung
    assert sorted(map(tuple, places.round(6).tolist())) == [(-0.5, 0), (0, -0.5), (0, 0.5), (0.666667, 0)]


def test_lungs_touching_at_a_corner_are_still_walked_around() -> None:
    mask = np.zeros((144, 144), bool)
    mask[20:60, 20:60] = True
    mask[60:100, 60:100] = True
    assert area_within(lungs_of(mask).outlines()) == pytest.approx(mask.mean(), rel=0.05)


def test_a_damaged_network_is_not_loaded(tmp_path: Path) -> None:
    shutil.copytree(ARTIFACTS / "lungs", tmp_path / "lungs")
    (tmp_path / "lungs" / "model.bin").write_bytes(b"other")
    with pytest.raises(ArtifactDamaged, match="not the file its card describes"):
        LungFinder.load(tmp_path / "lungs")
    (tmp_path / "lungs" / "model.bin").unlink()
    with pytest.raises(ArtifactMissing):
        LungFinder.load(tmp_path / "lungs")
    with pytest.raises(ArtifactMissing):
        LungFinder.load(tmp_path)


def test_the_network_is_loaded_with_the_first_film_and_once() -> None:
    loaded = []

    def load() -> Engine:
        loaded.append(Engine(ARTIFACTS / "lungs" / "model.xml", threads=1))
        return loaded[-1]

    finder = LungFinder(load)
    assert not loaded
    films = np.stack([phantom(seed) for seed in (1, 2)])
    assert finder.find(films)[0].found
    finder.find(films)
    assert len(loaded) == 1


def test_the_card_states_dice_by_population_on_test_patients() -> None:
    dice = json.loads((ARTIFACTS / "lungs" / "card.json").read_text())["dice"]["test"]
    for population in ("children", "adults"):
        low, high = dice[population]["dice_ci"]
        assert 0.9 < low <= dice[population]["dice"] <= high <= 1
        assert dice[population]["patients"] > 10
