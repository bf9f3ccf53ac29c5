"""What is chosen on validation patients: calibration, the heat map's scale, and the pair of cuts of each point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.errors import MLError
from ml.evaluation.aspect_ratio import narrowed
from ml.evaluation.evaluation_set import Films, TestSet
from ml.evaluation.run import BATCH
from ml.evaluation.shifts import blend_of_shifts
from ml.inference.cards.population_card import Aim, PopulationCard
from ml.inference.decision import Cuts
from ml.inference.population import CHILD
from ml.inference.predictor import run_network
from ml.inference.runtime import Engine
from ml.metrics.curves import Floats, balanced_weights
from ml.publishing import calibration, operating_points
from ml.publishing.card_text import PREVALENCE

SHIFT_SEEDS = (11, 12, 13)


class PublishError(MLError):
    """The run cannot be published; the text says what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """What was chosen, as a card keeps it.

    Attributes:
        films: On which films, in words.
        logits: The network's, of the validation films as they are.
        calibration: The card's part of that name.
        heat_scale: Calibrated log-odds that show as the heat map's hottest.
        cuts: The pair of each operating point, by name.
        aims: What each was chosen for.
    """

    films: str
    logits: Floats
    calibration: Mapping[str, Any]
    heat_scale: float
    cuts: Mapping[str, Cuts]
    aims: Mapping[str, Aim]

    def put_cuts(self, population: dict[str, Any]) -> None:
        """Put the pairs, what they were chosen for and on which films into a population of a card."""
        for point in population["operating_points"]:
            cuts, aim = self.cuts[point["name"]], self.aims[point["name"]]
            point |= {"rule_out": cuts.rule_out, "rule_in": cuts.rule_in, "aim": operating_points.in_words(aim)}
        population["operating_points_chosen_on"] = self.films

    def put_calibration(self, population: dict[str, Any]) -> None:
        """Put the calibration and the heat map's scale into a population of a card."""
        population["calibration"] = dict(self.calibration)
        population["network"]["head"]["heat_scale"] = self.heat_scale


@dataclass(frozen=True, slots=True, eq=False)
class _Pass:
    """Logits (n,), and the strongest and the middle place of each film's raw map (n,), before calibration."""

    logits: Floats
    strongest: Floats
    middle: Floats


def choose(card: PopulationCard, engine: Engine, val: TestSet, *, calibrate: bool = True) -> Choice:
    """Calibrate and choose operating points on validation patients.

    Each film counts several times: as it is, as three other sites might have delivered it, and, of children, with
    normal chests narrower, which is where networks of these films raise false alarms
    (:mod:`ml.evaluation.aspect_ratio`); adults' films of both classes come from the same hospitals.
    ``calibrate`` off keeps the card's own calibration and heat scale, and chooses the operating points alone.

    Raises:
        PublishError: the films cannot be told apart, or no heat map can be had of the network.
    """
    moved = (blend_of_shifts(val.pixels, seed) for seed in SHIFT_SEEDS)
    narrow = [narrowed(val.pixels, val.labels)] if card.name == CHILD else []
    versions = [val.pixels, *narrow, *moved]
    passes = [_run(card, engine, films) for films in versions]
    as_they_are, logits = passes[0], np.concatenate([each.logits for each in passes])
    labels, patients = np.tile(val.labels, len(versions)), val.patients * len(versions)
    weights = balanced_weights(labels, PREVALENCE)
    films = (
        f"{len(val.films)} validation films of {len(set(val.patients))} patients, each as it is, under "
        f"{len(SHIFT_SEEDS)} draws of acquisition shifts{', and with normal chests narrower' if narrow else ''}; "
        f"weighted to a prevalence of {PREVALENCE:.0%}"
    )
    kept, heat_scale = card.calibration, float(card.head["heat_scale"])
    if calibrate:
        kept = _fit(val, labels, logits, weights, patients, films)
        places = (as_they_are.strongest, as_they_are.middle)
        strongest, middle = (kept["slope"] * place + kept["intercept"] for place in places)
        strengths = (strongest - np.maximum(middle, 0))[val.labels == 1]
        heat_scale = float(max(np.quantile(strengths, 0.75), 1e-3))
    probabilities = calibration.Calibration(float(kept["slope"]), float(kept["intercept"]))(logits)
    aims = operating_points.aims_for(card.name)
    cuts = operating_points.choose_cuts(labels, probabilities, weights, aims)
    return Choice(films, as_they_are.logits, kept, heat_scale, cuts, aims)


def _fit(
    val: TestSet, labels: NDArray[np.int64], logits: Floats, weights: Floats, patients: list[str], films: str
) -> dict[str, Any]:
    # Platt's targets: a finite set never proves a probability of 0 or 1.
    positives, negatives = int(val.labels.sum()), int(len(val.labels) - val.labels.sum())
    soft = np.where(labels == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    try:
        losses = calibration.compare(soft, logits, weights, patients)
        temperature = losses["temperature"] <= losses["affine"]
        fitted = calibration.fit_affine(soft, logits, weights, temperature_only=temperature)
    except ValueError as error:
        raise PublishError(f"The run cannot be calibrated on its validation films. {error}") from error
    return {
        "method": "temperature" if temperature else "slope and intercept (Platt)",
        "slope": fitted.slope,
        "intercept": fitted.intercept,
        "bounds": list(calibration.BOUNDS),
        "prevalence": PREVALENCE,
        "cross_validated_log_loss": losses,
        "fitted_on": films,
    }


def _run(card: PopulationCard, engine: Engine, films: Films) -> _Pass:
    found: list[tuple[Any, ...]] = []
    head = np.asarray(card.head["weights"], np.float32)
    for start in range(0, len(films), BATCH):
        logit, features = run_network(engine, films[start : start + BATCH])
        local = features @ head + np.float32(card.head["bias"])
        if np.abs(local.mean(axis=(1, 2)) - logit).max() > 1e-3 * max(1.0, float(np.abs(logit).max())):
            raise PublishError("The logit is not the pooled features times the head, so no heat map can be had of it.")
        found.append((logit, local.max(axis=(1, 2)), np.median(local, axis=(1, 2))))
    return _Pass(*(np.concatenate(part).astype(np.float64) for part in zip(*found, strict=True)))
