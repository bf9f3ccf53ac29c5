"""The arithmetic of evaluation: ROC, precision, calibration error, and bootstrap intervals by patient.

Everything takes plain arrays: ``labels`` (n,) of 0 and 1, ``scores`` (n,) where larger means more like pneumonia,
``weights`` (n,) or, for the bootstrap, (draws, n). numpy alone; checked against scikit-learn in the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Curve:
    """What each threshold gives, thresholds falling: a film is positive from ``thresholds[i]`` upwards.

    ``true`` and ``false`` are the summed weights of positives and negatives caught, shape (…, thresholds + 1) with a
    leading zero for the threshold that catches nothing.
    """

    thresholds: Floats
    true: Floats
    false: Floats

    @property
    def sensitivity(self) -> Floats:
        return self.true / np.maximum(self.true[..., -1:], 1e-12)

    @property
    def false_alarms(self) -> Floats:
        """1 − specificity."""
        return self.false / np.maximum(self.false[..., -1:], 1e-12)

    @property
    def precision(self) -> Floats:
        """Share of the caught that are positive; 1 where nothing is caught."""
        caught = self.true + self.false
        return np.where(caught > 0, self.true / np.maximum(caught, 1e-12), 1.0)

    def auc(self) -> Floats:
        """Area under the ROC curve; equal scores count half."""
        return np.asarray(np.trapezoid(self.sensitivity, self.false_alarms, axis=-1))

    def average_precision(self) -> Floats:
        """Area under the precision-recall curve as a step function (scikit-learn's average precision)."""
        return np.asarray(np.sum(np.diff(self.sensitivity, axis=-1) * self.precision[..., 1:], axis=-1))

    def sensitivity_at(self, specificity: float) -> Floats:
        """Largest sensitivity whose specificity is at least that."""
        allowed = 1 - self.false_alarms >= specificity - 1e-12
        return np.asarray(np.max(np.where(allowed, self.sensitivity, 0.0), axis=-1))

    def specificity_at(self, sensitivity: float) -> Floats:
        """Largest specificity whose sensitivity is at least that."""
        allowed = self.sensitivity >= sensitivity - 1e-12
        return np.asarray(np.max(np.where(allowed, 1 - self.false_alarms, 0.0), axis=-1))


def curve(labels: Labels, scores: Floats, weights: Floats | None = None) -> Curve:
    """Build the curve of all thresholds; weights (n,) or (draws, n) give one curve or one for each draw."""
    weights = np.ones(len(labels)) if weights is None else weights
    thresholds, place = np.unique(-scores, return_inverse=True)
    order = np.argsort(place, kind="stable")
    ends = np.flatnonzero(np.diff(place[order], append=len(thresholds)))

    def caught(of_class: NDArray[np.floating[Any]]) -> Floats:
        total = np.cumsum((weights * of_class)[..., order], axis=-1)[..., ends]
        return np.concatenate([np.zeros((*total.shape[:-1], 1)), total], axis=-1)

    return Curve(-thresholds, caught(labels.astype(float)), caught(1.0 - labels))


def rates(labels: Labels, positive: NDArray[np.bool_], weights: Floats | None = None) -> tuple[Floats, Floats]:
    """Return sensitivity and specificity of a decision; NaN where a class is absent."""
    weights = np.ones(len(labels)) if weights is None else weights

    def share(hit: NDArray[np.bool_], of_class: NDArray[np.bool_]) -> Floats:
        total = np.sum(weights * of_class, axis=-1)
        return np.asarray(
            np.where(total > 0, np.sum(weights * (hit & of_class), axis=-1) / np.maximum(total, 1e-12), np.nan)
        )

    return share(positive, labels == 1), share(~positive, labels == 0)


def brier(labels: Labels, probabilities: Floats, weights: Floats | None = None) -> Floats:
    """Mean squared difference between probability and what was so."""
    weights = np.ones(len(labels)) if weights is None else weights
    return np.asarray(np.sum(weights * (probabilities - labels) ** 2, axis=-1) / np.sum(weights, axis=-1))


@dataclass(frozen=True, slots=True)
class Reliability:
    """A reliability diagram: for each bin with films, their number, mean probability and share of positives."""

    count: Floats
    probability: Floats
    observed: Floats

    @property
    def expected_error(self) -> float:
        """Expected calibration error: the bins' differences weighted by their films."""
        return float(np.sum(self.count * np.abs(self.probability - self.observed)) / np.sum(self.count))


def reliability(labels: Labels, probabilities: Floats, weights: Floats | None = None, bins: int = 15) -> Reliability:
    """Group films by probability into equally wide bins (Guo et al. 2017)."""
    weights = np.ones(len(labels)) if weights is None else weights
    place = np.clip((probabilities * bins).astype(int), 0, bins - 1)
    count = np.bincount(place, weights, bins).astype(float)
    kept = count > 0
    mean = np.bincount(place, weights * probabilities, bins)[kept] / count[kept]
    observed = np.bincount(place, weights * labels, bins)[kept] / count[kept]
    return Reliability(count[kept], mean, observed)


def balanced_weights(labels: Labels, prevalence: float) -> Floats:
    """Weights of mean 1 under which positives make up ``prevalence`` of the films.

    Raises:
        ValueError: only one class is present.
    """
    positives = int(np.sum(labels == 1))
    negatives = len(labels) - positives
    if not positives or not negatives:
        raise ValueError("Both classes are needed, films with and without pneumonia; only one is present.")
    return np.where(
        labels == 1, prevalence * len(labels) / positives, (1 - prevalence) * len(labels) / negatives
    ).astype(float)


def bootstrap_weights(patients: Sequence[str], draws: int = 1000, seed: int = 0) -> Floats:
    """Draw patients with replacement; return how often each film counts, (draws, n)."""
    _, member = np.unique(np.asarray(patients), return_inverse=True)
    count = int(member.max()) + 1
    random = np.random.default_rng(seed)
    times = random.multinomial(count, np.full(count, 1 / count), size=draws)
    return times[:, member].astype(float)


def interval(values: Floats) -> tuple[float, float]:
    """95 % percentile interval of bootstrap values (draws,), those that could not be computed left out."""
    usable = values[np.isfinite(values)]
    if not len(usable):
        return (float("nan"), float("nan"))
    low, high = np.percentile(usable, [2.5, 97.5])
    return float(low), float(high)


def with_interval(statistic: Callable[[Floats], Floats], draws: Floats) -> dict[str, float | list[float]]:
    """Evaluate a statistic of weights on the films themselves and on the bootstrap draws."""
    low, high = interval(statistic(draws))
    return {"value": float(statistic(np.ones(draws.shape[1]))), "ci": [low, high]}


def loss_at_best_offset(labels: NDArray[np.int64], p: NDArray[np.float64]) -> float:
    """Log loss, each class counting half, after the constant that suits the logits best has been added.

    Films as they are look easier than augmented ones, so a network in training predicts with an offset; calibration
    takes it away later, and choosing weights by it would be choosing by noise.
    """
    logits, weight = np.log(p / (1 - p)), np.where(labels == 1, 0.5 / labels.mean(), 0.5 / (1 - labels.mean()))
    offset = 0.0
    for _ in range(20):
        q = 1 / (1 + np.exp(-(logits + offset)))
        offset += float(np.clip((weight * (labels - q)).mean() / max((weight * q * (1 - q)).mean(), 1e-6), -2, 2))
    signed = np.where(labels == 1, 1, -1) * (logits + offset)
    return float((weight * np.logaddexp(0, -signed)).mean())


def area_under_curve(labels: Labels, scores: Floats) -> float:
    """Area under the ROC curve of plain films; ties count half."""
    return float(curve(labels, scores).auc())
