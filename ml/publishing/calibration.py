"""From logits to probabilities that mean what they say.

Fitted on patients who took no part in training, and on their films as *other* machines and exports might have
delivered them (:mod:`ml.evaluation.shifts`): on the plain films of the same source the network looks better than it is
anywhere else, and a calibration fitted there would promise too much (published for this data: 97 % within the split,
85 to 95 % on the official test split).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.metrics.curves import Floats, Labels

BOUNDS = (0.005, 0.995)
"""No probability is ever shown beyond these: a few hundred films cannot support a stronger claim."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """probability = sigmoid(slope · logit + intercept), clipped to :data:`BOUNDS`."""

    slope: float
    intercept: float

    def odds(self, logits: Floats) -> Floats:
        return self.slope * logits + self.intercept

    def __call__(self, logits: Floats) -> Floats:
        return np.clip(_sigmoid(self.odds(np.asarray(logits, np.float64))), *BOUNDS)


def _sigmoid(odds: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -60, 60))))


def fit_affine(
    labels: Labels | Floats, logits: Floats, weights: Floats, *, temperature_only: bool = False
) -> Calibration:
    """Fit slope and intercept by maximum likelihood (Platt 1999), or the slope alone (temperature, Guo et al. 2017).

    ``labels`` may be soft (between 0 and 1). Newton's method with step halving; the likelihood is concave, so the
    start does not matter.

    Raises:
        ValueError: the logits rise where pneumonia falls, or the classes are told apart without one error, so that
            no finite slope is the best.
    """
    columns = [logits] if temperature_only else [logits, np.ones_like(logits)]
    design = np.stack(columns, axis=1)
    beta = np.zeros(len(columns))

    def loss(at: Floats) -> float:
        odds = design @ at
        return float(np.sum(weights * (np.logaddexp(0, odds) - labels * odds)))

    for _ in range(100):
        p = _sigmoid(design @ beta)
        gradient = design.T @ (weights * (p - labels))
        hessian = (design * (weights * p * (1 - p))[:, None]).T @ design
        step = np.linalg.solve(hessian + 1e-10 * np.eye(len(beta)), gradient)
        scale = 1.0
        while loss(beta - scale * step) > loss(beta) and scale > 1e-6:
            scale /= 2
        beta = beta - scale * step
        if np.max(np.abs(scale * step)) < 1e-10 * (1 + np.max(np.abs(beta))):
            break
    slope = float(beta[0])
    if not 0 < slope < 1e3:
        raise ValueError(
            f"Calibration gives a slope of {slope:.3g}: the network does not rank these films, or ranks them without "
            "a single error. Calibrate on more films."
        )
    return Calibration(slope, 0.0 if temperature_only else float(beta[1]))


def cross_fitted(
    labels: Labels | Floats, logits: Floats, weights: Floats, patients: Sequence[str], *,
    temperature_only: bool = False, folds: int = 5, seed: int = 0,
) -> Floats:  # fmt: skip
    """Probabilities (n,), each by a map fitted on other patients; arguments as for :func:`fit_affine`.

    Args:
        labels, logits, weights: (n,).
        patients: Whose film each is, (n,); all of a patient's are in one of the ``folds`` parts.
        temperature_only: Which map.
        folds: In how many parts.
        seed: Of the draw of parts.
    """
    _, member = np.unique(np.asarray(patients), return_inverse=True)
    fold = np.random.default_rng(seed).permutation(int(member.max()) + 1)[member] % folds
    probabilities = np.empty(len(logits))
    for held in range(folds):
        fit = fold != held
        fitted = fit_affine(labels[fit], logits[fit], weights[fit], temperature_only=temperature_only)
        probabilities[~fit] = fitted(logits[~fit])
    return probabilities


def compare(labels: Labels | Floats, logits: Floats, weights: Floats, patients: Sequence[str]) -> dict[str, float]:
    """Cross-validate both maps by patient; return each one's mean negative log-likelihood on films not fitted."""
    losses = {}
    for name in ("temperature", "affine"):
        p = cross_fitted(labels, logits, weights, patients, temperature_only=name == "temperature")
        surprise = -(labels * np.log(p) + (1 - labels) * np.log(1 - p))
        losses[name] = float(np.sum(weights * surprise) / np.sum(weights))
    return losses
