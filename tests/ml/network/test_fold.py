"""Folding changes how a network is stored, not what it answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ml.network.export import export
from ml.network.fold import FEW, fold


def normalised_network() -> Any:
    """A small network with every place a normalisation can have: after both kinds of convolution and after a sum."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(3)
    film = keras.Input((32, 32, 1))
    x = layers.Conv2D(128, 3, strides=2, padding="same", use_bias=False, name="first")(film)
    x = layers.ReLU(6.0)(layers.BatchNormalization(epsilon=1e-3, name="first_norm")(x))
    y = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="deep")(x)
    y = layers.BatchNormalization(name="deep_norm")(y)
    z = layers.BatchNormalization(name="sum_norm")(layers.Add()([x, y]))
    network = keras.Model(film, layers.Dense(1, name="answer")(layers.GlobalAveragePooling2D()(z)))
    random = np.random.default_rng(0)
    for layer in network.layers:
        if type(layer).__name__ == "BatchNormalization":
            layer.set_weights([random.uniform(0.5, 2.0, value.shape) for value in layer.get_weights()])
    return network


def test_a_folded_network_answers_as_before_and_its_kernels_have_16_bits() -> None:
    network = normalised_network()
    films = np.random.default_rng(1).uniform(0, 1, (4, 32, 32, 1)).astype(np.float32)
    before = np.asarray(network(films, training=False))
    fold(network)
    np.testing.assert_allclose(np.asarray(network(films, training=False)), before, rtol=5e-3, atol=5e-3)
    for layer in network.layers:
        for weight in (weight for weight in layer.get_weights() if weight.size >= FEW):
            np.testing.assert_array_equal(weight, weight.astype(np.float16).astype(np.float32))
    assert min(network.get_layer(name).get_weights()[0].size for name in ("first", "deep")) >= FEW
    assert np.abs(network.get_layer("first_norm").get_weights()[0] - 1).max() == 0


def test_a_folded_network_stored_in_16_bits_agrees_with_keras(tmp_path: Path) -> None:
    network = normalised_network()
    fold(network)
    films = np.random.default_rng(2).integers(0, 255, (4, 32, 32), dtype=np.uint8)
    assert export(network, tmp_path / "model.xml", films)["logit"] < 1e-5
    assert (tmp_path / "model.bin").stat().st_size < 3 * sum(weight.size for weight in network.get_weights())
