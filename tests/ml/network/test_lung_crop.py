"""Crops to the lungs as operations of a graph: where the box lies, what is sampled, what comes back onto the film."""

from __future__ import annotations

import numpy as np
import pytest

from ml.network.lung_classifier import grouped
from ml.network.lung_crop import box, crop, narrowed, onto_film, sampling, soft_mask
from ml.network.normalization import softening_matrix


def mask_of(top: int, bottom: int, left: int, right: int) -> np.ndarray:
    mask = np.zeros((1, 144, 144), np.float32)
    mask[:, top:bottom, left:right] = 1.0
    return mask


def test_the_box_is_that_of_the_lungs_and_a_margin() -> None:
    edges = [float(np.asarray(edge)[0]) for edge in box(soft_mask(mask_of(36, 108, 18, 126)), margin=0.1)]
    assert edges == pytest.approx([0.125 - 0.075, 0.25 - 0.05, 0.875 + 0.075, 0.75 + 0.05], abs=0.01)


def test_the_box_moves_smoothly_with_the_probabilities() -> None:
    mask = mask_of(36, 108, 18, 126)
    other = np.clip(mask + np.random.default_rng(0).normal(0, 1e-5, mask.shape), 0, 1).astype(np.float32)
    for one, two in zip(box(soft_mask(mask)), box(soft_mask(other)), strict=True):
        np.testing.assert_allclose(np.asarray(one), np.asarray(two), atol=1e-4)


def test_lungs_are_narrowed_at_every_edge_also_where_the_film_cuts_them_off() -> None:
    inner = np.asarray(narrowed(mask_of(0, 108, 18, 126), 9))
    np.testing.assert_array_equal(inner, mask_of(4, 104, 22, 122))


def test_without_lungs_the_whole_film_is_taken() -> None:
    mask = soft_mask(np.full((1, 144, 144), 0.1, np.float32))
    assert float(np.asarray(mask).min()) == 1.0
    edges = [float(np.asarray(edge)[0]) for edge in box(mask, margin=0.0)]
    assert edges == pytest.approx([0, 0, 1, 1], abs=0.01)


def test_a_crop_of_the_whole_film_is_the_film() -> None:
    film = np.random.default_rng(1).uniform(0, 255, (2, 24, 24)).astype(np.float32)
    zero, one = np.zeros(2, np.float32), np.ones(2, np.float32)
    np.testing.assert_allclose(np.asarray(crop(film, (zero, zero, one, one), 24)), film, atol=1e-3)


def test_a_crop_shows_its_box_and_black_beyond_the_film() -> None:
    film = np.zeros((1, 40, 40), np.float32)
    film[:, 10:20, 20:40] = 100.0
    edges = tuple(np.array([share], np.float32) for share in (0.5, 0.25, 1.5, 0.5))
    shown = np.asarray(crop(film, edges, 40))[0]
    assert shown[20, 10] == pytest.approx(100.0)
    assert shown[20, 30] == 0.0


def test_rows_of_a_sampling_sum_to_one_inside_the_line() -> None:
    low, high = np.array([0.2], np.float32), np.array([0.9], np.float32)
    np.testing.assert_allclose(np.asarray(sampling(low, high, 30, 50)).sum(axis=2), 1.0, atol=1e-5)


def test_features_come_back_to_the_place_their_crop_was_taken_from() -> None:
    features = np.zeros((1, 6, 6, 2), np.float32)
    features[0, 0, 5, 1] = 1.0  # upper right corner of the crop
    edges = tuple(np.array([share], np.float32) for share in (0.25, 0.5, 0.75, 1.0))
    spread = np.asarray(onto_film(features, edges, 36))[0, ..., 1]
    assert spread[19, 26] == pytest.approx(1.0)
    assert spread[30, 10] == 0.0
    assert spread[19, 10] == 0.0


def test_a_head_in_two_steps_gives_what_it_gave_in_one() -> None:
    random = np.random.default_rng(2)
    head, features = random.normal(0, 1, (100, 1)).astype(np.float32), random.uniform(0, 6, (5, 100))
    sums, weights = grouped(head, 8)
    np.testing.assert_allclose(features @ sums @ weights, features @ head, rtol=1e-4)
    assert (sums >= 0).all()
    assert ((sums > 0).sum(axis=1) == 1).all()


def test_lungs_are_narrowed_as_by_a_square_window() -> None:
    import keras

    mask = np.random.default_rng(4).uniform(0, 1, (2, 144, 144)).astype(np.float32)
    padded = np.pad(mask, ((0, 0), (3, 3), (3, 3)))
    square = -keras.layers.MaxPooling2D(7, strides=1)(-padded[..., None])
    np.testing.assert_array_equal(np.asarray(narrowed(mask, 7)), np.asarray(square)[..., 0])


def test_a_blur_of_the_crop_is_a_crop_of_the_blurred_film() -> None:
    film = np.random.default_rng(5).uniform(0, 255, (1, 224, 224)).astype(np.float32)
    edges = box(soft_mask(mask_of(36, 108, 18, 126)))
    blur = softening_matrix(224, 0.8)
    np.testing.assert_allclose(
        np.asarray(crop(film, edges, 192, blur)), np.asarray(crop(blur @ film @ blur.T, edges, 192)), atol=2e-3
    )
