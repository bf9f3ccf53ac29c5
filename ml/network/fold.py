"""A trained network made ready to be stored in 16 bits: normalisation folded into convolutions, weights rounded.

Runtimes fold batch normalisation themselves, in 32 bits, and would then store other 16-bit weights than the Keras
network has; so exported and Keras networks would disagree. Folded and rounded here, both hold the very same numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FEW = 1000
"""Values below which an array stays in 32 bits: half of nearly nothing is no gain."""


def fold(network: Any) -> None:
    """Give a network kernels of 16 bits (stored as 32) that answer as before, in place; it can learn no more.

    A normalisation right after a convolution without bias leaves its scale to the convolution and keeps its shift;
    any other keeps both. All that is left for normalisations to divide by is one.

    Args:
        network: A functional Keras model of stock layers; models inside it are folded too.
    """
    import keras

    for layer in network.layers:
        if isinstance(layer, keras.Model):
            fold(layer)
        elif isinstance(layer, keras.layers.BatchNormalization):
            _fold_one(layer)
    for layer in network.layers:
        if not isinstance(layer, keras.Model):
            # The variances stay: with the layer's epsilon they are one.
            kept = layer.moving_variance if isinstance(layer, keras.layers.BatchNormalization) else None
            for variable in layer.weights:
                if variable is not kept and np.prod(variable.shape) >= FEW:
                    variable.assign(np.asarray(variable).astype(np.float16).astype(np.float32))


def _fold_one(normalisation: Any) -> None:
    gamma, beta, mean, variance = (value.astype(np.float64) for value in normalisation.get_weights())
    scale = gamma / np.sqrt(variance + normalisation.epsilon)
    shift, one = beta - mean * scale, np.ones_like(scale)
    before = normalisation.input._keras_history.operation
    if takes_scale(before):
        (kernel,) = before.get_weights()
        before.set_weights([(kernel * by_channel(before, scale)).astype(np.float32)])
        scale = one
    values: list[NDArray[np.float64]] = [scale, shift, 0 * one, one - normalisation.epsilon]
    normalisation.set_weights([value.astype(np.float32) for value in values])


def takes_scale(layer: Any) -> bool:
    """Whether a layer is a convolution without bias whose one use is to be normalised, which may scale for it."""
    plain = type(layer).__name__ in ("Conv2D", "DepthwiseConv2D") and not layer.use_bias
    return plain and len(layer._outbound_nodes) == 1


def by_channel(layer: Any, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values (C,) of a convolution's outputs, shaped so that its kernel times them has each output times its own."""
    return values[:, None] if type(layer).__name__ == "DepthwiseConv2D" else values
