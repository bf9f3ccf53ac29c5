"""What a model's predictions on labelled films are worth: every figure of ``metrics.json`` that needs no pixels.

Each figure comes with its 95 % bootstrap interval by patient: several films of one child are not several children.
Where no error was seen every draw says the same, which is not certainty: shares then have Wilson's interval and areas
under the ROC curve Newcombe's (``ml/metrics/intervals.py``), both of patients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.inference.cards.population_card import PopulationCard
from ml.metrics.curves import (
    Floats,
    Labels,
    balanced_weights,
    bootstrap_weights,
    brier,
    curve,
    interval,
    rates,
    reliability,
    with_interval,
)
from ml.metrics.intervals import area_under_curve_interval, wilson

FIXED = (0.90, 0.95, 0.98)
"""Specificities at which sensitivity is stated, and the reverse."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Films with predictions: labels (n,) 0 or 1, logits (n,), calibrated probabilities (n,), and whose they are."""

    labels: Labels
    logits: Floats
    probabilities: Floats
    patients: Sequence[str]

    def only(self, chosen: NDArray[np.bool_]) -> Sample:
        """The films where ``chosen`` is true."""
        patients = [patient for patient, keep in zip(self.patients, chosen, strict=True) if keep]
        return Sample(self.labels[chosen], self.logits[chosen], self.probabilities[chosen], patients)

    @property
    def has_both(self) -> bool:
        """Whether films with and without pneumonia are among them."""
        return 0 < int(self.labels.sum()) < len(self.labels)


def sample_of(card: PopulationCard, labels: Labels, logits: Floats, patients: Sequence[str]) -> Sample:
    """Put calibrated probabilities to logits."""
    return Sample(labels, np.asarray(logits, np.float64), card.probability(np.asarray(logits, np.float32)), patients)


def describe(sample: Sample, card: PopulationCard, draws: int = 1000) -> dict[str, Any]:
    """Measure everything on one set of films with both classes.

    Ranking figures (AUC and the like) are taken from the logits, which the bounds on probabilities do not tie.
    """
    weights = bootstrap_weights(sample.patients, draws)
    labels, p = sample.labels, sample.probabilities
    one = np.ones(len(labels))
    drawn = curve(labels, sample.logits, weights)
    whole = curve(labels, sample.logits)

    def both(value: Floats, values: Floats) -> dict[str, Any]:
        return {"value": float(value), "ci": list(interval(values))}

    equal = balanced_weights(labels, float(card.calibration["prevalence"]))
    return {
        "films": len(labels),
        "patients": len(set(sample.patients)),
        "positives": int(labels.sum()),
        "negatives": int(len(labels) - labels.sum()),
        "auc": _area(sample, whole.auc(), drawn.auc()),
        "average_precision": both(whole.average_precision(), drawn.average_precision()),
        "brier": with_interval(lambda w: brier(labels, p, w), weights),
        "ece": _calibration_error(labels, p, one, weights),
        "ece_at_reference_prevalence": _calibration_error(labels, p, equal, weights),
        "ece_by_chance": ece_by_chance(p, float(labels.mean()), float(card.calibration["prevalence"])),
        "sensitivity_at_specificity": {
            f"{fixed:.2f}": rate_with_interval(sample, 1, whole.sensitivity_at(fixed), drawn.sensitivity_at(fixed))
            for fixed in FIXED
        },
        "specificity_at_sensitivity": {
            f"{fixed:.2f}": rate_with_interval(sample, 0, whole.specificity_at(fixed), drawn.specificity_at(fixed))
            for fixed in FIXED
        },
    }


def _calibration_error(labels: Labels, p: Floats, base: Floats, weights: Floats) -> dict[str, Any]:
    # 200 draws are enough for an interval of this figure, and binning 1000 times is slow.
    drawn = [reliability(labels, p, base * draw).expected_error for draw in weights[:200]]
    return {"value": reliability(labels, p, base).expected_error, "ci": list(interval(np.array(drawn)))}


def ece_by_chance(p: Floats, share: float, prevalence: float, draws: int = 200) -> float:
    """Mean calibration error of so many films if every probability were right: what chance alone gives.

    A measured error about as large cannot be told from none.

    Args:
        p: (n,) probabilities that assume ``prevalence``.
        share: Of the films, how many show pneumonia.
        prevalence: What the films are weighted to, as for ``ece_at_reference_prevalence``.
        draws: How often labels are drawn by the probabilities, carried to the films' own share.
    """
    odds = p / (1 - p) * (1 - prevalence) / prevalence * share / (1 - share)
    random, found = np.random.default_rng(0), []
    for _ in range(draws):
        labels = (random.random(len(p)) < odds / (1 + odds)).astype(np.int64)
        if 0 < labels.sum() < len(labels):
            found.append(reliability(labels, p, balanced_weights(labels, prevalence)).expected_error)
    return float(np.mean(found))


