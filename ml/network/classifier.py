"""The network: one film in, one logit and the feature map that explains it out.

Convolution and pooling blocks as in the customer's recipe, with residual additions, batch normalisation and global
average pooling put in, because global average pooling makes the class activation map a by-product of the same pass:
``logit = mean_{h,w}(features) · w + b``, so ``features · w`` says which places spoke for pneumonia (Zhou et al. 2016).

Only stock Keras layers and operations are used: the ``.keras`` file loads under ``safe_mode`` without any of our code
and exports to OpenVINO. Stochastic depth is ``Dropout`` with one draw per film.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ml.network.normalization import views

FILM_SIZE = 224
"""Side of the square film the serving network takes, in pixels."""

INPUT_SIZE = 160
"""Side to which the serving network scales the film, unless told otherwise, in pixels.

Random crops make things larger in training than they are in a whole film, so a network does best a little above the
size it was trained at (Touvron et al. 2019, "train-test resolution discrepancy"); docs/experiments.md has the figures.
"""

KINDS = ("normal", "bacterial", "viral")
"""What the second head learns in training where file names tell it; it is not in the serving network."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """The shape of one network; all of it goes into train.json.

    Attributes:
        widths: Channels of the stages; the first works at 1/4 of the film's size, the next at 1/8, the others at 1/16.
        blocks: Residual blocks in each stage.
        view: What the network sees of the film: ``"film"`` (standardised over the whole film), ``"local"``
            (standardised within a neighbourhood, blind to slow shading and to the tone curve) or ``"both"``.
        dropout: Share of pooled features dropped before the head in training.
        drop_path: Chance that the last block is skipped in training; earlier blocks less, linearly.
    """

    widths: tuple[int, ...] = (24, 48, 80, 144)
    blocks: tuple[int, ...] = (2, 2, 3, 2)
    view: str = "both"
    dropout: float = 0.3
    drop_path: float = 0.15

    def __post_init__(self) -> None:
        if self.view not in ("film", "local", "both"):
            raise ValueError(f"view is 'film', 'local' or 'both', not {self.view!r}")
        if len(self.widths) != len(self.blocks):
            raise ValueError("widths and blocks must have one entry for each stage")

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_json(cls, described: dict[str, Any]) -> Architecture:
        """Back from :meth:`as_json`."""
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in described.items()}
        return cls(**values)


def _block(x: Any, width: int, skip_chance: float, name: str) -> Any:
    """Two 3×3 convolutions added to what came in."""
    from keras import layers

    shortcut = x
    if x.shape[-1] != width:
        shortcut = layers.Conv2D(width, 1, use_bias=False, name=f"{name}_widen")(x)
        shortcut = layers.BatchNormalization(name=f"{name}_widen_norm")(shortcut)
    y = layers.Conv2D(width, 3, padding="same", use_bias=False, name=f"{name}_conv1")(x)
    y = layers.Activation("relu", name=f"{name}_relu1")(layers.BatchNormalization(name=f"{name}_norm1")(y))
    y = layers.Conv2D(width, 3, padding="same", use_bias=False, name=f"{name}_conv2")(y)
    # Starting the branch at zero lets the deep network begin as a shallow one (Goyal et al. 2017).
    y = layers.BatchNormalization(gamma_initializer="zeros", name=f"{name}_norm2")(y)
    if skip_chance > 0:
        y = layers.Dropout(skip_chance, noise_shape=(None, 1, 1, 1), name=f"{name}_skip")(y)
    return layers.Activation("relu", name=f"{name}_out")(layers.Add(name=f"{name}_add")([shortcut, y]))


def _trunk(film: Any, shape: Architecture) -> Any:
    """(N, H, W, 1) grey 0..255 → (N, H/16, W/16, widths[-1]) features, none negative."""
    from keras import layers

    x = views(film, shape.view)
    x = layers.Conv2D(shape.widths[0], 5, strides=2, padding="same", use_bias=False, name="stem_conv")(x)
    x = layers.Activation("relu", name="stem_relu")(layers.BatchNormalization(name="stem_norm")(x))
    x = layers.AveragePooling2D(3, strides=2, padding="same", name="stem_pool")(x)
    total, index = sum(shape.blocks), 0
    for stage, (width, blocks) in enumerate(zip(shape.widths, shape.blocks, strict=True)):
        if stage in (1, 2):  # average pooling between stages: no aliasing, so that small shifts change little
            x = layers.AveragePooling2D(2, name=f"stage{stage}_pool")(x)
        for block in range(blocks):
            index += 1
            x = _block(x, width, shape.drop_path * index / total, f"stage{stage}_{block}")
    return x


def build_training(shape: Architecture, size: int = FILM_SIZE) -> Any:
    """The network as it is trained: ``{"pneumonia": (N, 1) sigmoid, "kind": (N, 3) softmax}``.

    Args:
        shape: The architecture.
        size: Side of the films it will be shown, in pixels, a multiple of 16; weights do not depend on it.
    """
    import keras
    from keras import layers

    film = keras.Input((size, size, 1), dtype="float32", name="film")
    pooled = layers.GlobalAveragePooling2D(dtype="float32", name="pool")(_trunk(film, shape))
    pooled = layers.Dropout(shape.dropout, dtype="float32", name="dropout")(pooled)
    pneumonia = layers.Dense(1, activation="sigmoid", dtype="float32", name="pneumonia")(pooled)
    kind = layers.Dense(len(KINDS), activation="softmax", dtype="float32", name="kind")(pooled)
    return keras.Model(film, {"pneumonia": pneumonia, "kind": kind}, name="pneumoweb_training")


def build_serving(trained: Sequence[Any], shapes: Sequence[Architecture], input_size: int = INPUT_SIZE) -> Any:
    """The network as it is served, from one trained network or several of the same output size averaged into one.

    The members' feature maps are laid side by side and the head's weights divided by their number, so the logit is
    the mean of the members' logits and is still linear in the pooled features.

    Args:
        trained: Networks by :func:`build_training`, any input size.
        shapes: Their architectures, in the same order.
        input_size: Side to which the network scales the film, in pixels, a multiple of 16.

    Returns:
        A float32 Keras model, (N, 224, 224, 1) in 0..255 → ``{"logit": (N, 1), "features": (N, h, h, C)}``,
        h = input_size / 16.
    """
    import keras
    from keras import layers

    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        film = keras.Input((FILM_SIZE, FILM_SIZE, 1), dtype="float32", name="film")
        # Not antialiased: the films of training were sampled in the same way.
        scaled = film if input_size == FILM_SIZE else layers.Resizing(input_size, input_size, name="resize")(film)
        maps = []
        for number, (member, shape) in enumerate(zip(trained, shapes, strict=True)):
            inner = keras.Input((input_size, input_size, 1), dtype="float32", name="film")
            trunk = keras.Model(inner, _trunk(inner, shape), name=f"member{number}")
            weights = {w.path.rsplit("/", 2)[-2] + "/" + w.path.rsplit("/", 1)[-1]: w for w in member.weights}
            for variable in trunk.weights:
                variable.assign(weights["/".join(variable.path.rsplit("/", 2)[-2:])])
            trunk.trainable = False
            maps.append(trunk(scaled, training=False))
        features = maps[0] if len(maps) == 1 else layers.Concatenate(name="side_by_side")(maps)
        head = layers.Dense(1, name="head")
        logit = head(layers.GlobalAveragePooling2D(name="pool")(features))
        heads = [member.get_layer("pneumonia").get_weights() for member in trained]
        head.set_weights([np.concatenate([w for w, _ in heads]) / len(heads), np.mean([b for _, b in heads], axis=0)])
        features = layers.Identity(name="features")(features)
        logit = layers.Identity(name="logit")(logit)
        return keras.Model(film, {"logit": logit, "features": features}, name="pneumoweb")
    finally:
        keras.config.set_dtype_policy(policy)


def multiply_adds(model: Any) -> int:
    """Multiply-accumulate operations of convolutions and dense layers for one film."""
    import keras

    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            total += multiply_adds(layer)
        elif isinstance(layer, keras.layers.Conv2D):
            _, height, width, _ = layer.output.shape
            total += int(height * width * np.prod(layer.kernel.shape))
        elif isinstance(layer, keras.layers.Dense):
            total += int(np.prod(layer.kernel.shape))
    return total
