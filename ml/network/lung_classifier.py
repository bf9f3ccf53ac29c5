"""A classifier that works on the lungs: EfficientNet-Lite0 on a crop to them, pooled over them alone.

As trained it takes the crop and the lungs' weights; as served it takes the film as every classifier here does, finds
the lungs itself and gives a logit and a feature map over the whole film, ``logit = mean(features)·w + b``, in which
nothing outside the lungs counts. So card, gate, heat map and every check work on it as on any other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.intake.radiograph import FILM_SIZE
from ml.network import lung_crop
from ml.network.efficientnet import STRIDE, backbone
from ml.network.fold import fold
from ml.network.lungs import INPUT_SIZE
from ml.network.normalization import softening_matrix, views

TRAIN_SIZE = 160
SERVE_SIZE = 192
"""Sides of the crop. Random crops make things larger in training than they are (Touvron et al. 2019), hence the two."""

GRID = 36
"""Side of the served feature map over the whole film, a divisor of the lung finder's input size."""

EDGE = 9
"""Cells of the lung finder's 144, odd, over which lungs are narrowed before pooling: half of them at each edge."""

GROUPS = 32
"""Channels of the served feature map, each the sum of some of the backbone's."""


def three_views(crop: Any) -> Any:
    """(N, S, S, 1) grey 0..255 → (N, S, S, 3): standardised as a whole, within neighbourhoods, and their mean between.

    ImageNet's first layer wants three channels. Grey three times would waste two of them; this keeps its weights as
    they are, and the network sees what depends on the tone curve and what does not.
    """
    from keras import ops

    both = 0.5 * views(crop)
    return ops.concatenate([both[..., :1], ops.mean(both, axis=-1, keepdims=True), both[..., 1:]], axis=-1)


def build_training(size: int = TRAIN_SIZE, *, kinds: int = 4, drop_path: float = 0.1, dropout: float = 0.3) -> Any:
    """The network as it is trained: ``[crop (N, S, S, 1), weights (N, S/32, S/32, 1)]`` → logits by name.

    Args:
        size: Side S of the crop, a multiple of 32; weights of the network do not depend on it.
        kinds: Classes of the auxiliary head (kinds of pneumonia, and none), which is not served.
        drop_path: Chance that the last block is skipped in training.
        dropout: Share of pooled features dropped before the heads.

    Returns:
        A Keras model: ``lungs`` (N, 1) pooled over the lungs, which is served; ``all`` (N, 1) pooled over the crop;
        ``aux`` (N, kinds).
    """
    import keras
    from keras import layers, ops

    crop = keras.Input((size, size, 1), dtype="float32", name="film")
    weights = keras.Input((size // STRIDE, size // STRIDE, 1), dtype="float32", name="weights")
    features = backbone(three_views(crop), drop_path)
    dropped = layers.Dropout(dropout, name="dropout")
    everywhere = dropped(layers.GlobalAveragePooling2D(name="pool_all")(features))
    inside = dropped(ops.sum(features * weights, axis=(1, 2)) / (ops.sum(weights, axis=(1, 2)) + 1e-3))
    heads = {
        "all": layers.Dense(1, name="head_all")(everywhere),
        "lungs": layers.Dense(1, name="head_lungs")(inside),
        "aux": layers.Dense(kinds, name="head_aux")(inside),
    }
    return keras.Model([crop, weights], heads, name="lung_classifier")


def grouped(head: NDArray[np.float32], groups: int = GROUPS) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Split a head of many channels in two steps that give the same: (C, groups) sums, then (groups, 1) weights.

    Channels of like weight and one sign go together, so each group is still a feature map that is never negative.

    Args:
        head: (C, 1) weights.
        groups: How many groups, at least 2.
    """
    flat = head[:, 0]
    order = np.argsort(flat)
    negative = int((flat < 0).sum())
    below = min(max(1, round(groups * negative / len(flat))), groups - 1)
    pieces = [
        *np.array_split(order[:negative], below),
        *np.array_split(order[negative:], groups - below),
    ]
    sums, weights = np.zeros((len(flat), groups), np.float32), np.zeros((groups, 1), np.float32)
    for group, members in enumerate(pieces):
        if len(members):
            weights[group] = flat[members].mean() or 1.0
            sums[members, group] = flat[members] / weights[group]
    return sums, weights


def build_serving(trained: Any, lungs: Any, size: int = SERVE_SIZE, soften: float = 0.0) -> Any:
    """The network as it is served.

    Args:
        trained: By :func:`build_training`, any size.
        lungs: The trained lung finder, by :func:`ml.network.lungs.load_lungs`; becomes a part of the result.
        size: Side of the crop it works on.
        soften: Standard deviation, in pixels of the film, of the blur before the crop; that of training.

    Returns:
        A Keras model whose weights are exact in 16 bits, (N, 224, 224, 1) in 0..255 → ``{"logit": (N, 1),
        "features": (N, 36, 36, 32), "lungs": (N, 144, 144, 1)}``, the last the probability of *lung*.
    """
    import keras
    from keras import layers, ops

    inner = keras.Input((size, size, 1), dtype="float32", name="crop")
    trunk = keras.Model(inner, backbone(three_views(inner)), name="backbone")
    found = {layer.name: layer for layer in trained.layers}
    for layer in trunk.layers:
        if layer.weights:
            layer.set_weights(found[layer.name].get_weights())
    trunk.trainable = False
    weights, bias = found["head_lungs"].get_weights()
    sums, head_weights = grouped(weights)

    film = keras.Input((FILM_SIZE, FILM_SIZE, 1), dtype="float32", name="film")
    small = layers.Resizing(INPUT_SIZE, INPUT_SIZE, interpolation="bilinear", name="shrink")(film)
    probability = ops.sigmoid(lungs(small, training=False))
    mask = lung_crop.soft_mask(probability[..., 0])
    edges = lung_crop.box(mask)
    grey = film[..., 0]
    if soften:
        blur = softening_matrix(FILM_SIZE, soften)
        grey = ops.matmul(ops.matmul(blur, grey), blur.T)
    crop = ops.expand_dims(lung_crop.crop(grey, edges, size), -1)
    group = layers.Conv2D(GROUPS, 1, use_bias=False, name="groups")
    spread = lung_crop.onto_film(group(trunk(crop, training=False)), edges, GRID)
    group.set_weights([sums[None, None]])
    # Enlarged, what counts at the lungs' edge would reach over it. A trace of the edge stays, for lungs all edge.
    inner = ops.expand_dims(lung_crop.narrowed(mask, EDGE) + 0.01 * mask, -1)
    counts = layers.AveragePooling2D(INPUT_SIZE // GRID, name="cells")(inner)
    features = spread * (counts / ops.mean(counts, axis=(1, 2), keepdims=True))
    head = layers.Dense(1, name="head")
    logit = head(layers.GlobalAveragePooling2D(name="pool")(features))
    head.set_weights([head_weights, bias])
    outputs = {
        "logit": layers.Identity(name="logit")(logit),
        "features": layers.Identity(name="features")(features),
        "lungs": layers.Identity(name="lungs_found")(probability),
    }
    model = keras.Model(film, outputs, name="pneumoweb_lungs")
    fold(model)
    return model
