"""A classifier that works on the lungs: EfficientNet-Lite0 on a crop to them, pooled over them alone.

As trained it takes the crop and the lungs' weights; as served it takes the film as every classifier here does, finds
the lungs itself and gives a logit and a feature map over the whole film, ``logit = mean(features)·w + b``. Outside the
lungs the map is zero; what it holds inside them still comes from most of the crop
(:mod:`ml.evaluation.exchanged_sixths`). Card, gate, heat map and every check work on it as on any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.errors import ArtifactDamaged, TrainingError
from ml.intake.radiograph import FILM_SIZE
from ml.network import lung_crop
from ml.network.efficientnet import WHOLE, backbone, fixed_initializer, stages_of, stride_of
from ml.network.fold import fold
from ml.network.lungs import INPUT_SIZE, with_weights
from ml.network.normalization import softening_matrix, views
from ml.network.unfold import unfold

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


def for_two_views(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """The first layer's kernel for :func:`ml.network.normalization.views` themselves, which gives the same.

    Args:
        kernel: (3, 3, 3, C) for :func:`three_views`; or (3, 3, 2, C), which is given back as it is.
    """
    if kernel.shape[2] == 2:
        return kernel
    first, mean, last = (kernel[:, :, i : i + 1] for i in range(3))
    return np.concatenate([0.5 * first + 0.25 * mean, 0.25 * mean + 0.5 * last], axis=2)


def build_training(
    size: int = TRAIN_SIZE, *, stages: int = WHOLE, kinds: int = 4, drop_path: float = 0.1, dropout: float = 0.3,
    pieces: bool = False,
) -> Any:  # fmt: skip
    """The network as it is trained: ``[crop (N, S, S, 1), weights (N, S/s, S/s, 1)]`` → logits by name.

    Args:
        size: Side S of the crop, a multiple of 32; weights of the network do not depend on it.
        stages: Of EfficientNet-Lite0; s is their stride, 32 of all.
        kinds: Classes of the auxiliary head (kinds of pneumonia, and none), which is not served.
        drop_path: Chance that the last block is skipped in training.
        dropout: Share of pooled features dropped before the heads.
        pieces: Whether to take a third input, the weights of a piece of the lungs, and to answer for that alone, too.

    Returns:
        A Keras model: ``lungs`` (N, 1) pooled over the lungs, which is served; ``all`` (N, 1) pooled over the crop;
        ``aux`` (N, kinds); with ``pieces`` ``piece`` (N, 1), pooled over the piece. All have the same weights.
    """
    import keras
    from keras import layers, ops

    grid = size // stride_of(stages)
    crop = keras.Input((size, size, 1), dtype="float32", name="film")
    weights = keras.Input((grid, grid, 1), dtype="float32", name="weights")
    features = backbone(three_views(crop), drop_path, stages)
    dropped = layers.Dropout(dropout, name="dropout")
    everywhere = dropped(layers.GlobalAveragePooling2D(name="pool_all")(features))

    def pooled(within: Any) -> Any:
        return dropped(ops.sum(features * within, axis=(1, 2)) / (ops.sum(within, axis=(1, 2)) + 1e-3))

    inside, of_lungs = pooled(weights), layers.Dense(1, kernel_initializer=fixed_initializer(), name="head_lungs")
    heads = {
        "all": layers.Dense(1, kernel_initializer=fixed_initializer(), name="head_all")(everywhere),
        "lungs": of_lungs(inside),
        "aux": layers.Dense(kinds, kernel_initializer=fixed_initializer(), name="head_aux")(inside),
    }
    if not pieces:
        return keras.Model([crop, weights], heads, name="lung_classifier")
    piece = keras.Input((grid, grid, 1), dtype="float32", name="piece")
    heads["piece"] = of_lungs(pooled(piece))
    return keras.Model([crop, weights, piece], heads, name="lung_classifier")


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


def pooling_mask(mask: Any, edge: int) -> Any:
    """(N, h, w) lungs 0..1 → what each place counts in pooling.

    Enlarged, what counts at the lungs' edge would reach over it, so half of ``edge`` (odd) cells is taken away at each.
    A trace of it stays, for lungs that are all edge. An ``edge`` of 1 takes nothing away.
    """
    return mask if edge == 1 else lung_crop.narrowed(mask, edge) + 0.01 * mask


def build_serving(trained: Any, lungs: Any, size: int = SERVE_SIZE, soften: float = 0.0) -> Any:
    """The network as it is served.

    Args:
        trained: By :func:`build_training`, any size.
        lungs: The trained lung finder, by :func:`ml.network.lungs.load_lungs`; becomes a part of the result.
        size: Side of the crop it works on.
        soften: Standard deviation, in pixels of the film, of the blur before the crop; that of training.

    Returns:
        A Keras model whose larger weights are exact in 16 bits, (N, 224, 224, 1) in 0..255 → ``{"logit": (N, 1),
        "features": (N, 36, 36, 32), "lungs": (N, 144, 144, 1)}``, the last the probability of *lung*.
    """
    found = {layer.name: layer.get_weights() for layer in trained.layers if layer.weights}
    weights, bias = found["head_lungs"]
    sums, head_weights = grouped(weights)
    found |= {"groups": [sums[None, None]], "head": [head_weights, bias]}
    return _assembled(found, lungs, size, soften, EDGE)


def learn_on(network: Any, served: Any, shown: list[NDArray[Any]]) -> None:
    """Give a network in training the weights of a served one, so that it answers as that does and can learn on.

    Its auxiliary head, which is not served, stays as it is; the head of the whole crop becomes that of the lungs.

    Args:
        network: By :func:`build_training`, any size.
        served: By :func:`build_serving`.
        shown: ``[crops, weights]``, and pieces where it has them: some hundred, as it is shown them in training.

    Raises:
        ArtifactDamaged: ``served`` is another kind of network.
        TrainingError: It has another number of stages.
    """
    stages, wanted = stages_served(served), stages_of(layer.name for layer in network.layers)
    if stages != wanted:
        raise TrainingError(f"The network to begin with has {stages} stages, and the recipe says {wanted}.")
    found = {layer.name: layer.get_weights() for layer in served.get_layer("backbone").layers if layer.weights}
    first, last = (found["_conv_stem"][0][:, :, i : i + 1] for i in range(2))
    found["_conv_stem"] = [np.concatenate([2 * first, 0 * first, 2 * last], axis=2)]
    sums, (head, bias) = served.get_layer("groups").get_weights()[0][0, 0], served.get_layer("head").get_weights()
    found["head_lungs"] = found["head_all"] = [sums @ head, bias]
    found["head_aux"] = network.get_layer("head_aux").get_weights()
    unfold(network, found, shown)


def stages_served(served: Any) -> int:
    """How many stages a served network has.

    Raises:
        ArtifactDamaged: It is no classifier on lung crops.
    """
    if not works_on_lungs(served):
        raise ArtifactDamaged(
            "The network does not work on lungs: no classifier on lung crops can begin with it or learn from it."
        )
    return stages_of(layer.name for layer in served.get_layer("backbone").layers)


def works_on_lungs(served: Any) -> bool:
    """Whether a Keras model is one of :func:`build_serving`, today's or an earlier one."""
    return {"backbone", "lungs", "groups", "head"} <= {layer.name for layer in served.layers}


