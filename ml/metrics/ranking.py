"""Two numbers a network is chosen by; pure numpy, so that audits and tests need no framework."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def loss_at_best_offset(labels: NDArray[np.int64], p: NDArray[np.float64]) -> float:
    """Log loss, each class counting half, after the constant that suits the logits best has been added.

    Films as they are look easier than augmented ones, so a network in training answers with an offset; calibration
    takes it away later, and choosing weights by it would be choosing by noise.
    """
    logits, weight = np.log(p / (1 - p)), np.where(labels == 1, 0.5 / labels.mean(), 0.5 / (1 - labels.mean()))
    offset = 0.0
    for _ in range(20):
        q = 1 / (1 + np.exp(-(logits + offset)))
        offset += float(np.clip((weight * (labels - q)).mean() / max((weight * q * (1 - q)).mean(), 1e-6), -2, 2))
    signed = np.where(labels == 1, 1, -1) * (logits + offset)
    return float((weight * np.logaddexp(0, -signed)).mean())


def area_under_curve(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> float:
    """Area under the ROC curve, ties counting half (Mann–Whitney)."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positives = int(labels.sum())
    negatives = len(labels) - positives
    return float((ranks[labels == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives))
