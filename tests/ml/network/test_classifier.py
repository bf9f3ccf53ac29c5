"""The network keeps its promises: a linear head over pooled features, stock layers alone, any number of members."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.network.classifier import FILM_SIZE, Architecture, build_serving, build_training, multiply_adds

SMALL = Architecture(widths=(4, 6, 8, 10), blocks=(1, 1, 1, 1))
FILMS = np.random.default_rng(0).uniform(0, 255, (3, FILM_SIZE, FILM_SIZE, 1)).astype(np.float32)


def trained(shape: Architecture, seed: int, size: int = 96) -> Any:
    """A training network whose weights, batch statistics among them, are no longer the initial ones."""
    network, rng = build_training(shape, size), np.random.default_rng(seed)
    network.set_weights([w + np.abs(rng.normal(0, 0.1, w.shape)).astype(np.float32) for w in network.get_weights()])
    return network


@pytest.mark.parametrize("view", ["film", "local", "both"])
def test_the_served_network_answers_as_the_trained_one(view: str) -> None:
    shape = Architecture(widths=SMALL.widths, blocks=SMALL.blocks, view=view)
    network = trained(shape, 1, size=FILM_SIZE)
    told = np.asarray(network(FILMS, training=False)["pneumonia"])
    logit = np.asarray(build_serving([network], [shape], input_size=FILM_SIZE)(FILMS)["logit"])
    assert np.allclose(told, 1 / (1 + np.exp(-logit)), atol=1e-5)


def test_the_logit_is_linear_in_the_pooled_features_for_one_member_and_for_two() -> None:
    one, two = trained(SMALL, 1), trained(SMALL, 2)
    logits = []
    for members in ([one], [two], [one, two]):
        model = build_serving(members, [SMALL] * len(members), input_size=160)
        out = {name: np.asarray(value) for name, value in model(FILMS).items()}
        weights, bias = model.get_layer("head").get_weights()
        assert out["features"].shape == (3, 10, 10, 10 * len(members))
        assert np.allclose(out["features"].mean(axis=(1, 2)) @ weights + bias, out["logit"], atol=1e-4)
        logits.append(out["logit"])
    assert np.allclose((logits[0] + logits[1]) / 2, logits[2], atol=1e-4)


def test_the_file_loads_in_safe_mode_and_answers_the_same(tmp_path: Path) -> None:
    import keras

    model = build_serving([trained(SMALL, 3)], [SMALL])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", safe_mode=True, compile=False)
    assert np.allclose(np.asarray(again(FILMS)["logit"]), np.asarray(model(FILMS)["logit"]), atol=1e-5)
    assert {w.dtype for w in again.weights} == {"float32"}


def test_weights_do_not_depend_on_the_size_and_serving_is_float32_after_half_precision() -> None:
    import keras

    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        half = trained(SMALL, 4, size=96)
        model = build_serving([half], [SMALL])
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")
    assert np.asarray(model(FILMS)["logit"]).dtype == np.float32
    rough = np.asarray(half(FILMS[:, :96, :96], training=False)["pneumonia"])
    assert rough.shape == (3, 1)


def test_brightness_and_contrast_of_the_whole_film_change_nothing() -> None:
    model = build_serving([trained(SMALL, 5)], [SMALL])
    plain, dimmed = (np.asarray(model(films)["logit"]) for films in (FILMS, 40 + 0.5 * FILMS))
    assert np.allclose(plain, dimmed, atol=0.02 * np.abs(plain).max())


def test_the_default_network_is_within_the_bounds_of_the_issue() -> None:
    shape = Architecture()
    model = build_serving([build_training(shape, 96)], [shape])
    assert multiply_adds(model) < 0.5e9
    assert model.count_params() * 4 < 20e6


def test_an_unknown_view_or_uneven_stages_are_refused() -> None:
    with pytest.raises(ValueError, match="view"):
        Architecture(view="inverted")
    with pytest.raises(ValueError, match="stage"):
        Architecture(widths=(8, 16), blocks=(1,))
    assert Architecture.from_json(SMALL.as_json()) == SMALL
