"""Measure a published model on a set of films: scores, robustness, heat map checks, figures."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.evaluation import figures
from ml.evaluation import heatmap_checks as checks
from ml.evaluation.aspect_ratio import narrowed
from ml.evaluation.background import exchanged, lungs_alone, lungs_emptied, own_chests, without_chest
from ml.evaluation.chest_mask import found_lungs
from ml.evaluation.evaluation_set import Films, TestSet
from ml.evaluation.exchanged_sixths import exchanged_sixths
from ml.evaluation.finding_tables import at_points, reliability_table
from ml.evaluation.performance import Sample, brief, describe, sample_of, strata
from ml.evaluation.shifts import SHIFTS, STRENGTHS, blend_of_shifts, shift
from ml.inference.cards.model_card import ModelCard
from ml.inference.cards.population_card import PopulationCard
from ml.inference.predictor import run_network
from ml.inference.runtime import Engine
from ml.intake.read import FILM_SIZE, ModelInput
from ml.metrics.curves import Floats

SHIFT_SEED = 101
"""Another seed than those of training and calibration."""


BATCH = 16


def say(words: str) -> None:
    """Progress, on stderr."""
    print(words, file=sys.stderr, flush=True)


def score(card: PopulationCard, engine: Engine, films: Films) -> tuple[Floats, NDArray[np.float32]]:
    """Run films (n, 224, 224); return logits (n,) and heat maps (n, h, w)."""
    logits, maps = [], []
    for start in range(0, len(films), BATCH):
        logit, features = run_network(engine, films[start : start + BATCH])
        logits.append(logit)
        maps.append(card.heat(features))
    return np.concatenate(logits).astype(np.float64), np.concatenate(maps)


def calibrated(card: PopulationCard, engine: Engine) -> checks.Predict:
    """A network as the checks of a heat map want it: films to calibrated log-odds and heat maps."""

    def predict(films: Films) -> tuple[Floats, NDArray[np.float32]]:
        logits, heat = score(card, engine, films)
        return card.calibration["slope"] * logits + card.calibration["intercept"], heat

    return predict


def evaluate(
    model: ModelCard,
    engine: Engine,
    test: TestSet,
    *,
    population: str = "",
    keras_model: Any = None,
    films_per_shift: int = 600,
) -> tuple[dict[str, Any], dict[str, Sample], NDArray[np.float32]]:
    """Measure everything.

    Args:
        model: The model's card.
        engine: The exported network.
        test: Films on which nothing was chosen.
        population: Whose cuts and calibration are measured; by itself the card's first.
        keras_model: The same network in Keras, for the randomisation check; left out without it.
        films_per_shift: About so many films at most in the robustness table (:func:`some_films`).

    Returns:
        The metrics, the samples (``plain`` and ``shifted``), and the heat maps of the plain films.
    """
    began = time.monotonic()
    card = model.populations[population] if population else model.first
    say(f"predicting {len(test.films)} films …")
    logits, maps = score(card, engine, test.pixels)
    moved, _ = score(card, engine, blend_of_shifts(test.pixels, SHIFT_SEED))
    samples = {
        name: sample_of(card, test.labels, values, test.patients)
        for name, values in (("plain", logits), ("shifted", moved))
    }
    say("robustness …")
    robust, base = robustness(card, engine, test, films_per_shift)
    say("heat maps …")
    metrics = {
        "model": {"version": model.version, "sha256": model.sha256, "population": card.name},
        "films": test.what,
        "lungs": "found",  # and not one rough outline for all, as up to 2026.11
        "plain": _whole(samples["plain"], card),
        "shifted": _whole(samples["shifted"], card),
        "strata": strata(samples["plain"], card, [film.kind for film in test.films], test.pixels),
        "robustness": robust,
        "robustness_unchanged": base,
        "background": background(card, engine, test),
        "aspect_ratio": brief(
            sample_of(card, test.labels, score(card, engine, narrowed(test.pixels, test.labels))[0], test.patients),
            card,
        ),
        "gate": refusals(test),
        "heat_map": _heat_checks(card, engine, test, samples["plain"], maps, keras_model),
        "seconds": round(time.monotonic() - began, 1),
    }
    return metrics, samples, maps


def _whole(sample: Sample, card: PopulationCard) -> dict[str, Any]:
    return {
        **describe(sample, card),
        "operating_points": at_points(sample, card),
        "reliability": reliability_table(sample, card),
    }


def refusals(test: TestSet) -> dict[str, Any]:
    """How many of these films the committed input gate would have kept from the model, by reason.

    The other figures leave the gate out: they say what the network does with every film.
    """
    from ml.inference.gate.check import Gate

    results = Gate.load().check([ModelInput(film, FILM_SIZE, FILM_SIZE) for film in test.pixels])
    reasons = Counter(result.refusal.code for result in results if result.refusal is not None)
    return {"films": len(results), "refused": sum(reasons.values()), "reasons": dict(reasons.most_common())}


def robustness(
    card: PopulationCard, engine: Engine, test: TestSet, most: int
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Each shift at each strength, and the same films unchanged."""
    chosen = some_films(test, most)
    labels, patients = test.labels[chosen], [test.patients[i] for i in chosen]

    def line(films: Films) -> dict[str, Any]:
        return brief(sample_of(card, labels, score(card, engine, films)[0], patients), card, draws=200)

    films = test.pixels[chosen]
    table = [
        {"shift": name, "strength": strength, **line(shift(films, name, strength))}
        for name in SHIFTS
        for strength in STRENGTHS
    ]
    return table, line(films)


