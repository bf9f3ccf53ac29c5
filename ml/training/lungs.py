"""Fit the network that finds the lungs, with the changes of acquisition that the classifiers learn under."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from ml.data.lung_masks import MaskedFilm
from ml.files import read_config
from ml.network.lungs import INPUT_SIZE, build_training
from ml.training.augmentation import AugmentationConfig, augment_pair
from ml.training.callbacks import Averaged, Pace
from ml.training.checkpoint import Checkpoint

Pixels = NDArray[np.uint8]
RECIPE = Path(__file__).parent / "recipes" / "lungs.json"


@dataclass(frozen=True, slots=True)
class LungFinderConfig:
    """The parameters of one run.

    Attributes:
        children, adults: Films of each in a batch; the few adults come more often than their number says.
    """

    seed: int = 1
    split_seed: int = 2026
    epochs: int = 20
    rate: float = 3e-3
    decay: float = 0.02
    children: int = 24
    adults: int = 8
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)

    @classmethod
    def read(cls, path: Path = RECIPE) -> LungFinderConfig:
        """Read a recipe.

        Raises:
            TrainingError: It is no recipe of this kind.
        """
        return read_config(cls, path)

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "augmentation"}
        return {**plain, "augmentation": asdict(self.augmentation)}


def overlap(found: NDArray[np.float32], masks: Pixels) -> NDArray[np.float64]:
    """Dice coefficient of each film: 2 |A ∩ B| / (|A| + |B|).

    Args:
        found: float32 (N, h, h), positive inside the lungs (logits, or probabilities less 0.5).
        masks: uint8 (N, H, H), H any; what was found is enlarged to it.
    """
    import tensorflow as tf

    size = masks.shape[1]
    inside = tf.image.resize(found[..., None], (size, size), "bilinear").numpy()[..., 0] > 0
    wanted = masks > 127
    both = np.logical_and(inside, wanted).sum((1, 2))
    dice: NDArray[np.float64] = 2 * both / np.maximum(inside.sum((1, 2)) + wanted.sum((1, 2)), 1)
    return dice


def find_lungs(network: Any, pixels: Pixels) -> NDArray[np.float32]:
    """Logits (N, 144, 144) of a network by ``build_training`` for films uint8 (N, 224, 224)."""
    import tensorflow as tf

    parts = []
    for start in range(0, len(pixels), 64):
        small = tf.image.resize(pixels[start : start + 64, :, :, None], (INPUT_SIZE, INPUT_SIZE), "bilinear")
        parts.append(np.asarray(network(small, training=False))[..., 0])
    return np.concatenate(parts)


def loss(masks: Any, logits: Any) -> Any:
    """Cross-entropy of the pixels plus 1 − soft Dice of each film, both in [0, 1]-valued masks (N, H, H, 1)."""
    import tensorflow as tf

    crossed = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=masks, logits=logits))
    p = tf.sigmoid(logits)
    both = tf.reduce_sum(p * masks, (1, 2, 3))
    sizes = tf.reduce_sum(p, (1, 2, 3)) + tf.reduce_sum(masks, (1, 2, 3))
    return crossed + 1 - tf.reduce_mean((2 * both + 50) / (sizes + 50))  # 50 pixels: a film without lungs is no 0/0


class WatchOverlap(keras.callbacks.Callback):  # type: ignore[misc]
    """After each epoch, the averaged weights' Dice on validation films; ``val_loss`` is what it lacks of 1.

    Args:
        served: A network to carry the averaged weights.
        averaged: Where they come from.
        groups: Name → (films, masks).
    """

    def __init__(self, served: Any, averaged: Averaged, groups: Mapping[str, tuple[Pixels, Pixels]]) -> None:
        super().__init__()
        self.served, self.averaged, self.groups = served, averaged, groups
        self.best: list[NDArray[np.float32]] = []
        self.best_loss = math.inf

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        logs = logs if logs is not None else {}
        self.served.set_weights(self.averaged.weights)
        for name, (pixels, masks) in self.groups.items():
            logs[f"val_dice_{name}"] = float(overlap(find_lungs(self.served, pixels), masks).mean())
        logs["val_loss"] = 1 - float(np.mean([logs[f"val_dice_{name}"] for name in self.groups]))
        if logs["val_loss"] < self.best_loss:
            self.best_loss, self.best = logs["val_loss"], [w.copy() for w in self.averaged.weights]


def order_of_pairs(adult: NDArray[np.bool_], config: LungFinderConfig, steps: int) -> NDArray[np.int64]:
    """Which films each batch shows, (epochs · steps, batch): so many children, so many adults, in random order."""
    rows = []
    for epoch in range(config.epochs):
        rng, columns = np.random.default_rng([config.seed, epoch]), []
        for members, count in ((np.flatnonzero(~adult), config.children), (np.flatnonzero(adult), config.adults)):
            if count and len(members):
                rounds = -(-steps * count // len(members))
                drawn = np.concatenate([rng.permutation(members) for _ in range(rounds)])[: steps * count]
                columns.append(drawn.reshape(steps, count))
        rows.append(rng.permuted(np.concatenate(columns, axis=1), axis=1))
    return np.concatenate(rows).astype(np.int64)


def batches(pixels: Pixels, masks: Pixels, order: NDArray[np.int64], start: int, config: LungFinderConfig) -> Any:
    """A tf.data pipeline of (film, mask) from batch ``start`` on."""
    import tensorflow as tf

    count = order.shape[1]
    with tf.device("CPU"):
        pairs, rows = tf.constant(np.stack([pixels, masks], axis=-1)), tf.constant(order)

    def load(step: Any) -> tuple[Any, Any]:
        pair = tf.gather(pairs, tf.ensure_shape(rows[step], (count,)))
        film, mask = augment_pair(pair, config.seed, step, config.augmentation, INPUT_SIZE)
        return film, mask / 255.0

    steps = tf.data.Dataset.range(start, len(order))
    # No Python branch in it hangs on a tensor, and to look for one takes seconds.
    load = tf.autograph.experimental.do_not_convert(load)
    return steps.map(load, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True).prefetch(4)


def fit_lungs(
    pixels: Pixels, masks: Pixels, films: Sequence[MaskedFilm], config: LungFinderConfig, out: Path, *, resume: bool
) -> tuple[Any, list[dict[str, float]]]:
    """Train; return the network with its best averaged weights, and the history.

    Args:
        pixels, masks: By ``load_masked_films``.
        films: The same films, with splits.
        config: Parameters.
        out: Where checkpoints go.
        resume: Go on from ``out/checkpoint.npz`` if it is there.

    Raises:
        TrainingError: The run cannot go on.
    """
    keras.utils.set_random_seed(config.seed)
    split = np.array([film.film.split for film in films])
    adult = np.array([film.adult for film in films])
    learn = np.flatnonzero(split == "train")
    steps = max(1, int((~adult[learn]).sum()) // max(config.children, 1))
    groups = {
        name: (pixels[chosen], masks[chosen])
        for name, chosen in (("children", (split == "val") & ~adult), ("adults", (split == "val") & adult))
        if chosen.any()
    }
    network, served = build_training(), build_training()
    optimizer = keras.optimizers.AdamW(config.rate, weight_decay=config.decay, global_clipnorm=1.0)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    network.compile(optimizer, loss=loss)
    averaged, pace = Averaged(keep=0.99), Pace(config.rate, config.epochs, steps, warm=1.0)
    watch = WatchOverlap(served, averaged, groups)
    history: list[dict[str, float]] = []
    # A run may be made longer or shorter on the way, nothing else may change.
    identity = {**config.as_json(), "epochs": None, "architecture": "lungs", "films": len(films)}
    checkpoint = Checkpoint(out / "checkpoint.npz", averaged, watch, identity, history)
    done = checkpoint.restore(network, [pace]) if resume else 0
    if done < config.epochs:
        order = order_of_pairs(adult[learn], config, steps)
        network.fit(
            batches(pixels[learn], masks[learn], order, done * steps, config), initial_epoch=done, epochs=config.epochs,
            steps_per_epoch=steps, verbose=2, callbacks=[watch, pace, averaged, checkpoint],
        )  # fmt: skip
    served.set_weights(watch.best)
    return served, history