def rebuilt(served: Any, soften: float = 0.0) -> Any:
    """A served network once more, of the same weights, with the graph that this code builds today.

    Args:
        served: By :func:`build_serving`, today or earlier.
        soften: What it was built with.

    Raises:
        ArtifactDamaged: It is another kind of network.
    """
    if not works_on_lungs(served):
        raise ArtifactDamaged("The network does not work on lungs: there is nothing to build once more.")
    trunk = served.get_layer("backbone")
    layers = [*trunk.layers, served.get_layer("groups"), served.get_layer("head")]
    found = {layer.name: layer.get_weights() for layer in layers if layer.weights}
    lungs = with_weights(served.get_layer("lungs").get_weights())
    # The first network for adults pools over the lungs as they are.
    edge = EDGE if any(layer.name.startswith("narrow") for layer in served.layers) else 1
    return _assembled(found, lungs, trunk.input_shape[1], soften, edge)


def _assembled(found: Mapping[str, list[NDArray[np.float32]]], lungs: Any, size: int, soften: float, edge: int) -> Any:
    """The served network of a backbone's and a head's weights, by the names of their layers, and of a lung finder."""
    import keras
    from keras import layers, ops

    inner = keras.Input((size, size, 1), dtype="float32", name="crop")
    trunk = keras.Model(inner, backbone(views(inner), stages=stages_of(found)), name="backbone")
    for layer in trunk.layers:
        if layer.name == "_conv_stem":
            layer.set_weights([for_two_views(found[layer.name][0])])
        elif layer.weights:
            layer.set_weights(found[layer.name])
    trunk.trainable = False

    film = keras.Input((FILM_SIZE, FILM_SIZE, 1), dtype="float32", name="film")
    small = layers.Resizing(INPUT_SIZE, INPUT_SIZE, interpolation="bilinear", name="shrink")(film)
    probability = ops.sigmoid(lungs(small, training=False))
    mask = lung_crop.soft_mask(probability[..., 0])
    edges = lung_crop.box(mask)
    blur = softening_matrix(FILM_SIZE, soften) if soften else None
    crop = ops.expand_dims(lung_crop.crop(film[..., 0], edges, size, blur), -1)
    group = layers.Conv2D(GROUPS, 1, use_bias=False, name="groups")
    spread = lung_crop.onto_film(group(trunk(crop, training=False)), edges, GRID)
    group.set_weights(found["groups"])
    counts = layers.AveragePooling2D(INPUT_SIZE // GRID, name="cells")(ops.expand_dims(pooling_mask(mask, edge), -1))
    features = spread * (counts / ops.mean(counts, axis=(1, 2), keepdims=True))
    head = layers.Dense(1, name="head")
    logit = head(layers.GlobalAveragePooling2D(name="pool")(features))
    head.set_weights(found["head"])
    outputs = {
        "logit": layers.Identity(name="logit")(logit),
        "features": layers.Identity(name="features")(features),
        "lungs": layers.Identity(name="lungs_found")(probability),
    }
    model = keras.Model(film, outputs, name="pneumoweb_lungs")
    fold(model)
    return model