def _patients(sample: Sample, label: int | None) -> int:
    """Patients with films of a class, or all of them: ten films of one child are not ten independent ones."""
    pairs = zip(sample.patients, sample.labels, strict=True)
    return len({patient for patient, truth in pairs if label is None or truth == label})


def rate_with_interval(sample: Sample, label: int | None, rate: Any, drawn: Floats) -> dict[str, Any]:
    """A share of the films of a class (None: of all) with its interval."""
    patients = _patients(sample, label)
    low, high = interval(drawn) if 0 < rate < 1 else wilson(round(float(rate)) * patients, patients)
    return {"value": float(rate), "ci": [low, high]}


def _area(sample: Sample, area: Any, drawn: Floats) -> dict[str, Any]:
    """An area under the ROC curve with its interval."""
    if 0 < area < 1:
        return {"value": float(area), "ci": list(interval(drawn))}
    low, high = area_under_curve_interval(float(area), _patients(sample, 1), _patients(sample, 0))
    return {"value": float(area), "ci": [low, high]}


def brief(sample: Sample, card: PopulationCard, draws: int = 300) -> dict[str, Any]:
    """A line for a stratum or a shift: AUC where both classes are there, and the rates at the balanced point.

    A film left indeterminate counts as neither found nor spared, so ``sensitivity`` and ``specificity`` are the shares
    that are answered rightly; ``indeterminate`` says how many films are not answered.
    """
    if not len(sample.labels):
        return {"films": 0}
    weights = bootstrap_weights(sample.patients, draws)
    cuts = card.operating_points["balanced"].cuts
    positive, negative = sample.probabilities >= cuts.rule_in, sample.probabilities < cuts.rule_out
    line: dict[str, Any] = {
        "films": len(sample.labels),
        "positives": int(sample.labels.sum()),
        "negatives": int(len(sample.labels) - sample.labels.sum()),
        "indeterminate": float(np.mean(~positive & ~negative)),
    }
    # Of each decision one rate alone is wanted: the other's class is not what it was made for.
    for name, which, decision in (("sensitivity", 0, positive), ("specificity", 1, ~negative)):
        value, drawn = rates(sample.labels, decision)[which], rates(sample.labels, decision, weights)[which]
        if np.isfinite(value):
            line[name] = rate_with_interval(sample, 1 - which, value, drawn)
    if sample.has_both:
        drawn_areas = curve(sample.labels, sample.logits, weights).auc()
        line["auc"] = _area(sample, curve(sample.labels, sample.logits).auc(), drawn_areas)
    return line


def strata(
    sample: Sample, card: PopulationCard, kinds: Sequence[str], pixels: NDArray[np.uint8]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Split by kind of pneumonia (each against all normal films) and by thirds of three measures of image quality."""
    kind = np.asarray(kinds)
    found = {
        str(name): brief(sample.only((kind == name) | (sample.labels == 0)), card)
        for name in np.unique(kind[(sample.labels == 1) & (kind != "")])
    }
    table = {"kind": found}
    for name, values in quality(pixels).items():
        low, high = np.quantile(values, [1 / 3, 2 / 3])
        table[name] = {
            "lowest third": brief(sample.only(values <= low), card),
            "middle third": brief(sample.only((values > low) & (values <= high)), card),
            "highest third": brief(sample.only(values > high), card),
        }
    return table


def quality(pixels: NDArray[np.uint8]) -> dict[str, Floats]:
    """Measure films (n, 224, 224): sharpness (spread of the Laplacian), contrast (spread of grey), mean brightness."""
    films = pixels.astype(np.float32)
    inner = films[:, 1:-1, 1:-1]
    around = films[:, :-2, 1:-1] + films[:, 2:, 1:-1] + films[:, 1:-1, :-2] + films[:, 1:-1, 2:]
    return {
        "sharpness": (4 * inner - around).std(axis=(1, 2)).astype(float),
        "contrast": films.std(axis=(1, 2)).astype(float),
        "brightness": films.mean(axis=(1, 2)).astype(float),
    }
