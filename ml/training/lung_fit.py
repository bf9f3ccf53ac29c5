"""Fit a classifier that works on lung crops, begun with ImageNet weights or with another run's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from ml.data.acquisition import describe, guess_labels, propensity_weights
from ml.data.dataset import Film, data_hash
from ml.data.split import groups_of
from ml.errors import TrainingError
from ml.evaluation.shifts import blend_of_shifts
from ml.metrics.curves import area_under_curve, loss_at_best_offset
from ml.network.efficientnet import freeze, load_imagenet
from ml.network.lung_classifier import build_training
from ml.training.callbacks import Averaged, Pace
from ml.training.checkpoint import Checkpoint, read_checkpoint
from ml.training.config import LungClassifierPlan
from ml.training.lung_maps import find_lung_maps
from ml.training.lung_pipeline import batches, served_crops
from ml.training.pipeline import order_of_films

Pixels = NDArray[np.uint8]


def kinds_of(films: Sequence[Film]) -> tuple[list[str], NDArray[np.int64]]:
    """Names of the auxiliary head's classes, films without pneumonia first, and each film's class."""
    names = ["", *sorted({film.kind for film in films if film.label == 1})]
    return names, np.array([names.index(film.kind) if film.label else 0 for film in films], np.int64)


class WatchCrops(keras.callbacks.Callback):  # type: ignore[misc]
    """After each epoch, the averaged weights on validation films as they are and under shifts.

    Nothing is chosen by it: internal validation has ranked networks wrongly for other hospitals, so the last epoch's
    weights are kept, at the end of the learning rate's fall. It says how the run goes.

    Args:
        judge: A network at the served size, to carry the averaged weights.
        averaged: Where they come from.
        groups: Name → (crops, pooling weights).
        labels: (N,) of 0 and 1.
    """

    def __init__(self, judge: Any, averaged: Averaged, groups: dict[str, Any], labels: NDArray[np.int64]) -> None:
        super().__init__()
        self.judge, self.averaged, self.groups, self.labels = judge, averaged, groups, labels
        self.best: list[NDArray[np.float32]] = []
        self.best_loss = float("inf")

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        logs = logs if logs is not None else {}
        self.judge.set_weights(self.averaged.weights)
        for name, (crops, weights) in self.groups.items():
            p = 1 / (1 + np.exp(-np.clip(scores(self.judge, crops, weights), -13, 13)))
            logs[f"val_auc{name}"] = area_under_curve(self.labels, p)
            logs[f"val_loss{name}"] = loss_at_best_offset(self.labels, p)
        self.best, self.best_loss = [w.copy() for w in self.averaged.weights], logs["val_loss"]


def scores(network: Any, crops: Pixels, weights: NDArray[np.float32]) -> NDArray[np.float64]:
    """Logits (N,) pooled over the lungs, for crops and pooling weights by ``served_crops``."""
    parts = [
        np.asarray(network([crops[i : i + 64].astype(np.float32), weights[i : i + 64]], training=False)["lungs"])
        for i in range(0, len(crops), 64)
    ]
    return np.concatenate(parts)[:, 0].astype(np.float64)


def begin(network: Any, plan: LungClassifierPlan) -> None:
    """Give a network the weights its plan begins with.

    Raises:
        TrainingError: They cannot be read, or belong to another network.
    """
    if plan.weights:
        load_imagenet(network, Path(plan.weights))
    if plan.start:
        arrays, _ = read_checkpoint(Path(plan.start) / "checkpoint.npz")
        for place, variable in enumerate(network.weights):
            value = arrays.get(f"mean{place}")
            if value is None or value.shape != variable.shape:
                if "head_aux" in variable.path and value is not None:
                    continue  # another set of kinds; that head is not served
                raise TrainingError(f"{plan.start} holds another network; it cannot be begun with.")
            variable.assign(value)


def fit_lung_classifier(
    pixels: Pixels, films: Sequence[Film], plan: LungClassifierPlan, out: Path, *, resume: bool
) -> tuple[Any, list[dict[str, float]]]:
    """Train; return the network at its served size with the last epoch's averaged weights, and the history.

    Args:
        pixels: uint8 (N, 224, 224).
        films: The same films, with splits.
        plan: Parameters.
        out: Where checkpoints go.
        resume: Go on from ``out/checkpoint.npz`` if it is there.

    Raises:
        TrainingError: The run cannot go on, or not begin as planned.
    """
    keras.utils.set_random_seed(plan.seed)
    side = np.array([film.side for film in films])
    learn, choose = np.flatnonzero(side == "train"), np.flatnonzero(side == "val")
    labels = np.array([film.label for film in films], np.int64)
    names, kinds = kinds_of(films)
    steps = max(1, len(learn) // plan.batch)
    weights = None
    if plan.fairness > 1:
        guess = guess_labels(
            describe(pixels[learn]), labels[learn], groups_of([film for film in films if film.side == "train"])
        )
        weights = propensity_weights(guess, labels[learn], plan.fairness)
    order = order_of_films(labels[learn], plan.epochs, steps, plan.batch, plan.seed, weights)
    moved = blend_of_shifts(pixels[choose], 1)
    groups = {
        name: served_crops(shown, find_lung_maps(shown), plan.serve_size)
        for name, shown in (("_plain", pixels[choose]), ("", moved))
    }
    network = build_training(plan.size, kinds=len(names))
    judge = build_training(plan.serve_size, kinds=len(names))
    begin(network, plan)
    freeze(network, plan.frozen)
    optimizer = keras.optimizers.AdamW(plan.rate, weight_decay=plan.decay, global_clipnorm=1.0)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    crossed = keras.losses.BinaryCrossentropy(from_logits=True)
    network.compile(
        optimizer,
        loss={"all": crossed, "lungs": crossed, "aux": keras.losses.SparseCategoricalCrossentropy(from_logits=True)},
        loss_weights={"all": 0.5, "lungs": 1.0, "aux": 0.2},
    )
    averaged, pace = Averaged(keep=plan.keep), Pace(plan.rate, plan.epochs, steps, patience=10**6, warm=1.0)
    watch = WatchCrops(judge, averaged, groups, labels[choose])
    history: list[dict[str, float]] = []
    # A run may be made longer or shorter on the way, nothing else may change.
    identity = {**plan.as_json(), "epochs": None, "architecture": plan.network, "data": data_hash(films, pixels)}
    checkpoint = Checkpoint(out / "checkpoint.npz", averaged, watch, identity, history)
    done = checkpoint.restore(network, [pace]) if resume else 0
    if done < plan.epochs:
        targets = (labels[learn] * (1 - plan.smooth) + plan.smooth / 2).astype(np.float32)
        shown = batches(
            pixels[learn], find_lung_maps(pixels[learn]), targets, kinds[learn], order, done * steps, plan.seed,
            plan.crop, plan.retouching, plan.size,
        )  # fmt: skip
        network.fit(
            shown, initial_epoch=done, epochs=plan.epochs, steps_per_epoch=steps, verbose=2,
            callbacks=[watch, pace, averaged, checkpoint],
        )  # fmt: skip
    judge.set_weights(watch.best)
    return judge, history
