"""What a model's answers on labelled films are worth: every figure of ``metrics.json`` that needs no pixels.

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

from ml.inference.model_card import ModelCard
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
    """Films judged: labels (n,) 0 or 1, logits (n,), calibrated probabilities (n,), and whose films they are."""

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


def judged(card: ModelCard, labels: Labels, logits: Floats, patients: Sequence[str]) -> Sample:
    """Put calibrated probabilities to logits."""
    return Sample(labels, np.asarray(logits, np.float64), card.probability(np.asarray(logits, np.float32)), patients)


def describe(sample: Sample, card: ModelCard, draws: int = 1000) -> dict[str, Any]:
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
    low, high = card.indeterminate.low, card.indeterminate.high
    share, error = zone_figures(labels, p, one, (low, high))
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
        "sensitivity_at_specificity": {
            f"{fixed:.2f}": _rate(sample, 1, whole.sensitivity_at(fixed), drawn.sensitivity_at(fixed))
            for fixed in FIXED
        },
        "specificity_at_sensitivity": {
            f"{fixed:.2f}": _rate(sample, 0, whole.specificity_at(fixed), drawn.specificity_at(fixed))
            for fixed in FIXED
        },
        "operating_points": {
            name: at_threshold(sample, point.threshold, weights) for name, point in card.operating_points.items()
        },
        "indeterminate": {"low": low, "high": high, "share": share, "error_outside": error},
    }


def _calibration_error(labels: Labels, p: Floats, base: Floats, weights: Floats) -> dict[str, Any]:
    # 200 draws are enough for an interval of this figure, and binning 1000 times is slow.
    drawn = [reliability(labels, p, base * draw).expected_error for draw in weights[:200]]
    return {"value": reliability(labels, p, base).expected_error, "ci": list(interval(np.array(drawn)))}


def at_threshold(sample: Sample, threshold: float, weights: Floats) -> dict[str, Any]:
    """Measure one threshold: rates with intervals, the confusion matrix, and a classification report."""
    labels, positive = sample.labels, sample.probabilities >= threshold
    sensitivity, specificity = rates(labels, positive)
    drawn = rates(labels, positive, weights)
    counts = {
        "true_positive": int(np.sum(positive & (labels == 1))),
        "false_negative": int(np.sum(~positive & (labels == 1))),
        "false_positive": int(np.sum(positive & (labels == 0))),
        "true_negative": int(np.sum(~positive & (labels == 0))),
    }
    right = positive == (labels == 1)
    return {
        "threshold": threshold,
        "sensitivity": _rate(sample, 1, sensitivity, drawn[0]),
        "specificity": _rate(sample, 0, specificity, drawn[1]),
        "accuracy": _rate(sample, None, right.mean(), (weights * right).sum(-1) / weights.sum(-1)),
        "balanced_accuracy": float((sensitivity + specificity) / 2),
        "confusion": counts,
        "report": {
            "NORMAL": _report(counts["true_negative"], counts["false_negative"], counts["false_positive"]),
            "PNEUMONIA": _report(counts["true_positive"], counts["false_positive"], counts["false_negative"]),
        },
    }


def _patients(sample: Sample, label: int | None) -> int:
    """Patients with films of a class, or all of them: ten films of one child are not ten independent ones."""
    pairs = zip(sample.patients, sample.labels, strict=True)
    return len({patient for patient, of in pairs if label is None or of == label})


def _rate(sample: Sample, label: int | None, rate: Any, drawn: Floats) -> dict[str, Any]:
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


def _report(hit: int, wrongly: int, lost: int) -> dict[str, float | int]:
    """Precision, recall, F1 and support of one class, as a classification report has them."""
    precision = hit / (hit + wrongly) if hit + wrongly else 0.0
    recall = hit / (hit + lost) if hit + lost else 0.0
    f1 = 2 * hit / (2 * hit + wrongly + lost) if hit + wrongly + lost else 0.0
    return {"precision": precision, "recall": recall, "f1": f1, "support": hit + lost}


def brief(sample: Sample, card: ModelCard, draws: int = 300) -> dict[str, Any]:
    """A line for a stratum or a shift: AUC where both classes are there, and the rates at the balanced point."""
    if not len(sample.labels):
        return {"films": 0}
    weights = bootstrap_weights(sample.patients, draws)
    positive = sample.probabilities >= card.operating_points["balanced"].threshold
    value, drawn = rates(sample.labels, positive), rates(sample.labels, positive, weights)
    line: dict[str, Any] = {
        "films": len(sample.labels),
        "positives": int(sample.labels.sum()),
        "negatives": int(len(sample.labels) - sample.labels.sum()),
    }
    for name, one, many in zip(("sensitivity", "specificity"), value, drawn, strict=True):
        if np.isfinite(one):
            line[name] = _rate(sample, 1 if name == "sensitivity" else 0, one, many)
    if sample.has_both:
        drawn_areas = curve(sample.labels, sample.logits, weights).auc()
        line["auc"] = _area(sample, curve(sample.labels, sample.logits).auc(), drawn_areas)
    return line


def strata(
    sample: Sample, card: ModelCard, kinds: Sequence[str], pixels: NDArray[np.uint8]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Split by kind of pneumonia (each against all normal films) and by thirds of three measures of image quality."""
    kind = np.asarray(kinds)
    found = {
        name: brief(sample.only((kind == name) | (sample.labels == 0)), card)
        for name in ("bacterial", "viral")
        if (kind == name).any()
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


def summary(metrics: dict[str, Any]) -> str:
    """The main figures as a few lines of text."""
    lines = [f"model {metrics['model']['version']} on {metrics['films']}"]
    for name in ("plain", "shifted"):
        part = metrics[name]
        lines.append(
            f"{name}: {part['films']} films ({part['positives']} with pneumonia) of {part['patients']} patients, "
            f"AUC {_ci(part['auc'])}, Brier {_ci(part['brier'])}, ECE {_ci(part['ece'])}"
        )
        for point, values in part["operating_points"].items():
            lines.append(
                f"  {point:<9} from {values['threshold']:.3f}: sensitivity {_ci(values['sensitivity'])}, "
                f"specificity {_ci(values['specificity'])}, accuracy {_ci(values['accuracy'])}"
            )
            for label, row in values["report"].items():
                lines.append(
                    f"    {label:<9} precision {row['precision']:.3f}  recall {row['recall']:.3f}  "
                    f"F1 {row['f1']:.3f}  films {row['support']}"
                )
        zone = part["indeterminate"]
        lines.append(f"  indeterminate {zone['share']:.3f} of films; {zone['error_outside']:.3f} of the others wrong")
    return "\n".join(lines)


def _ci(value: dict[str, Any]) -> str:
    return f"{value['value']:.3f} [{value['ci'][0]:.3f}, {value['ci'][1]:.3f}]"


def zone_figures(
    labels: Labels, probabilities: Floats, weights: Floats, zone: tuple[float, float]
) -> tuple[float, float]:
    """Return the share of films inside a zone and the share of wrong answers among the others."""
    low, high = zone
    inside: NDArray[np.bool_] = (probabilities >= low) & (probabilities < high)
    wrong = np.where(labels == 1, probabilities < low, probabilities >= high)
    answered = float(np.sum(weights[~inside]))
    return float(np.sum(weights[inside]) / np.sum(weights)), float(np.sum(weights[wrong]) / max(answered, 1e-12))
