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
from numpy.typing import NDArray

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


def compare(
    labels: Labels | Floats, logits: Floats, weights: Floats, patients: Sequence[str], folds: int = 5, seed: int = 0
) -> dict[str, float]:
    """Cross-validate both maps by patient; return each one's mean negative log-likelihood on films not fitted."""
    fold = _folds(patients, folds, seed)
    losses = {"temperature": 0.0, "affine": 0.0}
    for held in range(folds):
        fit, test = fold != held, fold == held
        maps = {
            "temperature": fit_affine(labels[fit], logits[fit], weights[fit], temperature_only=True)(logits[test]),
            "affine": fit_affine(labels[fit], logits[fit], weights[fit])(logits[test]),
        }
        for name, p in maps.items():
            surprise = -(labels[test] * np.log(p) + (1 - labels[test]) * np.log(1 - p))
            losses[name] += float(np.sum(weights[test] * surprise) / np.sum(weights))
    return losses


def cross_fitted(
    labels: Labels, versions: Sequence[Floats], weights: Floats, patients: Sequence[str], folds: int = 5, seed: int = 0
) -> Floats:
    """Probabilities (n,) of the first version of n films, calibrated on all versions of other patients' films.

    Args:
        labels: (n,) of 0 and 1.
        versions: (n,) logits of the films, in several forms.
        weights: (n,).
        patients: Whose films; a fold has all of a patient's.
        folds: In how many parts.
        seed: Of the draw of parts.
    """
    fold, several = _folds(patients, folds, seed), len(versions)
    probabilities = np.empty(len(labels))
    for held in range(folds):
        fit = np.tile(fold != held, several)
        logits = np.concatenate(versions)[fit]
        fitted = fit_affine(np.tile(labels, several)[fit], logits, np.tile(weights, several)[fit])
        probabilities[fold == held] = fitted(versions[0][fold == held])
    return probabilities


def _folds(patients: Sequence[str], folds: int, seed: int) -> NDArray[np.int64]:
    """(n,): in which part each film is, all of a patient's in one."""
    _, member = np.unique(np.asarray(patients), return_inverse=True)
    found: NDArray[np.int64] = np.random.default_rng(seed).permutation(int(member.max()) + 1)[member] % folds
    return found
