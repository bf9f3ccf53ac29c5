"""The networks' two views of a film, against the same thing written with Keras's pooling and resizing layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.network.normalization import enlarging_matrix, pooling_matrix, softening_matrix, views

FILM = np.random.default_rng(3).uniform(0, 255, (2, 96, 96, 1)).astype(np.float32)


def seen(film: NDArray[np.float32], view: str = "both", cell: int = 16) -> NDArray[np.float32]:
    import keras

    taken = keras.Input(film.shape[1:])
    found: NDArray[np.float32] = keras.Model(taken, views(taken, view, cell))(film).numpy()
    return found


def mean_around(x: Any, cell: int) -> Any:
    """The definition: pool, smooth over neighbours that are there, enlarge bilinearly."""
    import keras

    x = keras.layers.AveragePooling2D(cell)(x)
    x = keras.layers.AveragePooling2D(3, strides=1, padding="same")(x)
    return keras.layers.UpSampling2D(cell, interpolation="bilinear")(x)


@pytest.mark.parametrize("cell", [8, 16])
def test_products_of_matrices_are_pooling_smoothing_and_enlarging(cell: int) -> None:
    pool, enlarge = pooling_matrix(96, cell), enlarging_matrix(96, cell)
    found = enlarge @ (pool @ FILM[..., 0] @ pool.T) @ enlarge.T
    assert np.allclose(found[..., None], mean_around(FILM, cell), rtol=1e-5)


@pytest.mark.parametrize("cell", [8, 16])
def test_the_local_view_is_standardised_within_neighbourhoods(cell: int) -> None:
    whole = (FILM - FILM.mean((1, 2), keepdims=True)) / np.sqrt(FILM.var((1, 2), keepdims=True) + 1)
    detail = whole - mean_around(whole, cell)
    local = detail / np.sqrt(mean_around(detail**2, cell) + 0.02)
    found = seen(FILM, cell=cell)
    assert np.allclose(found[..., :1], whole, atol=1e-5)
    assert np.allclose(found[..., 1:], local, atol=1e-4)
    assert np.allclose(seen(FILM, "local", cell), local, atol=1e-4)


def test_an_even_film_is_seen_as_nothing() -> None:
    assert np.abs(seen(np.full_like(FILM, 255.0))).max() < 1e-3


def test_films_are_standardised_in_float32_whatever_the_policy() -> None:
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        taken = keras.Input(FILM.shape[1:], dtype="float32")
        model = keras.Model(taken, views(taken))
    finally:
        keras.config.set_dtype_policy(before)
    assert np.array_equal(model(FILM).numpy(), seen(FILM))


def test_softening_is_a_gaussian_blur_that_keeps_an_even_film_even() -> None:
    blur = softening_matrix(64, 0.8)
    np.testing.assert_allclose(blur.sum(axis=1), 1, rtol=1e-6)
    place = np.arange(64) - 32
    spread = (blur[32] * place**2).sum() ** 0.5
    assert spread == pytest.approx(0.8, abs=0.01)
    np.testing.assert_array_equal(softening_matrix(64, 0), np.eye(64))


def test_what_lies_beyond_the_grid_of_a_small_copy_is_softened_away() -> None:
    """At 0.3 cycles a pixel small and full-size copies of a film have nothing in common (docs/experiments.md)."""
    blur, x = softening_matrix(224, 0.8), np.arange(224)
    left = [np.abs(blur @ np.cos(2 * np.pi * cycles * x))[50:170].max() for cycles in (0.05, 0.15, 0.3, 0.4)]
    assert left == pytest.approx([0.97, 0.75, 0.32, 0.13], abs=0.02)
