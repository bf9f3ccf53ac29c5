"""Heat maps at film resolution, and the checks that can find them wanting."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.evaluation import chest_mask
from ml.evaluation import heatmap_checks as checks
from ml.inference.heatmap import upsample
from tests.ml.drawn import draw, handmade_network

SPOT = np.zeros((14, 14), np.float32)
SPOT[7, 3] = 1.0


def test_a_map_is_spread_over_the_whole_film_and_stays_between_zero_and_one() -> None:
    large = upsample(SPOT, width=600, height=400)
    assert large.shape == (400, 600)
    assert large.dtype == np.float32
    assert large.min() >= 0
    assert large.max() <= 1
    y, x = np.unravel_index(int(large.argmax()), large.shape)
    assert abs(y / 400 - 7.5 / 14) < 0.02
    assert abs(x / 600 - 3.5 / 14) < 0.02


def test_the_lung_outline_covers_two_fields_and_not_the_edges() -> None:
    mask = chest_mask.rough_lungs()
    assert 0.2 < mask.mean() < 0.4
    assert not mask[:, :20].any()
    assert not mask[:30].any()
    assert mask[100, 70]
    assert mask[100, 155]
    assert not mask[100, 112], "between the lungs stands the spine"


def test_heat_in_a_corner_is_told_from_heat_in_a_lung() -> None:
    corner = np.zeros((1, 14, 14), np.float32)
    corner[0, 0, 0] = 1
    assert checks.lung_share(corner)["share_in_lungs"] < 0.01
    assert checks.lung_share(SPOT[None])["share_in_lungs"] > 0.7
    assert checks.lung_share(SPOT[None])["hottest_place_in_lungs"] == 1


def test_heat_is_looked_for_in_each_films_own_lungs_where_they_are_known() -> None:
    elsewhere = np.zeros((1, 224, 224), bool)
    elsewhere[:, 180:, 180:] = True
    assert checks.lung_share(SPOT[None], elsewhere)["share_in_lungs"] < 0.05
    assert checks.lung_share(SPOT[None], ~elsewhere)["share_in_lungs"] > 0.95


def test_heat_too_faint_to_be_shown_is_none() -> None:
    assert checks.lung_share(np.stack([SPOT, SPOT * 0.001]))["films"] == 1


def _bright_patch(films: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """A network that answers to white in the lungs, and says where."""
    cells = films.reshape(len(films), 14, 16, 14, 16).mean(axis=(2, 4)).astype(np.float32) / 255
    inside = chest_mask.rough_lungs().reshape(14, 16, 14, 16).mean(axis=(1, 3)) > 0.5
    maps = np.clip((cells - 0.35) * 3, 0, 1) * inside
    return maps.mean(axis=(1, 2)).astype(np.float64) * 12, maps.astype(np.float32)


def _elsewhere(films: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    p, maps = _bright_patch(films)
    return p, np.ascontiguousarray(np.roll(maps, 7, axis=1)) * 0.5 + 0.01


FILMS = np.stack([draw(seed, opacity=True) for seed in range(4)])


def test_a_map_of_what_matters_beats_random_order_and_a_map_of_elsewhere_does_not() -> None:
    healthy = draw(9)
    good = checks.deletion_insertion(FILMS, healthy, _bright_patch)
    bad = checks.deletion_insertion(FILMS, healthy, _elsewhere)
    assert good["deletion_map"] < good["deletion_random"]
    assert good["insertion_map"] > bad["insertion_map"]


def test_a_steady_map_follows_the_film_and_a_random_one_does_not() -> None:
    random = np.random.default_rng(0)

    def jumping(films: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        return random.random(len(films)), random.random((len(films), 14, 14)).astype(np.float32)

    assert checks.stability(FILMS, _bright_patch)["map_correlation"] > 0.7
    assert checks.stability(FILMS, jumping)["map_correlation"] < 0.3


def test_scrambled_weights_change_the_map_and_are_put_back() -> None:
    model = handmade_network()
    # Features that differ and unequal weights, so that shuffling them can change something.
    kernel = np.array([1, -1, 1], np.float32).reshape(1, 1, 1, 3)
    model.get_layer("features").set_weights([kernel, np.array([0, 0.5, -0.4], np.float32)])
    model.get_layer("head").set_weights([np.array([[9.0], [-4.0], [0.1]], np.float32), np.zeros(1, np.float32)])
    before = [weight.numpy() for weight in model.weights]
    found = checks.randomisation(model, FILMS)
    assert found["map_correlation_head_scrambled"] < 0.99
    for weight, value in zip(model.weights, before, strict=True):
        assert np.array_equal(weight.numpy(), value)


def test_correlation_of_a_flat_map_is_zero() -> None:
    assert checks.correlation(SPOT, np.ones_like(SPOT)) == 0
    assert checks.correlation(SPOT, SPOT) == pytest.approx(1)
