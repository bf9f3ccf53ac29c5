"""The gate's network: small, takes the whole film at 112×112, and answers four questions at once.

Only stock Keras layers and operations are used, so the ``.keras`` file loads in safe mode and exports to OpenVINO.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.gate_training.augmentation import INPUT_SIZE
from ml.inference.gate.card import KINDS, OUTPUTS
from ml.intake.read import FILM_SIZE
from ml.network.normalization import views


def _convolve(x: Any, width: int, name: str, size: int = 3, strides: int = 1) -> Any:
    from keras import layers

    x = layers.Conv2D(width, size, strides=strides, padding="same", use_bias=False, name=f"{name}_conv")(x)
    return layers.BatchNormalization(name=f"{name}_norm")(x)


def _block(x: Any, width: int, name: str) -> Any:
    """Two 3×3 convolutions added to what came in."""
    from keras import layers

    shortcut = x if x.shape[-1] == width else _convolve(x, width, f"{name}_widen", 1)
    y = layers.Activation("relu")(_convolve(x, width, f"{name}_first"))
    return layers.Activation("relu", name=f"{name}_out")(
        layers.Add()([shortcut, _convolve(y, width, f"{name}_second")])
    )


def build_trunk() -> Any:
    """Return the trained part: (N, 112, 112, 1) in 0..255 → kind, turn, inverted, adult (logits) and 96 features."""
    import keras
    from keras import layers

    film = keras.Input((INPUT_SIZE, INPUT_SIZE, 1), name="film")
    x = layers.Activation("relu")(_convolve(views(film, cell=8), 16, "stem", 5, 2))
    x = layers.AveragePooling2D(2)(x)
    x = _block(x, 32, "fine")
    x = layers.AveragePooling2D(2)(x)
    x = _block(_block(x, 64, "middle"), 64, "middle2")
    x = layers.AveragePooling2D(2)(x)
    x = _block(x, 96, "coarse")
    features = layers.GlobalAveragePooling2D(name="features")(x)
    dropped = layers.Dropout(0.25)(features)
    heads = {
        "kind": layers.Dense(len(KINDS), name="kind")(dropped),
        "turn": layers.Dense(4, name="turn")(dropped),
        "inverted": layers.Dense(1, name="inverted")(dropped),
        "adult": layers.Dense(1, name="adult")(dropped),
    }
    return keras.Model(film, {**heads, "features": features}, name="gate_trunk")


def build_served(trunk: Any, reference: dict[str, NDArray[np.float32]]) -> Any:
    """Return the served network: (N, 224, 224, 1) in 0..255 → the outputs of :data:`ml.inference.gate.card.OUTPUTS`.

    Args:
        trunk: A trained :func:`build_trunk`.
        reference: ``mean`` (c,) and ``whitener`` (c, k) of the features of frontal films: the Mahalanobis distance is
            the length of ``(features - mean) @ whitener``, and is part of the network.
    """
    import keras
    from keras import layers, ops

    film = keras.Input((FILM_SIZE, FILM_SIZE, 1), name="film")
    found = trunk(layers.AveragePooling2D(FILM_SIZE // INPUT_SIZE, name="shrink")(film), training=False)
    whitener = layers.Dense(reference["whitener"].shape[1], name="whitener", trainable=False)
    white = whitener(found["features"])
    whitener.set_weights([reference["whitener"], -reference["mean"] @ reference["whitener"]])
    novelty = ops.sqrt(ops.mean(ops.square(white), axis=-1, keepdims=True))
    named = {**{name: found[name] for name in OUTPUTS[:-1]}, "novelty": novelty}
    outputs = [layers.Identity(name=f"out_{name}")(named[name]) for name in OUTPUTS]
    return keras.Model(film, outputs, name="pneumoweb_gate")
