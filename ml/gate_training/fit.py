"""Fit the gate's network: the stream of training pictures, the fit, the reference of frontal features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.gate_training.augmentation import augment
from ml.gate_training.dataset import FrontalFilm, Negative
from ml.gate_training.negatives.shapes import Rng
from ml.gate_training.network import build_trunk
from ml.inference.gate.card import KINDS

RECIPE = Path(__file__).resolve().parents[1] / "training" / "recipes" / "gate.json"
_SHARES = {"children": 0.42, "nih": 0.33, "covid": 0.20, "phantom": 0.05}
"""How often each collection of frontal films is shown; the small ones more often than their size says."""


@dataclass(frozen=True, slots=True)
class GateTrainingConfig:
    """How long, how and on how much to train; ``ml/training/recipes/gate.json`` is this as JSON.

    Attributes:
        seed: Of every picture, of the initial weights and of who is held out.
        epochs, steps, batch: Epochs, batches an epoch, pictures a batch.
        rate: Highest learning rate.
        phantoms: Drawn frontal films.
        negatives: Pictures that are no frontal chest film.
    """

    seed: int = 1
    epochs: int = 10
    steps: int = 230
    batch: int = 64
    rate: float = 3e-3
    phantoms: int = 60
    negatives: int = 12_000


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What one network learns from."""

    films: Sequence[FrontalFilm]
    phantoms: Sequence[NDArray[np.uint8]]
    negatives: Sequence[Negative]


def orient(picture: NDArray[np.uint8], turns: int, inverted: bool) -> NDArray[np.uint8]:
    """Return the picture turned by ``turns`` quarter turns clockwise and, if asked, inverted."""
    turned = np.rot90(picture, -turns)
    return 255 - turned if inverted else turned


class _Stream:
    """Makes the batch of any step from its number alone, so the order of work cannot change what is learnt."""

    def __init__(self, material: Material, config: GateTrainingConfig, seed: int, stage: int = 0) -> None:
        self.config, self.seed, self.stage = config, seed, stage
        self.pools: dict[str, list[NDArray[np.uint8]]] = {"phantom": list(material.phantoms)}
        for film in material.films:
            self.pools.setdefault(film.source, []).append(film.pixels)
        self.pools = {name: pool for name, pool in self.pools.items() if pool}
        weights = np.array([_SHARES[name] for name in self.pools])
        self.names, self.weights = list(self.pools), weights / weights.sum()
        self.negatives = material.negatives

    def _one(self, rng: Rng, frontal: bool) -> tuple[NDArray[np.uint8], dict[str, float], dict[str, float]]:
        """Return one picture, its labels, and the weight of each label (0 where the question has no answer)."""
        turns, inverted = (int(rng.integers(1, 4)) if rng.random() < 0.35 else 0), bool(rng.random() < 0.25)
        if frontal:
            source = self.names[int(rng.choice(len(self.names), p=self.weights))]
            pool = self.pools[source]
            picture = augment(rng, pool[int(rng.integers(0, len(pool)))])
            adult = float(source not in ("children", "phantom"))  # phantoms are drawn as small children
            labels = {"kind": 0.0, "turn": turns, "inverted": inverted, "adult": adult}
            weights = {"kind": 1.0, "turn": 1.0, "inverted": 1.0, "adult": 1.0}
        else:
            negative = self.negatives[int(rng.integers(0, len(self.negatives)))]
            picture = augment(rng, negative.pixels, whole=negative.whole)
            labels = {"kind": float(KINDS.index(negative.kind)), "turn": 0.0, "inverted": 0.0, "adult": 0.0}
            weights = {"kind": 1.0, "turn": 0.0, "inverted": 0.0, "adult": 0.0}
        return orient(picture, turns, inverted), labels, weights

    def batch(self, step: int) -> tuple[NDArray[np.float32], dict[str, Any], dict[str, Any]]:
        """Return pictures (n, 112, 112, 1), labels and weights by output name."""
        rng = np.random.default_rng([self.seed, 17, step + self.stage * 1_000_000])
        made = [self._one(rng, k % 2 == 0) for k in range(self.config.batch)]
        pictures = np.stack([picture for picture, _, _ in made])[..., None].astype(np.float32)
        names = ("kind", "turn", "inverted", "adult")
        labels = {n: np.array([label[n] for _, label, _ in made], np.float32)[:, None] for n in names}
        weights = {n: np.array([weight[n] for _, _, weight in made], np.float32) for n in names}
        return pictures, labels, weights


def fit(material: Material, config: GateTrainingConfig, seed: int, *, start: Any = None, verbose: int = 2) -> Any:
    """Train a network from nothing, or ``start`` further, and return it.

    See :func:`ml.gate_training.network.build_trunk`."""
    import keras

    keras.utils.set_random_seed(seed)
    trunk = build_trunk()
    if start is not None:
        trunk.set_weights(start.get_weights())
    heads = {name: output for name, output in trunk.output.items() if name != "features"}
    model = keras.Model(trunk.input, heads)
    total = config.epochs * config.steps
    rate = keras.optimizers.schedules.CosineDecay(
        config.rate / 10, total, alpha=0.01, warmup_target=config.rate, warmup_steps=min(200, total // 5)
    )
    model.compile(
        optimizer=keras.optimizers.AdamW(rate, weight_decay=1e-3),
        loss={
            "kind": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            "turn": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            "inverted": keras.losses.BinaryCrossentropy(from_logits=True),
            "adult": keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.05),
        },
        loss_weights={"kind": 1.0, "turn": 0.4, "inverted": 0.4, "adult": 0.3},
        weighted_metrics={"kind": ["accuracy"], "turn": ["accuracy"]},
    )
    stream = _Stream(material, config, seed, stage=0 if start is None else 1)

    class Batches(keras.utils.PyDataset):  # type: ignore[misc]
        """One epoch's batches; the epoch number moves on by itself."""

        epoch = 0

        def __len__(self) -> int:
            return config.steps

        def __getitem__(self, index: int) -> Any:
            return stream.batch(self.epoch * config.steps + index)

        def on_epoch_end(self) -> None:
            self.epoch += 1

    model.fit(Batches(workers=1, use_multiprocessing=False), epochs=config.epochs, shuffle=False, verbose=verbose)
    return trunk


def run_trunk(trunk: Any, pictures: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    """Run (n, 112, 112) pictures through a trunk in batches."""
    found: dict[str, list[NDArray[np.float32]]] = {}
    for start in range(0, len(pictures), 256):
        batch = pictures[start : start + 256, :, :, None].astype(np.float32)
        for name, values in trunk(batch, training=False).items():
            found.setdefault(name, []).append(np.asarray(values))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def copies(films: Sequence[NDArray[np.uint8]], seed: int, count: int, mild: bool) -> NDArray[np.uint8]:
    """Return ``count`` changed copies of films, (count, 112, 112), all upright."""
    rng = np.random.default_rng([seed, 19, int(mild)])
    order = np.resize(rng.permutation(len(films)), count)
    return np.stack([augment(rng, films[int(i)], mild=mild) for i in order])


def reference(features: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Return ``mean`` and ``whitener`` of frontal features; directions they hardly use are widened, not blown up."""
    mean = features.mean(0)
    values, vectors = np.linalg.eigh(np.cov(features.T))
    floor = values.max() * 1e-3
    whitener = vectors / np.sqrt(values + floor)
    return {"mean": mean.astype(np.float32), "whitener": whitener.astype(np.float32)}