def background(card: PopulationCard, engine: Engine, test: TestSet) -> dict[str, Any]:
    """How far the network goes by the background (:mod:`ml.evaluation.background`).

    Chests and lungs are as the lung finder sees them. ``exchanged``: each chest on the background of a film of the
    other class; ``alone``: backgrounds without a chest; ``lungs_alone``: lungs and nothing else; ``lungs_emptied``:
    all but what is in the lungs.
    """
    lungs = found_lungs(test.pixels)
    chests = own_chests(lungs)
    shown = {
        "exchanged": exchanged(test.pixels, test.labels, SHIFT_SEED, chests),
        "alone": without_chest(test.pixels, chests),
        "lungs_alone": lungs_alone(test.pixels, lungs),
        "lungs_emptied": lungs_emptied(test.pixels, lungs),
    }
    return {
        name: brief(sample_of(card, test.labels, score(card, engine, films)[0], test.patients), card)
        for name, films in shown.items()
    }


def some_films(test: TestSet, most: int) -> NDArray[np.int64]:
    """Places of all films if there are no more than ``most``, else of about so many, the same for the same films.

    Patients are drawn with all their films, each class apart, so that both classes keep their share.
    """
    if len(test.films) <= most:
        return np.arange(len(test.films))
    _names, member = np.unique(np.asarray(test.patients), return_inverse=True)
    sick = np.bincount(member, test.labels) > 0
    chosen = np.zeros(len(sick), bool)
    for of_class in (sick, ~sick):
        drawn = np.random.default_rng(5).permutation(np.flatnonzero(of_class))
        before = np.cumsum(np.bincount(member)[drawn]) - np.bincount(member)[drawn]
        chosen[drawn[before < most * of_class[member].mean()]] = True
    return np.flatnonzero(chosen[member])


def _heat_checks(
    card: PopulationCard, engine: Engine, test: TestSet, sample: Sample, maps: NDArray[np.float32], model: Any
) -> dict[str, Any]:
    found = (sample.labels == 1) & (sample.probabilities >= card.operating_points["balanced"].cuts.rule_in)
    if not found.any():
        return {"films": 0, "note": "no film with pneumonia was found, so there is no map to check"}
    healthy = test.pixels[int(np.argmin(np.where(sample.labels == 0, sample.logits, np.inf)))]
    some = np.flatnonzero(found)[:: max(1, int(found.sum()) // 24)][:24]
    predict = calibrated(card, engine)
    result: dict[str, Any] = {
        "on": "films with pneumonia that were found at the balanced operating point",
        "lungs": checks.lung_share(maps[found], found_lungs(test.pixels[found])),
        "heat_by_truth": {
            "pneumonia": float(maps[sample.labels == 1].max(axis=(1, 2)).mean()),
            "normal": float(maps[sample.labels == 0].max(axis=(1, 2)).mean()),
        },
        "stability": checks.stability(test.pixels[some], predict),
        "deletion_insertion": checks.deletion_insertion(test.pixels[some], healthy, predict),
        "exchanged_sixths": exchanged_sixths(
            test.pixels[sample.labels == 0], test.pixels[found], predict, seed=SHIFT_SEED
        ),
    }
    if model is not None:
        result["randomisation"] = checks.randomisation(model, test.pixels[some[:16]])
    return result


def draw(
    metrics: dict[str, Any],
    samples: dict[str, Sample],
    card: PopulationCard,
    histories: Sequence[Sequence[dict[str, float]]] = (),
) -> dict[str, str]:
    """All figures by file name."""
    drawn: dict[str, Callable[[figures.Two, PopulationCard], str]] = {
        "roc.svg": figures.roc,
        "pr.svg": figures.precision_recall,
        "calibration.svg": figures.calibration,
        "confusion.svg": figures.confusion,
        "scores.svg": figures.scores,
    }
    result = {name: figure(samples, card) for name, figure in drawn.items()}
    result["robustness.svg"] = figures.robustness(metrics["robustness"], metrics["robustness_unchanged"])
    if histories:
        result["learning.svg"] = figures.learning(histories)
    return result
