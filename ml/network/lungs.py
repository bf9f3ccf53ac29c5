"""The network that finds the lungs: a small U-net over the whole film (Ronneberger et al. 2015).

It answers where the lungs are, the parts behind the heart and under the diaphragm's dome included, because that is how
the masks it learns from are drawn. Additions in place of concatenations and a last enlargement by two keep it below
0.15 thousand million multiply-adds. Only stock Keras layers, so it loads in safe mode and exports to OpenVINO.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.errors import ArtifactDamaged
from ml.inference.cards.files import ARTIFACTS
from ml.intake.radiograph import FILM_SIZE
from ml.network.export import load_keras
from ml.network.normalization import enlarging_matrix, views

INPUT_SIZE = 144
"""Side to which a film is scaled for this network, in pixels, a multiple of 16."""

WIDTHS = (16, 32, 64, 96)
"""Channels at 1/2, 1/4, 1/8 and 1/16 of the input size."""


def _convolve(x: Any, width: int, name: str, size: int = 3, strides: int = 1) -> Any:
    from keras import layers

    x = layers.Conv2D(width, size, strides=strides, padding="same", use_bias=False, name=f"{name}_conv")(x)
    return layers.Activation("relu", name=f"{name}_relu")(layers.BatchNormalization(name=f"{name}_norm")(x))


def _block(x: Any, width: int, name: str) -> Any:
    """Two 3×3 convolutions added to what came in."""
    from keras import layers

    y = _convolve(x, width, f"{name}1")
    y = layers.Conv2D(width, 3, padding="same", use_bias=False, name=f"{name}2_conv")(y)
    y = layers.BatchNormalization(gamma_initializer="zeros", name=f"{name}2_norm")(y)
    return layers.Activation("relu", name=f"{name}_out")(layers.Add(name=f"{name}_add")([x, y]))


def build_training(size: int = INPUT_SIZE) -> Any:
    """The network as it is trained: (N, size, size, 1) grey 0..255 → (N, size, size, 1) logits of *lung*.

    Args:
        size: A multiple of 16; weights do not depend on it.
    """
    import keras
    from keras import layers, ops

    film = keras.Input((size, size, 1), dtype="float32", name="film")
    half = _convolve(views(film), WIDTHS[0], "stem", 5, 2)
    x = layers.AveragePooling2D(2, name="pool1")(half)
    quarter = _block(_convolve(x, WIDTHS[1], "d2"), WIDTHS[1], "r2")
    x = layers.AveragePooling2D(2, name="pool2")(quarter)
    eighth = _block(_convolve(x, WIDTHS[2], "d3"), WIDTHS[2], "r3")
    x = layers.AveragePooling2D(2, name="pool3")(eighth)
    x = _block(_block(_convolve(x, WIDTHS[3], "d4"), WIDTHS[3], "r4a"), WIDTHS[3], "r4b")
    # What the film as a whole is (an adult's, a narrow crop, a bedside view), told to every place of it.
    whole = layers.GlobalAveragePooling2D(keepdims=True, name="whole")(x)
    whole = layers.Conv2D(WIDTHS[3], 1, name="whole_conv")(whole)
    x = layers.Activation("relu", name="whole_relu")(layers.Add(name="whole_add")([x, whole]))
    for step, (skip, width) in enumerate(((eighth, WIDTHS[2]), (quarter, WIDTHS[1]), (half, WIDTHS[0]))):
        x = layers.Conv2D(width, 1, use_bias=False, name=f"u{step}_narrow")(x)
        x = layers.UpSampling2D(2, interpolation="bilinear", name=f"u{step}_up")(x)
        x = layers.BatchNormalization(name=f"u{step}_norm")(layers.Add(name=f"u{step}_add")([x, skip]))
        x = _convolve(layers.Activation("relu", name=f"u{step}_relu")(x), width, f"u{step}c")
    x = layers.Conv2D(1, 3, padding="same", name="lungs_logit")(x)
    # One channel enlarged by two: a product of matrices, which runs faster than a layer for many channels.
    enlarge = enlarging_matrix(size, 2)
    large = ops.matmul(ops.matmul(enlarge, x[..., 0]), enlarge.T)
    return keras.Model(film, ops.expand_dims(large, -1), name="lungs")


def load_lungs(directory: Path = ARTIFACTS / "lungs") -> Any:
    """The trained network of an artefact, as :func:`build_training` makes it, not to be trained on.

    Raises:
        ArtifactMissing, ArtifactDamaged: The artefact is not there, or another network.
    """
    try:
        return with_weights(load_keras(directory / "model.keras").get_layer("lungs").get_weights())
    except ValueError as error:
        raise ArtifactDamaged(f"{directory / 'model.keras'} is no lung finder: {error}") from error


def with_weights(weights: Sequence[NDArray[np.float32]]) -> Any:
    """The network of :func:`build_training` with weights of such a one, not to be trained on.

    Raises:
        ValueError: They are another network's.
    """
    network = build_training()
    network.set_weights(weights)
    network.trainable = False
    return network


def build_serving(trained: Any) -> Any:
    """The network as it is served: (N, 224, 224, 1) in 0..255 → (N, 144, 144, 1) probability of *lung*.

    Args:
        trained: By :func:`build_training`, at :data:`INPUT_SIZE`.
    """
    import keras
    from keras import layers

    film = keras.Input((FILM_SIZE, FILM_SIZE, 1), dtype="float32", name="film")
    # Not antialiased: the films of training were sampled in the same way.
    small = layers.Resizing(INPUT_SIZE, INPUT_SIZE, interpolation="bilinear", name="shrink")(film)
    return keras.Model(
        film, layers.Activation("sigmoid", name="probability")(trained(small, training=False)), name="lungs_served"
    )
