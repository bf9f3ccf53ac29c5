"""EfficientNet-Lite0 as a Keras backbone, whole or its first stages, and the way ImageNet weights get into it.

Tan and Le 2019, in the form without squeeze-and-excitation and with ReLU6 that is made for processors. Layers bear the
names of the published arrays (``_blocks.3._depthwise_conv`` with dashes for dots), so that loading is a matter of names
and any array that finds no place is an error.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from ml.errors import TrainingError

STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
          (1, 3, 1, 6, 320))  # fmt: skip
"""Blocks, kernel, stride of the first block, widening inside a block, channels."""

WHOLE = len(STAGES)
_BLOCKS = (0, *accumulate(stage[0] for stage in STAGES))
"""Blocks in so many stages."""

CHANNELS, CHANNELS_EARLIER = 1280, 640
"""Features of the whole network, and of one that ends earlier."""

_HEAD = ("_conv_head", "_bn1", CHANNELS)
_EARLIER_HEAD = ("earlier_conv", "earlier_bn", CHANNELS_EARLIER)
_EPSILON = 1e-3
_STEM_STRIDE = 2


def fixed_initializer() -> Any:
    """What draws a layer's first kernel, the same for every network, so that weights of several can be averaged."""
    from keras import initializers

    return initializers.GlorotUniform(seed=1)


def stride_of(stages: int = WHOLE) -> int:
    """Side of the input over side of the features that so many stages give."""
    return _STEM_STRIDE * math.prod(stride for _blocks, _kernel, stride, *_widths in STAGES[:stages])


def stages_of(layers: Iterable[str]) -> int:
    """How many stages a backbone has, by the names of its layers."""
    blocks = 1 + max(int(name.split("-")[1]) for name in layers if name.startswith("_blocks-"))
    return _BLOCKS.index(blocks)


def _normalise(x: Any, name: str) -> Any:
    from keras import layers

    return layers.BatchNormalization(epsilon=_EPSILON, name=name)(x)


def _active(x: Any, name: str) -> Any:
    from keras import layers

    return layers.ReLU(6.0, name=name)(x)


def _block(x: Any, kernel: int, stride: int, widen: int, width: int, skip_chance: float, name: str) -> Any:
    from keras import layers

    y, came = x, x.shape[-1]
    if widen != 1:
        y = layers.Conv2D(came * widen, 1, use_bias=False, name=f"{name}-_expand_conv")(y)
        y = _active(_normalise(y, f"{name}-_bn0"), f"{name}-relu0")
    y = layers.DepthwiseConv2D(kernel, strides=stride, padding="same", use_bias=False, name=f"{name}-_depthwise_conv")(
        y
    )
    y = _active(_normalise(y, f"{name}-_bn1"), f"{name}-relu1")
    y = _normalise(layers.Conv2D(width, 1, use_bias=False, name=f"{name}-_project_conv")(y), f"{name}-_bn2")
    if stride > 1 or came != width:
        return y
    if skip_chance > 0:
        y = layers.Dropout(skip_chance, noise_shape=(None, 1, 1, 1), name=f"{name}-skip")(y)
    return layers.Add(name=f"{name}-add")([x, y])


def backbone(x: Any, drop_path: float = 0.0, stages: int = WHOLE) -> Any:
    """(N, H, W, 3) in about −1..1 → (N, H/32, W/32, 1280) features from 0 to 6; of fewer stages (N, H/s, W/s, 640).

    After fewer stages each feature sees less of the input (of 851 pixels across, by the kernels, 339 after five and
    147 after four) and no ImageNet weights are published for what makes the features: it begins at random, and alike
    in every network.

    Args:
        x: Keras tensor.
        stages: How many of :data:`STAGES`; s is their stride, by :func:`stride_of`.
        drop_path: Chance that the last block is skipped in training; earlier blocks less, linearly.
    """
    from keras import layers

    x = layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False, name="_conv_stem")(x)
    x = _active(_normalise(x, "_bn0"), "stem_relu")
    number, total = 0, _BLOCKS[stages]
    for blocks, kernel, stride, widen, width in STAGES[:stages]:
        for place in range(blocks):
            chance = drop_path * number / total
            x = _block(x, kernel, stride if place == 0 else 1, widen, width, chance, f"_blocks-{number}")
            number += 1
    conv, norm, channels = _HEAD if stages == WHOLE else _EARLIER_HEAD
    x = layers.Conv2D(channels, 1, use_bias=False, kernel_initializer=fixed_initializer(), name=conv)(x)
    return _active(_normalise(x, norm), "head_relu")


def load_imagenet(network: Any, weights: Path) -> None:
    """Put published ImageNet weights into every layer of :func:`backbone` in a network that they were made for.

    Args:
        network: A Keras model that holds the layers.
        weights: ``.npz`` of arrays named and shaped as in PyTorch: (out, in, h, w), classifier left out.

    Raises:
        TrainingError: The file cannot be read, or arrays and layers do not fit one another one to one.
    """
    try:
        with np.load(weights, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored if not name.endswith("num_batches_tracked")}
    except (OSError, ValueError) as error:
        raise TrainingError(f"{weights} cannot be read as weights ({error}).") from error
    stages = stages_of(layer.name for layer in network.layers)
    if stages < WHOLE:
        beyond = (*_HEAD[:2], *(f"_blocks.{number}." for number in range(_BLOCKS[stages], _BLOCKS[WHOLE])))
        arrays = {name: array for name, array in arrays.items() if not name.startswith(beyond)}
    for layer in network.layers:
        name = layer.name.replace("-", ".")
        try:
            match type(layer).__name__:
                case "Conv2D" if f"{name}.weight" in arrays:
                    layer.set_weights([arrays.pop(f"{name}.weight").transpose(2, 3, 1, 0)])
                case "DepthwiseConv2D":
                    layer.set_weights([arrays.pop(f"{name}.weight").transpose(2, 3, 0, 1)])
                case "BatchNormalization" if f"{name}.weight" in arrays:
                    kinds = ("weight", "bias", "running_mean", "running_var")
                    layer.set_weights([arrays.pop(f"{name}.{kind}") for kind in kinds])
        except (KeyError, ValueError) as error:
            raise TrainingError(f"{weights} does not fit the layer {layer.name} ({error}).") from error
    if arrays:
        raise TrainingError(f"{weights} has arrays that no layer takes: {', '.join(sorted(arrays)[:5])}.")


def freeze(network: Any, blocks: int) -> None:
    """Keep the stem and the first ``blocks`` blocks as they are: neither weights nor batch statistics learn."""
    kept = ("_conv_stem", "_bn0", *(f"_blocks-{number}-" for number in range(blocks)))
    for layer in network.layers:
        if layer.name.startswith(kept) and layer.name != "_bn1":
            layer.trainable = False
