"""Checkpoints of a run: written after each epoch, read to resume, to average or to teach."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from zipfile import BadZipFile

import keras
import numpy as np
from numpy.typing import NDArray

from ml.data.dataset import DataError
from ml.errors import TrainingError
from ml.files import write_whole
from ml.network.classifier import Architecture, build_training
from ml.training.callbacks import Averaged


class Watches(Protocol):
    """What keeps the best weights so far, and how good they were."""

    best: list[NDArray[np.float32]]
    best_loss: float


def identity_of(run: Path) -> dict[str, Any]:
    """What a run is trained on and by, as its checkpoint says; the weights in it are not read.

    Raises:
        TrainingError: There is no checkpoint, or it is damaged.
    """
    identity: dict[str, Any] = _read(run / "checkpoint.npz", weights=False)[1]["identity"]
    return identity


def read_checkpoint(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The arrays of a checkpoint, and its state (identity, history, count).

    Raises:
        TrainingError: It is not there, or damaged.
    """
    return _read(path, weights=True)


def _read(path: Path, *, weights: bool) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in (stored.files if weights else ("state",))}
        state = json.loads(arrays["state"].tobytes())
        state["identity"]["architecture"], state["history"], state["count"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, BadZipFile, zlib.error) as error:
        raise TrainingError(f"{path} cannot be read as a checkpoint ({error}).") from error
    return arrays, state


def write_checkpoint(
    path: Path, series: Mapping[str, Sequence[NDArray[Any]]], identity: Mapping[str, Any],
    history: Sequence[Mapping[str, float]], count: int = 0,
) -> None:  # fmt: skip
    """Write a checkpoint, whole or not at all.

    Args:
        path: The file.
        series: Arrays by what they are: ``now``, ``mean`` and ``best`` weights, ``optimizer``, ``dropout``.
        identity: What the run is trained on and by.
        history: One entry an epoch.
        count: Batches in the averaged weights.
    """
    arrays: dict[str, Any] = {f"{name}{i}": value for name, values in series.items() for i, value in enumerate(values)}
    state = {"identity": identity, "history": history, "count": count}
    arrays["state"] = np.frombuffer(json.dumps(state).encode(), np.uint8)

    def write(partial: Path) -> None:
        with partial.open("wb") as handle:
            np.savez(handle, **arrays)

    write_whole(path, write)


def give_lung_weights(network: Any, run: Path, which: str) -> dict[str, Any]:
    """Give a classifier on lung crops another run's weights; its auxiliary head stays where it has other kinds.

    Args:
        network: By :func:`ml.network.lung_classifier.build_training`, any size.
        run: A folder ``ml.train`` wrote, or is writing.
        which: ``"mean"``: the averaged weights of its last whole epoch; ``"best"``: the mean of its last epochs'.

    Returns:
        What the run was trained on and by.

    Raises:
        TrainingError: There is no readable checkpoint, or it is of another network.
    """
    arrays, state = read_checkpoint(run / "checkpoint.npz")
    for place, variable in enumerate(network.weights):
        value = arrays.get(f"{which}{place}")
        if value is None or value.shape != variable.shape:
            if "head_aux" in variable.path and value is not None:
                continue  # that head is not served
            raise TrainingError(f"{run} holds another kind of network; give a run of a classifier on lung crops.")
        variable.assign(value)
    identity: dict[str, Any] = state["identity"]
    return identity


def _dropout_states(model: Any) -> list[Any]:
    """Where the random numbers of the dropout layers stand; Keras does not count them among the weights."""
    return [variable for variable in model.variables if "seed_generator_state" in variable.path]


class Checkpoint(keras.callbacks.Callback):  # type: ignore[misc]
    """After each epoch, one file with everything a resumed run needs, replaced in one step.

    Args:
        path: The file.
        averaged: Holds the averaged weights.
        watch: Holds the best weights.
        identity: What must be equal in the run that resumes (seed, data, parameters).
        history: One entry an epoch; grows here.
    """

    def __init__(
        self,
        path: Path,
        averaged: Averaged,
        watch: Watches,
        identity: Mapping[str, Any],
        history: list[dict[str, float]],
    ) -> None:
        super().__init__()
        self.path, self.averaged, self.watch, self.identity, self.history = path, averaged, watch, identity, history

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self.history.append({name: float(value) for name, value in (logs or {}).items()})
        series = {
            "now": self.model.get_weights(),
            "mean": self.averaged.weights,
            "best": self.watch.best,
            "optimizer": [v.numpy() for v in self.model.optimizer.variables],
            "dropout": [v.numpy() for v in _dropout_states(self.model)],
        }
        write_checkpoint(self.path, series, self.identity, self.history, self.averaged.count)

    def restore(self, model: Any, replay: list[Any]) -> int:
        """Bring the run back to its last whole epoch.

        Args:
            model: The compiled training network.
            replay: Callbacks whose state is a function of past logs; they are shown the history again.

        Returns:
            Epochs already done; 0 where there is no checkpoint.

        Raises:
            TrainingError: The checkpoint belongs to a run with other data or parameters, or cannot be read.
        """
        if not self.path.is_file():
            return 0
        try:
            arrays, state = read_checkpoint(self.path)
        except TrainingError as error:
            raise TrainingError(f"{error} Remove it and start without --resume.") from error
        then, now = state["identity"], json.loads(json.dumps(self.identity))
        if then != now:
            changed = sorted(name for name in {*then, *now} if then.get(name, ...) != now.get(name, ...))
            raise TrainingError(
                f"{self.path} belongs to another run (different: {', '.join(changed)}). "
                "Give the same arguments as then, or another --out."
            )

        def series(name: str) -> list[Any]:
            return [arrays[f"{name}{i}"] for i in range(sum(key.rstrip("0123456789") == name for key in arrays))]

        model.set_weights(series("now"))
        model.optimizer.build(model.trainable_variables)
        for variables, name in ((model.optimizer.variables, "optimizer"), (_dropout_states(model), "dropout")):
            for variable, value in zip(variables, series(name), strict=True):
                variable.assign(value)
        self.averaged.weights, self.averaged.count, self.watch.best = series("mean"), state["count"], series("best")
        for epoch, logs in enumerate(state["history"]):
            for callback in replay:
                callback.on_epoch_end(epoch, dict(logs))
        self.watch.best_loss = min(logs["val_loss"] for logs in state["history"])
        self.history.extend(state["history"])
        return len(self.history)


@dataclass(frozen=True, slots=True)
class Member:
    """A run's network as one of several: with the weights that were asked for, and what the run was."""

    network: Any
    architecture: Architecture
    identity: dict[str, Any]
    history: list[dict[str, float]]


def load_member(run: Path, which: str = "best") -> Member:
    """A network of a run, finished or not, from its checkpoint.

    Args:
        run: A folder ``ml.train`` wrote, or is writing.
        which: ``"best"``: the averaged weights best by validation; ``"mean"``: those of the last whole epoch.

    Raises:
        DataError: There is no readable checkpoint.
    """
    try:
        arrays, state = read_checkpoint(run / "checkpoint.npz")
        shape = Architecture.from_json(state["identity"]["architecture"])
        network = build_training(shape)
        network.set_weights([arrays[f"{which}{i}"] for i in range(sum(name.startswith(which) for name in arrays))])
    except (TrainingError, ValueError, TypeError, KeyError) as error:
        raise DataError(f"{error} {run} holds no network to go on from; train it first.") from error
    return Member(network, shape, state["identity"], state["history"])
