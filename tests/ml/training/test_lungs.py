"""The lung finder learns, resumes, and is published with what it reaches on patients it has not seen."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.data.lung_masks import load_masked_films, read_masked_films, split_masked_films
from ml.errors import TrainingError
from ml.inference.lungs import LungFinder
from ml.network.classifier import multiply_adds
from ml.network.lungs import INPUT_SIZE, build_training
from ml.training.augmentation import augment_pair
from tests.ml.data.test_lung_masks import masked_data
from tests.ml.drawn import without_graphs


def test_the_network_is_small() -> None:
    assert multiply_adds(build_training()) < 0.15e9


def test_overlap_is_one_for_the_same_place_and_nothing_for_another() -> None:
    from ml.training.lungs import overlap

    masks = np.zeros((3, 224, 224), np.uint8)
    masks[:, 56:168, 56:168] = 255
    found = np.full((3, 144, 144), -1.0, np.float32)
    found[0, 36:108, 36:108] = 1.0
    found[1, :30, :30] = 1.0
    found[2, 36:72, 36:108] = 1.0
    assert overlap(found, masks) == pytest.approx([1.0, 0.0, 2 / 3], abs=0.02)


def test_a_mask_moves_with_its_film() -> None:
    from ml.training.lungs import LungFinderConfig

    config = LungFinderConfig.read()
    recipe = replace(config.augmentation, tone=0, match=0, equalise=0, blur=0, grain=0, marker=0, collimate=0, erase=0)
    pairs = np.zeros((4, 224, 224, 2), np.uint8)
    pairs[:, 60:140, 40:90] = 200
    film, mask = augment_pair(pairs, 1, 5, recipe, INPUT_SIZE)
    np.testing.assert_allclose(np.asarray(film), np.asarray(mask), atol=1.0)
    assert len({float(one.sum()) for one in np.asarray(mask)}) == 4


def test_every_batch_holds_its_share_of_adults_and_every_film_comes(tmp_path: Path) -> None:
    from ml.training.lungs import LungFinderConfig, order_of_pairs

    adult = np.array([False] * 48 + [True] * 5)
    order = order_of_pairs(adult, replace(LungFinderConfig.read(), epochs=2), 2)
    assert order.shape == (4, 32)
    assert (adult[order].sum(axis=1) == 8).all()
    assert set(order.ravel()) == set(range(53))


def test_a_batch_is_a_function_of_its_number() -> None:
    from ml.training.lungs import LungFinderConfig, batches, order_of_pairs

    random = np.random.default_rng(0)
    pixels, masks = random.integers(0, 255, (2, 16, 224, 224), dtype=np.uint8)
    config = replace(LungFinderConfig.read(), children=4, adults=0, epochs=1)
    order = order_of_pairs(np.zeros(16, bool), config, 4)
    whole = [np.asarray(film) for film, _ in batches(pixels, masks, order, 0, config)]
    later = [np.asarray(film) for film, _ in batches(pixels, masks, order, 2, config)]
    np.testing.assert_array_equal(whole[2], later[0])


def test_a_recipe_with_an_unknown_word_is_refused(tmp_path: Path) -> None:
    from ml.training.lungs import LungFinderConfig

    (tmp_path / "recipe.json").write_text('{"epoch": 3}')
    with pytest.raises(TrainingError, match="epoch is not known"):
        LungFinderConfig.read(tmp_path / "recipe.json")


@pytest.mark.slow
def test_it_learns_drawn_lungs_resumes_and_is_published(tmp_path: Path) -> None:
    from ml.publishing.lungs import publish_lungs
    from ml.training.lungs import LungFinderConfig, fit_lungs

    data = masked_data(tmp_path / "data", children=20, adults=12)
    films = split_masked_films(read_masked_films(data), 1)
    pixels, masks = load_masked_films(data, films)
    config = replace(LungFinderConfig.read(), epochs=2, children=10, adults=2)
    with without_graphs():
        fit_lungs(pixels, masks, films, replace(config, epochs=1), tmp_path / "run", resume=False)
        network, history = fit_lungs(pixels, masks, films, config, tmp_path / "run", resume=True)
    assert len(history) == 2
    card = publish_lungs(tmp_path / "lungs", network, pixels, masks, films, {"epochs": 2})
    assert card["parity"]["probability"] < 1e-3
    assert json.loads((tmp_path / "lungs" / "card.json").read_text()) == card
    (lungs,) = LungFinder.load(tmp_path / "lungs").find(pixels[:1])
    assert lungs.probability.shape == (INPUT_SIZE, INPUT_SIZE)
    with pytest.raises(TrainingError, match="belongs to another run"):
        fit_lungs(pixels, masks, films, replace(config, rate=1e-4), tmp_path / "run", resume=True)
