"""A folded network learns on from where it was: it answers as before, and has statistics and norms to learn with."""

from __future__ import annotations

import numpy as np
import pytest

from ml.errors import ArtifactDamaged
from ml.network.fold import fold
from ml.network.lung_classifier import build_training, learn_on
from ml.network.unfold import unfold
from tests.ml.network.test_fold import normalised_network


def test_an_unfolded_network_answers_as_the_folded_one() -> None:
    import keras

    films = np.random.default_rng(1).uniform(0, 1, (80, 32, 32, 1)).astype(np.float32)
    folded = normalised_network()
    fold(folded)
    expected = np.asarray(folded(films, training=False))
    network = normalised_network()
    for layer in network.layers:
        layer.set_weights([value + 0.1 for value in layer.get_weights()])
    norms = [np.linalg.norm(network.get_layer(name).get_weights()[0]) for name in ("first", "deep")]
    unfold(network, {layer.name: layer.get_weights() for layer in folded.layers if layer.weights}, [films])
    np.testing.assert_allclose(np.asarray(network(films, training=False)), expected, rtol=1e-3, atol=1e-4)
    after = [np.linalg.norm(network.get_layer(name).get_weights()[0]) for name in ("first", "deep")]
    np.testing.assert_allclose(after, norms, rtol=1e-4)
    for name in ("first", "deep"):
        reached = keras.Model(network.input, network.get_layer(name).output)(films)
        mean, variance = network.get_layer(f"{name}_norm").get_weights()[2:]
        np.testing.assert_allclose(np.mean(reached, (0, 1, 2)), mean, rtol=1e-2, atol=1e-3)
        np.testing.assert_allclose(np.var(reached, (0, 1, 2)), variance, rtol=1e-2, atol=1e-3)


def test_a_classifier_on_lung_crops_does_not_begin_with_another_kind_of_network() -> None:
    with pytest.raises(ArtifactDamaged, match="can begin with it"):
        learn_on(build_training(64), normalised_network(), [])
