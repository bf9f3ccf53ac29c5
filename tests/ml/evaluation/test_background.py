"""Chests in other films' backgrounds: what training shows, and what the yardstick asks."""

from __future__ import annotations

import json
from dataclasses import fields

import numpy as np

from ml.evaluation.background import (
    chest_share,
    exchanged,
    lungs_alone,
    lungs_emptied,
    own_chests,
    without_chest,
)
from ml.evaluation.chest_mask import found_lungs, rough_chest
from ml.publishing.card_page import render
from ml.training.augmentation import AugmentationConfig, augment
from tests.ml.drawn import draw, workshop

LEVELS = np.repeat(np.array([40, 80, 120, 160, 200, 240], np.uint8), 224 * 224).reshape(6, 224, 224)
LABELS = np.array([0, 1, 0, 1, 0, 1])
NOTHING = AugmentationConfig(**{field.name: 0.0 for field in fields(AugmentationConfig)} | {"area": 1.0, "loose": 1.0})


def test_the_soft_chest_holds_the_rough_one_and_leaves_the_corners() -> None:
    share = chest_share()
    assert share[rough_chest()].min() > 0.8
    assert share[:16].max() < 0.1
    assert share[:, :8].max() < 0.05
    assert 0.35 < share.mean() < 0.6


def test_a_chest_stays_and_its_background_comes_from_the_other_class() -> None:
    joined = exchanged(LEVELS, LABELS, seed=1)
    assert np.array_equal(joined[:, 112, 112], LEVELS[:, 112, 112])
    for film, label in zip(joined, LABELS, strict=True):
        assert film[0, 0] in LEVELS[label != LABELS, 0, 0]
    assert np.array_equal(joined, exchanged(LEVELS, LABELS, seed=1))


def test_a_film_without_its_chest_has_its_background_and_its_mean() -> None:
    films = LEVELS.copy()
    films[:, rough_chest()] = 0
    emptied = without_chest(films)
    assert np.array_equal(emptied[:, 0, 0], films[:, 0, 0])
    assert (emptied[:, 112, 112] > 0.8 * films[:, 0, 0]).all()


def test_each_film_keeps_its_own_chest_where_its_lungs_are_known() -> None:
    chests = np.zeros(LEVELS.shape, np.float32)
    chests[0, 20:60, 20:60] = chests[1:, 100:200, 100:200] = 1.0
    joined = exchanged(LEVELS, LABELS, seed=1, chests=chests)
    assert joined[0, 40, 40] == LEVELS[0, 0, 0]
    assert joined[0, 150, 150] != LEVELS[0, 0, 0]
    films = LEVELS.copy()
    films[0, 20:60, 20:60] = 0
    assert without_chest(films, chests)[0, 40, 40] == LEVELS[0, 0, 0]


def test_the_chest_found_on_a_drawn_film_holds_its_lungs() -> None:
    film = draw(3)
    (chest,) = own_chests(found_lungs(film[None]))
    assert chest[100, 70] > 0.9
    assert chest[100, 154] > 0.9
    assert chest[:10].max() < 0.1


def test_of_a_film_the_lungs_are_left_or_all_but_them() -> None:
    random = np.random.default_rng(0)
    films = random.integers(0, 256, (2, 224, 224)).astype(np.uint8)
    lungs = np.zeros(films.shape, bool)
    lungs[:, 60:160, 40:90] = lungs[:, 60:160, 130:180] = True
    inner, outer = (slice(None), slice(80, 140), slice(50, 80)), (slice(None), slice(190, 224), slice(None))
    alone, emptied = lungs_alone(films, lungs), lungs_emptied(films, lungs)
    assert np.array_equal(alone[inner], films[inner])
    assert np.array_equal(emptied[outer], films[outer])
    for changed, level in ((alone[outer], films[~lungs]), (emptied[inner], films[lungs])):
        assert all(one.min() == one.max() for one in changed), "one grey a film"
        assert abs(changed.mean() - level.mean()) < 4


def test_training_shows_chests_on_other_backgrounds_as_often_as_the_recipe_says() -> None:
    films = np.repeat(np.arange(0, 256, 4, np.uint8), 224 * 224).reshape(64, 224, 224, 1)
    for chance in (0.0, 1.0):
        config = AugmentationConfig(**NOTHING.as_json() | {"surround": chance})
        shown = np.asarray(augment(films, 1, 5, config, 224))[..., 0]
        assert np.abs(shown[:, 112, 112] - films[:, 0, 0, 0]).max() <= 1.0, "the chest is the film's own"
        changed = np.abs(shown[:, 8, 112] - films[:, 0, 0, 0]) > 1
        assert changed.mean() == 0 if chance == 0 else changed.mean() > 0.95


def test_the_model_card_says_how_far_the_network_goes_by_what_is_outside_the_chest() -> None:
    card, metrics = (json.loads((workshop() / "artifact" / f"{name}.json").read_text()) for name in ("card", "metrics"))
    found = metrics["background"]
    assert set(found) == {"exchanged", "alone", "lungs_alone", "lungs_emptied"}
    assert 0 <= found["exchanged"]["auc"]["value"] <= 1
    assert found["alone"]["films"] == metrics["plain"]["films"]
    output = next(limit for limit in card["populations"]["child"]["limits"] if limit.startswith("It also goes by"))
    assert f"taken out, {found['alone']['auc']['value']:.3f} " in output
    assert f"AUC {found['alone']['auc']['value']:.3f}" in render(workshop() / "artifact")
