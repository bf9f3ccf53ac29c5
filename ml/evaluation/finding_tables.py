"""Truth × finding, and the reliability table: the figures of the rule in force, with intervals by patient."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.evaluation.performance import Sample, rate_with_interval
from ml.inference.cards.finding_table import TRUTHS
from ml.inference.cards.population_card import PopulationCard
from ml.inference.decision import FINDINGS, Cuts, decide
from ml.metrics.curves import Floats, balanced_weights, bootstrap_weights
from ml.metrics.intervals import wilson

EDGES = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)
"""Bins of the reliability table: narrow at the ends, where most films are, wide in the middle, where few are."""


def findings(probabilities: Floats, cuts: Cuts) -> NDArray[np.str_]:
    """The finding of each film."""
    return np.array([decide(float(p), cuts) for p in probabilities])


def finding_table(sample: Sample, cuts: Cuts, weights: Floats) -> dict[str, Any]:
    """What became of the films of each truth: counts, shares, and 95 % intervals by patient.

    Args:
        sample: The films.
        cuts: The pair in force.
        weights: Bootstrap draws by patient, (draws, n).
    """
    found = findings(sample.probabilities, cuts)
    table: dict[str, Any] = {}
    for label, truth in ((1, TRUTHS[0]), (0, TRUTHS[1])):
        of_truth = sample.labels == label
        row: dict[str, Any] = {"films": int(of_truth.sum()), "patients": _patients(sample, of_truth)}
        drawn_films = np.maximum((weights * of_truth).sum(-1), 1e-12)
        for finding in FINDINGS:
            hit = of_truth & (found == finding)
            drawn = (weights * hit).sum(-1) / drawn_films
            measured = rate_with_interval(sample, label, hit.sum() / max(of_truth.sum(), 1), drawn)
            share, (low, high) = measured["value"], measured["ci"]
            row[finding] = {"films": int(hit.sum()), "share": share, "ci": [min(low, share), max(high, share)]}
        table[truth] = row
    return table


def _patients(sample: Sample, chosen: NDArray[np.bool_]) -> int:
    return len({patient for patient, one in zip(sample.patients, chosen, strict=True) if one})


def reliability_table(sample: Sample, card: PopulationCard) -> list[dict[str, Any]]:
    """Of the films given a probability in each bin, how many there are and how many had pneumonia.

    Films are weighted to the prevalence that the probability assumes. The interval is Wilson's of as many independent
    patients as the weights of the bin's patients are worth (Kish's effective number), so that a bin of a few films,
    or of many films of few children, claims little.

    Returns:
        One entry for each bin that holds films, from the lowest up.
    """
    weights = balanced_weights(sample.labels, card.prevalence)
    patients = np.asarray(sample.patients)
    place = np.clip(np.searchsorted(EDGES, sample.probabilities, side="right") - 1, 0, len(EDGES) - 2)
    table = []
    for number in range(len(EDGES) - 1):
        inside = place == number
        if not inside.any():
            continue
        w, sick = weights[inside], sample.labels[inside]
        _, member = np.unique(patients[inside], return_inverse=True)
        by_patient = np.bincount(member, w)
        effective = float(by_patient.sum() ** 2 / (by_patient**2).sum())
        observed = float((w * sick).sum() / w.sum())
        stated = float((w * sample.probabilities[inside]).sum() / w.sum())
        low, high = wilson(observed * effective, effective)
        table.append(
            {
                "low": EDGES[number], "high": EDGES[number + 1], "films": int(inside.sum()),
                "positives": int(sick.sum()), "patients": int(member.max()) + 1,
                "stated": stated, "observed": observed, "ci": [low, high],
            }
        )  # fmt: skip
    return table


def at_points(sample: Sample, card: PopulationCard, draws: int = 1000) -> dict[str, Any]:
    """Every operating point of a card on some films: its pair, its table, and precision and recall of each finding."""
    weights = bootstrap_weights(sample.patients, draws)
    return {name: at_point(sample, point.cuts, weights) for name, point in card.operating_points.items()}


def at_point(sample: Sample, cuts: Cuts, weights: Floats) -> dict[str, Any]:
    """One operating point on some films."""
    table = finding_table(sample, cuts, weights)
    sick, well = table["pneumonia"], table["normal"]
    return {
        "rule_out": cuts.rule_out,
        "rule_in": cuts.rule_in,
        "table": table,
        "indeterminate": (sick["indeterminate"]["films"] + well["indeterminate"]["films"]) / len(sample.labels),
        "report": {
            "NORMAL": _report(well["normal"]["films"], sick["normal"]["films"], well["films"]),
            "PNEUMONIA": _report(sick["pneumonia"]["films"], well["pneumonia"]["films"], sick["films"]),
        },
    }


def _report(hit: int, wrongly: int, support: int) -> dict[str, float | int]:
    """Precision, recall, F1 and support of one finding, as a classification report has them.

    A film left indeterminate is not found: recall and F1 count it against the finding, precision does not.
    """
    precision = hit / (hit + wrongly) if hit + wrongly else 0.0
    recall = hit / support if support else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"precision": precision, "recall": recall, "f1": f1, "support": support}
