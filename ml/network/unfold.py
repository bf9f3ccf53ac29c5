"""The way back from :mod:`ml.network.fold`: a served backbone becomes one that can learn on, and answers as before.

Folded, a network has no statistics of its activations left, and kernels of any size. In training both matter:
normalisation goes by the batch, and how fast a kernel turns under Adam goes by its norm. Here statistics come from
films, and every kernel gets the norm it has in the network it is put into, that of ImageNet weights or of fresh ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.network.fold import by_channel, takes_scale

_BATCH = 64
_NEXT_TO_NOTHING = 1e-12


def unfold(network: Any, found: Mapping[str, list[NDArray[np.float32]]], shown: list[NDArray[Any]]) -> None:
    """Put the weights of a folded network into one that has not learnt yet.

    Args:
        network: A functional Keras model, changed in place.
        found: The folded network's weights by the names of their layers; for every layer of ``network`` with weights.
        shown: Inputs of ``network``, as it is shown them in training; (N, …) each, some hundred of them.

    Raises:
        KeyError, ValueError: A layer's weights are missing, or have another shape.
    """
    import keras

    norms = {layer.name: _norms(layer) for layer in network.layers if takes_scale(layer)}
    for layer in network.layers:
        if layer.weights:
            layer.set_weights(found[layer.name])
    normalisations = [layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)]
    probe = keras.Model(network.inputs, [layer.input for layer in normalisations])
    for layer, (mean, variance) in zip(normalisations, _statistics(probe, shown), strict=True):
        gamma, beta, offset, divisor = (value.astype(np.float64) for value in layer.get_weights())
        scale = gamma / np.sqrt(divisor + layer.epsilon)
        shift = beta - offset * scale
        before = layer.input._keras_history.operation
        if before.name in norms:
            now, wanted = _norms(before), norms[before.name]
            dead = (now < _NEXT_TO_NOTHING) | (wanted < _NEXT_TO_NOTHING)
            by = np.where(dead, 1.0, wanted / np.maximum(now, _NEXT_TO_NOTHING))
            (kernel,) = before.get_weights()
            before.set_weights([(kernel * by_channel(before, by)).astype(np.float32)])
            mean, variance, scale = mean * by, variance * by**2, scale / by
        values = [scale * np.sqrt(variance + layer.epsilon), shift + scale * mean, mean, variance]
        layer.set_weights([value.astype(np.float32) for value in values])


def _norms(layer: Any) -> NDArray[np.float64]:
    """(C,) Euclidean norms of a convolution's kernel, by channel of what comes out."""
    (kernel,) = layer.get_weights()
    # A depthwise kernel is (h, w, C, 1), any other (h, w, in, C).
    flat = kernel.astype(np.float64).reshape(-1, layer.output.shape[-1])
    norms: NDArray[np.float64] = np.linalg.norm(flat, axis=0)
    return norms


def _statistics(probe: Any, shown: list[NDArray[Any]]) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Mean and variance (C,) of every output of a network, over all films and places."""
    sums: list[list[NDArray[np.float64]]] = []
    for start in range(0, len(shown[0]), _BATCH):
        outputs = probe([part[start : start + _BATCH].astype(np.float32) for part in shown], training=False)
        flat = [np.asarray(output, np.float64).reshape(-1, output.shape[-1]) for output in outputs]
        sums.append([np.stack([part.sum(0), (part**2).sum(0), np.full(part.shape[1], len(part))]) for part in flat])
    totals = [np.sum(parts, axis=0) for parts in zip(*sums, strict=True)]
    means = [total[0] / total[2] for total in totals]
    return [
        (mean, np.maximum(total[1] / total[2] - mean**2, _NEXT_TO_NOTHING))
        for mean, total in zip(means, totals, strict=True)
    ]
