"""How a film was made, as numbers that hold as little as possible of what it shows; and what they give away.

Tone (histogram), borders (framing, blackness, markers) and sharpness (radial power spectrum) are properties of the
machine, the archive and the export. Where they alone tell the classes apart, a network can learn them in place of the
disease, and validation films of the same source will praise it for that. This module measures it, and gives the films
that break the rule more weight in training (inverse propensity; Rosenbaum and Rubin 1983).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_RINGS = (8, 12, 16, 24, 32, 40, 48, 56, 64, 72, 80, 90, 100, 112)
_RANKS = (0.5, 1, 2, 5, 10, 25, 50, 75, 90, 95, 98, 99, 99.5)


def describe(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Acquisition features of films.

    Args:
        pixels: uint8 (N, H, H), H at least 224.

    Returns:
        (N, 33): histogram levels, border brightness, share of black and white, the power spectrum's fall.
    """
    count, height, _ = pixels.shape
    band, corner = height // 18, height // 7
    up, across = np.indices((height, height // 2 + 1))
    ring = np.digitize(np.hypot(np.minimum(up, height - up), across), _RINGS).ravel()
    size = np.bincount(ring, minlength=len(_RINGS) + 1)
    window = np.hanning(height)[:, None] * np.hanning(height)[None]
    rows = []
    for film in pixels:
        grey = film.astype(np.float64)
        power = np.abs(np.fft.rfft2((grey - grey.mean()) * window)).ravel() ** 2
        rings = np.log((np.bincount(ring, power, minlength=len(size)) / size)[1 : len(_RINGS)] + 1)
        counts = np.cumsum(np.bincount(film.ravel(), minlength=256)) / film.size
        rows.append(
            [
                *np.searchsorted(counts, np.array(_RANKS) / 100),
                grey[:band].mean(), grey[-band:].mean(), grey[:, :band].mean(), grey[:, -band:].mean(),
                grey[:corner, :corner].max(), grey[:corner, -corner:].max(), (film < 8).mean(), (film > 245).mean(),
                *(rings - rings[0])[1:],
            ]
        )  # fmt: skip
    return np.array(rows, np.float64).reshape(count, -1)


def _logistic(features: NDArray[np.float64], labels: NDArray[np.int64], ridge: float = 3.0) -> NDArray[np.float64]:
    """Weights (D,) of a ridge logistic regression with balanced classes, by Newton's method."""
    weights = np.zeros(features.shape[1])
    balance = np.where(labels == 1, 0.5 / max(labels.mean(), 1e-9), 0.5 / max(1 - labels.mean(), 1e-9))
    penalty = ridge * np.eye(features.shape[1])
    for _ in range(25):
        p = 1 / (1 + np.exp(-np.clip(features @ weights, -30, 30)))
        slope = features.T @ (balance * (labels - p)) - ridge * weights
        curve = (features * (balance * p * (1 - p))[:, None]).T @ features + penalty
        step = np.linalg.solve(curve, slope)
        weights += step
        if np.abs(step).max() < 1e-6:
            break
    return weights


def _expand(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standardised features, their squares and a constant."""
    ordered = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-9)
    ordered = np.clip(ordered, -3, 3)
    return np.concatenate([ordered, ordered**2 - 1, np.ones((len(features), 1))], axis=1)


def guess_labels(
    features: NDArray[np.float64], labels: NDArray[np.int64], groups: Sequence[int], folds: int = 5, seed: int = 0
) -> NDArray[np.float64]:
    """For each film, the probability of pneumonia told by acquisition alone, by a fit that has not seen its patient.

    Args:
        features: By :func:`describe`.
        labels: (N,) of 0 and 1.
        groups: (N,) films of one patient carry the same number.
        folds: Cross-fitting folds.
        seed: Deals the patients out to the folds.
    """
    # Patients are renumbered and shuffled: the numbers that groups come with are places in a list, and with five
    # films a patient every one of them would be a multiple of five.
    names, member = np.unique(np.asarray(groups), return_inverse=True)
    table, fold = _expand(features), np.random.default_rng(seed).permutation(len(names))[member] % folds
    guess = np.full(len(labels), 0.5)
    for held in range(folds):
        rest = fold != held
        if (fold == held).any() and len(set(labels[rest])) == 2:
            guess[~rest] = 1 / (1 + np.exp(-np.clip(table[~rest] @ _logistic(table[rest], labels[rest]), -30, 30)))
    return guess


def propensity_weights(guess: NDArray[np.float64], labels: NDArray[np.int64], most: float = 4.0) -> NDArray[np.float64]:
    """(N,) weights from 1 to ``most``: more for films whose acquisition speaks against their label.

    Capped, because some of those films are simply labelled wrongly.
    """
    return np.clip(0.5 / np.maximum(np.where(labels == 1, guess, 1 - guess), 1e-9), 1.0, most)
