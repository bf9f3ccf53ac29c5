"""What happens around the batches of a training: learning rate, averaged weights, watching, stopping, checkpoints."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from ml.errors import TrainingError
from ml.metrics.curves import area_under_curve, loss_at_best_offset


class NoNumber(TrainingError):
    """The loss, or what the network answers, is no number any more."""


class Pace(keras.callbacks.Callback):  # type: ignore[misc]
    """Learning rate: a linear warm-up, then a half cosine to a hundredth, and halved again on every plateau.

    Args:
        peak: Highest rate.
        epochs: Planned epochs.
        steps: Batches an epoch.
        patience: Epochs without a better ``val_loss`` until the rate is halved.
        warm: Epochs of warm-up.
    """

    def __init__(self, peak: float, epochs: int, steps: int, patience: int = 8, warm: float = 2.0) -> None:
        super().__init__()
        self.peak, self.epochs, self.steps, self.patience = peak, epochs, steps, patience
        self.warm = min(warm, epochs / 4)
        self.factor, self.best, self.waited, self.epoch = 1.0, math.inf, 0, 0

    def rate(self, epoch: float) -> float:
        """The rate at a point of the run, in epochs."""
        if epoch < self.warm:
            return self.factor * self.peak * (0.02 + 0.98 * epoch / self.warm)
        done = (epoch - self.warm) / max(self.epochs - self.warm, 1e-9)
        return self.factor * self.peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0))))

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self.epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        self.model.optimizer.learning_rate.assign(self.rate(self.epoch + batch / self.steps))

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        logs = logs if logs is not None else {}
        logs["learning_rate"] = self.rate(epoch + 1)
        if logs["val_loss"] < self.best - 1e-4:
            self.best, self.waited = logs["val_loss"], 0
            return
        self.waited += 1
        if self.waited >= self.patience:
            self.factor, self.waited = self.factor / 2, 0


class Averaged(keras.callbacks.Callback):  # type: ignore[misc]
    """A moving average of all weights, batch statistics included: smoother, and better on films unlike the training's.

    Args:
        keep: Share of the average kept at each batch, once warmed up.
    """

    def __init__(self, keep: float = 0.998) -> None:
        super().__init__()
        self.keep, self.count = keep, 0
        self.weights: list[NDArray[np.float32]] = []

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        if logs and not math.isfinite(logs.get("loss", 0.0)):
            raise NoNumber(f"The loss became {logs['loss']} in batch {batch}.")
        self.count += 1
        keep = min(self.keep, self.count / (self.count + 10))
        now = self.model.get_weights()
        if not self.weights:
            self.weights = [array.astype(np.float32) for array in now]
        for mean, array in zip(self.weights, now, strict=True):
            mean += (1 - keep) * (array - mean)


class Watch(keras.callbacks.Callback):  # type: ignore[misc]
    """After each epoch, measure the averaged weights on validation films as they are and as other machines give them.

    Puts ``val_loss`` (shifted films; see :func:`loss_at_best_offset`), ``val_auc`` (shifted) and ``val_auc_plain`` in
    the logs, and keeps the best weights by ``val_loss``.

    Args:
        network: By ``build_training`` at the input size it will be served at, to carry the averaged weights.
        averaged: Where the weights come from.
        plain: float32 (N, S, S, 1), S the input size.
        shifted: float32 (M, S, S, 1), M a multiple of N.
        labels: (N,) of 0 and 1.
    """

    def __init__(self, network: Any, averaged: Averaged, plain: Any, shifted: Any, labels: NDArray[np.int64]) -> None:
        super().__init__()
        self.network, self.averaged, self.plain, self.shifted, self.labels = network, averaged, plain, shifted, labels
        self.best: list[NDArray[np.float32]] = []
        self.best_loss = math.inf

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        logs = logs if logs is not None else {}
        self.network.set_weights(self.averaged.weights)
        for name, films in (("_plain", self.plain), ("", self.shifted)):
            p = np.clip(predict(self.network, films), 1e-6, 1 - 1e-6)
            y = np.tile(self.labels, len(p) // len(self.labels))
            logs[f"val_loss{name}"], logs[f"val_auc{name}"] = loss_at_best_offset(y, p), area_under_curve(y, p)
        if not math.isfinite(logs["val_loss"]):
            raise NoNumber("The network answers NaN on the validation films.")
        if logs["val_loss"] < self.best_loss:
            self.best_loss, self.best = logs["val_loss"], [w.copy() for w in self.averaged.weights]


def predict(network: Any, films: NDArray[np.float32], batch: int = 64) -> NDArray[np.float64]:
    """Sigmoid outputs (N,) of a training network for films (N, H, W, 1)."""
    parts = [
        np.asarray(network(films[i : i + batch], training=False)["pneumonia"]) for i in range(0, len(films), batch)
    ]
    return np.concatenate(parts)[:, 0].astype(np.float64)


class Stop(keras.callbacks.EarlyStopping):  # type: ignore[misc]
    """Early stopping on ``val_loss`` that keeps its patience over a resume (Keras begins to count again)."""

    def __init__(self, patience: int) -> None:
        super().__init__("val_loss", min_delta=1e-4, patience=patience, verbose=1)
        self._begun = False

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        if not self._begun:
            super().on_train_begin(logs)
        self._begun = True
