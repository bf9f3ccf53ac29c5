"""Statistics of its own for a network whose weights are a mean of others'.

Activations of two networks do not coincide, so in the mean of their weights they partly cancel. Normalised by the mean
of both networks' statistics, what goes through is damped at every layer; normalised by its own it is damped less
(Izmailov et al. 2018, *Averaging weights leads to wider optima*; Jordan et al. 2023, *REPAIR*).
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from ml.data.prepare import PreparedData
from ml.network.efficientnet import freeze
from ml.training.config import LungClassifierConfig
from ml.training.lung_fit import lessons
from ml.training.pipeline import order_of_films

_FILMS = 1280
"""Crops that tell a network's statistics."""


def take_statistics(network: Any, data: PreparedData, config: LungClassifierConfig) -> None:
    """Give the normalisations of a network the statistics of its activations, on films as training shows them.

    As in training each batch is normalised by its own, and what is kept is the mean of all of them. Frozen blocks keep
    theirs.

    Args:
        network: By ``ml.network.lung_classifier.build_training`` at the size of training, with its weights.
        data: What it was trained on.
        config: How.
    """
    keras.utils.set_random_seed(config.seed)  # blocks are skipped at random, as in training
    learn = data.places("train")
    order = order_of_films(data.labels[learn], 1, _FILMS // config.batch, config.batch, config.seed, data.weights)
    some, places = np.unique(order, return_inverse=True)
    shown = lessons(data, learn[some], config, places.reshape(order.shape))
    freeze(network, config.frozen)
    norms = [layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)]
    before = [layer.momentum for layer in norms]
    for count, ((crops, weights, *_piece), _targets) in enumerate(shown):
        for layer in norms:
            layer.momentum = count / (count + 1)  # the mean of all batches so far
        network([crops, weights], training=True)
    for layer, momentum in zip(norms, before, strict=True):
        layer.momentum = momentum
