"""A mean of weights is normalised by its own activations."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from ml.data.prepare import prepare
from ml.network.lung_classifier import build_training
from ml.training.lung_fit import lessons
from ml.training.pipeline import order_of_films
from ml.training.statistics import take_statistics
from tests.ml.drawn import lung_config, tiny_runs


@pytest.mark.slow
def test_statistics_are_those_of_the_network_itself_and_frozen_blocks_keep_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ml.training.statistics._FILMS", 32)
    config, data = replace(lung_config(), frozen=1), prepare(tiny_runs() / "data", 2026)
    network = build_training(config.size, kinds=2)
    take_statistics(network, data, config)
    learn = data.places("train")
    order = order_of_films(data.labels[learn], 1, 4, config.batch, config.seed, data.weights)
    reached = keras.Model(network.inputs, network.get_layer("_blocks-1-_expand_conv").output)
    shown = [np.asarray(reached([*inputs])) for inputs, _ in lessons(data, learn, config, order)]
    mean, variance = network.get_layer("_blocks-1-_bn0").get_weights()[2:]
    np.testing.assert_allclose(mean, np.mean(shown, (0, 1, 2, 3)), rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(variance, np.mean(np.var(shown, (1, 2, 3)), 0), rtol=1e-3, atol=1e-5)
    for name in ("_bn0", "_blocks-0-_bn1"):
        assert not network.get_layer(name).get_weights()[2].any(), f"{name} is frozen"
    assert network.get_layer("_bn1").get_weights()[2].any()
    assert network.get_layer("_bn1").momentum == 0.99, "as before, for whatever learns on"
