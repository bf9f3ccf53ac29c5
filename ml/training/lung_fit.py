"""Fit a classifier that works on lung crops, begun with ImageNet weights or with another run's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from ml.data.dataset import Film
from ml.data.prepare import PreparedData
from ml.evaluation.shifts import blend_of_shifts
from ml.inference.cards.files import is_artefact
from ml.metrics.curves import area_under_curve, loss_at_best_offset
from ml.network.efficientnet import freeze, load_imagenet
from ml.network.export import load_keras
from ml.network.lung_classifier import build_training, learn_on
from ml.training.callbacks import Averaged, Pace
from ml.training.checkpoint import Checkpoint, give_lung_weights
from ml.training.config import LungClassifierConfig
from ml.training.distillation import Shown, lung_teachers
from ml.training.lung_maps import find_lung_maps
from ml.training.lung_pipeline import batches, served_crops, softened
from ml.training.pipeline import order_of_films

Pixels = NDArray[np.uint8]
_SOME = 384
"""Films that tell what activations are like in a network that has kept no statistics of them."""


def kinds_of(films: Sequence[Film]) -> tuple[list[str], NDArray[np.int64]]:
    """Names of the auxiliary head's classes, films without pneumonia first, and each film's class."""
    names = ["", *sorted({film.kind for film in films if film.label == 1})]
    return names, np.array([names.index(film.kind) if film.label else 0 for film in films], np.int64)


class WatchCrops(keras.callbacks.Callback):  # type: ignore[misc]
    """After each epoch, the averaged weights on validation films as they are and under shifts.

    Nothing is chosen by it: internal validation has ranked networks wrongly for other hospitals, so the mean of the
    last epochs' weights is kept, at the end of the learning rate's fall. It says how the run goes.

    Args:
        served: A network at the served size, to carry the averaged weights.
        averaged: Where they come from.
        groups: Name → (crops, pooling weights).
        labels: (N,) of 0 and 1.
        first: The epoch, counted from 0, from which on weights are averaged.
    """

    def __init__(
        self, served: Any, averaged: Averaged, groups: dict[str, Any], labels: NDArray[np.int64], first: int
    ) -> None:
        super().__init__()
        self.first = first
        self.served, self.averaged, self.groups, self.labels = served, averaged, groups, labels
        self.best: list[NDArray[np.float32]] = []
        self.best_loss = float("inf")

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        logs = logs if logs is not None else {}
        self.served.set_weights(self.averaged.weights)
        for name, (crops, weights) in self.groups.items():
            p = 1 / (1 + np.exp(-np.clip(scores(self.served, crops, weights), -13, 13)))
            logs[f"val_auc{name}"] = area_under_curve(self.labels, p)
            logs[f"val_loss{name}"] = loss_at_best_offset(self.labels, p)
        self.best = joined(self.best, self.averaged.weights, epoch - self.first + 1)
        self.best_loss = logs["val_loss"]


def joined(
    mean: list[NDArray[np.float32]], weights: list[NDArray[np.float32]], count: int
) -> list[NDArray[np.float32]]:
    """The mean of ``count`` epochs' weights, of which ``mean`` is that of all but the last; the last's own up to 1."""
    if count <= 1:
        return [array.copy() for array in weights]
    return [before + (now - before) / np.float32(count) for before, now in zip(mean, weights, strict=True)]


def scores(network: Any, crops: Pixels, weights: NDArray[np.float32]) -> NDArray[np.float64]:
    """Logits (N,) pooled over the lungs, for crops and pooling weights by ``served_crops``."""
    parts = [
        np.asarray(network([crops[i : i + 64].astype(np.float32), weights[i : i + 64]], training=False)["lungs"])
        for i in range(0, len(crops), 64)
    ]
    return np.concatenate(parts)[:, 0].astype(np.float64)


def begin(network: Any, config: LungClassifierConfig, shown: Shown) -> None:
    """Give a network the weights its recipe begins with.

    Args:
        network: By ``build_training``.
        config: Names them.
        shown: Asked where a published network is to be gone on from.

    Raises:
        MLError: They cannot be read, or belong to another network.
    """
    start = Path(config.start)
    if config.weights:
        load_imagenet(network, Path(config.weights))
    if config.start and is_artefact(start):
        crops, weights = shown(config.stages)
        learn_on(network, load_keras(start / "model.keras"), [crops, *[weights] * (len(network.inputs) - 1)])
    elif config.start:
        give_lung_weights(network, start, "mean")


def lessons(
    data: PreparedData, films: NDArray[np.int64], config: LungClassifierConfig, order: NDArray[np.int64],
    start: int = 0, teach: Callable[[Any, Any], Any] | None = None,
) -> Any:  # fmt: skip
    """What a run is shown, batch by batch.

    Args:
        data: Films with splits and weights.
        films: (N,) places of films in it, to learn from.
        config: Parameters.
        order: (batches, films a batch) places in ``films``.
        start: First batch to show.
        teach: By :func:`ml.training.distillation.lung_teachers`.
    """
    pixels, kinds = data.pixels[films], kinds_of(data.films)[1][films]
    targets = (data.labels[films] * (1 - config.smooth) + config.smooth / 2).astype(np.float32)
    maps = find_lung_maps(pixels, narrow=config.narrow)
    return batches(
        softened(pixels, config.soften), maps, targets, kinds, order, start, config.seed, config.crop,
        config.retouching, config.size, teach, config.pieces, config.stages,
    )  # fmt: skip


def fit_lung_classifier(
    data: PreparedData, config: LungClassifierConfig, out: Path, taken_over: Mapping[str, Any], *, resume: bool
) -> tuple[Any, list[dict[str, float]]]:
    """Train; return the network at its served size with the mean of the last epochs' averaged weights, and the history.

    Args:
        data: Films with splits and weights.
        config: Parameters.
        out: Where checkpoints go.
        taken_over: By :func:`ml.training.run.behind`; checkpoints keep it.
        resume: Go on from ``out/checkpoint.npz`` if it is there.

    Raises:
        DataError: One of ``config.teachers`` cannot teach.
        ArtifactError: A published network to begin with or to learn from cannot be read, or is of another kind.
        TrainingError: The run cannot go on, or not begin as its recipe says.
    """
    keras.utils.set_random_seed(config.seed)
    learn, choose = data.places("train"), data.places("val")
    labels, pixels = data.labels, data.pixels
    names = kinds_of(data.films)[0]
    steps = max(1, len(learn) // config.batch)
    order = order_of_films(labels[learn], config.epochs, steps, config.batch, config.seed, data.weights)
    moved = blend_of_shifts(pixels[choose], 1)
    find = partial(find_lung_maps, narrow=config.narrow)
    groups = {
        name: served_crops(softened(shown, config.soften), find(shown), config.serve_size, config.stages)
        for name, shown in (("_plain", pixels[choose]), ("", moved))
    }
    network = build_training(config.size, stages=config.stages, kinds=len(names), pieces=config.pieces > 0)
    served = build_training(config.serve_size, stages=config.stages, kinds=len(names))
    some = learn[:: max(1, len(learn) // _SOME)]

    def shown_some(stages: int) -> tuple[Pixels, NDArray[np.float32]]:
        films = pixels[some]
        return served_crops(softened(films, config.soften), find(films), config.size, stages)

    begin(network, config, shown_some)
    freeze(network, config.frozen)
    optimizer = keras.optimizers.AdamW(config.rate, weight_decay=config.decay, global_clipnorm=1.0)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    crossed = keras.losses.BinaryCrossentropy(from_logits=True)
    losses = {"all": crossed, "lungs": crossed, "aux": keras.losses.SparseCategoricalCrossentropy(from_logits=True)}
    counts = {"all": 0.5, "lungs": 1.0, "aux": 0.2}
    if config.pieces:
        losses, counts = {**losses, "piece": crossed}, {**counts, "piece": 1.0}
    network.compile(optimizer, loss=losses, loss_weights=counts)
    averaged, pace = Averaged(keep=config.keep), Pace(config.rate, config.epochs, steps, patience=10**6, warm=1.0)
    watch = WatchCrops(served, averaged, groups, labels[choose], max(0, config.epochs - config.tail))
    history: list[dict[str, float]] = []
    # A run may be made longer or shorter on the way, nothing else may change.
    identity = {**config.as_json(), **taken_over, "epochs": None, "architecture": config.network, "data": data.digest}
    checkpoint = Checkpoint(out / "checkpoint.npz", averaged, watch, identity, history)
    done = checkpoint.restore(network, [pace]) if resume else 0
    if done < config.epochs:
        taught_by = [Path(run) for run in config.teachers]
        teach = lung_teachers(taught_by, config.size, identity, shown_some) if taught_by else None
        shown = lessons(data, learn, config, order, done * steps, teach)
        network.fit(
            shown, initial_epoch=done, epochs=config.epochs, steps_per_epoch=steps, verbose=2,
            callbacks=[watch, pace, averaged, checkpoint],
        )  # fmt: skip
    served.set_weights(watch.best)
    return served, history
