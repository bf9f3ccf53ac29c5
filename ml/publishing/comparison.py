"""Are networks different on the same films? Figures of each, and their differences with 95 % intervals by patient.

What a network is chosen by: validation films as they are and changed in ways that told networks apart
(docs/experiments.md), films of other sources, calibration, and where its heat lies. All networks see the same films,
and a patient is drawn for all of them or for none, so a difference has a narrower interval than either figure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ml.data.dataset import Film
from ml.evaluation.aspect_ratio import narrowed
from ml.evaluation.background import exchanged, lungs_alone, lungs_emptied, own_chests, without_chest
from ml.evaluation.chest_mask import found_lungs
from ml.evaluation.elsewhere import heat_in_drawn_lungs
from ml.evaluation.evaluation_set import Films, TestSet
from ml.evaluation.exchanged_sixths import exchanged_sixths
from ml.evaluation.run import SHIFT_SEED, calibrated, say, score
from ml.evaluation.shifts import blend_of_shifts, stretched
from ml.inference.cards.model_card import ModelCard
from ml.inference.cards.population_card import PopulationCard
from ml.inference.runtime import Engine
from ml.metrics.curves import Curve, Floats, Labels, balanced_weights, bootstrap_weights, curve, interval, reliability
from ml.publishing.calibration import cross_fitted
from ml.publishing.card_text import PREVALENCE

SHIFT_SEEDS = (21, 22, 23)
"""Other draws than those of training, calibration and evaluation."""
SENSITIVITY = 0.97
"""At which specificities are compared, and whose cut full-size films are held against."""
PLAIN, SHIFTED = "as they are", "under random shifts"


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """One of the networks: what it is called, its card, and the exported network."""

    name: str
    model: ModelCard
    engine: Engine

    @property
    def card(self) -> PopulationCard:
        return self.model.first

    def logits(self, films: Films) -> Floats:
        """Of films (n, 224, 224), (n,)."""
        return score(self.card, self.engine, films)[0]


@dataclass(frozen=True, slots=True)
class Figure:
    """One network's figure; its difference to the first network's with interval, where there is one; a remark."""

    value: float
    difference: tuple[float, float, float] | None = None
    remark: str = ""


Table = dict[str, list[Figure]]
"""What is measured, in words → a figure of each network."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Films of other sources to compare on.

    Attributes:
        labelled: Labelled ones, by name.
        masks: Folder with lungs drawn by people.
        full_size: Films at full size and their small copies (:func:`ml.evaluation.elsewhere.load_both_sizes`).
    """

    labelled: Mapping[str, TestSet] = field(default_factory=dict)
    masks: Path | None = None
    full_size: tuple[Sequence[Film], Mapping[str, Films]] | None = None


def versions(test: TestSet) -> Iterator[tuple[str, list[Films]]]:
    """The films as they are and changed; a change that is drawn at random comes several times."""
    films, labels = test.pixels, test.labels
    yield PLAIN, [films]
    yield SHIFTED, [blend_of_shifts(films, seed) for seed in SHIFT_SEEDS]
    yield "contrast stretched", [stretched(films)]
    yield "normal chests narrower", [narrowed(films, labels)]
    lungs = found_lungs(films)
    chests = own_chests(lungs)
    yield "background of the other class, chests as found", [exchanged(films, labels, SHIFT_SEED, chests)]
    yield "background of the other class, one rough outline", [exchanged(films, labels, SHIFT_SEED)]
    yield "background alone, chests as found", [without_chest(films, chests)]
    yield "background alone, one rough outline", [without_chest(films)]
    yield "lungs alone", [lungs_alone(films, lungs)]
    yield "all but the lungs", [lungs_emptied(films, lungs)]


def compare(networks: Sequence[Network], test: TestSet, elsewhere: Elsewhere) -> Table:
    """Measure all of it.

    Args:
        networks: The first is what the others are compared with.
        test: Films of both classes which taught no network.
        elsewhere: Films of other sources.
    """
    table: Table = {}
    draws = bootstrap_weights(test.patients)
    kept: dict[str, list[list[Floats]]] = {}
    for name, shown in versions(test):
        say(f"{name} …")
        kept[name] = [[each.logits(films) for films in shown] for each in networks]
        table[f"AUC, {name}"] = figures(test, kept[name], draws, Curve.auc)
    for name in (PLAIN, SHIFTED):
        table[f"specificity at {SENSITIVITY:.0%} sensitivity, {name}"] = figures(
            test, kept[name], draws, lambda drawn: drawn.specificity_at(SENSITIVITY)
        )
    pairs = list(zip(kept[PLAIN], kept[SHIFTED], strict=True))
    table["calibration error, calibrated on other patients' films under shifts"] = [
        Figure(calibration_error(test, plain[0], shifted)) for plain, shifted in pairs
    ]
    for name, films in elsewhere.labelled.items():
        say(f"{name} …")
        logits = [[each.logits(films.pixels)] for each in networks]
        draws = bootstrap_weights(films.patients)
        table[f"AUC, {name}, {len(films.films)} films"] = figures(films, logits, draws, Curve.auc)
    if elsewhere.full_size is not None:
        say("full size …")
        for each, plain in zip(networks, kept[PLAIN], strict=True):
            _append(table, _full_size(each, *elsewhere.full_size, test.labels, plain[0]))
    say("heat …")
    for each, plain in zip(networks, kept[PLAIN], strict=True):
        _append(table, _heat(each, test, plain[0], elsewhere.masks))
    return table


def figures(
    test: TestSet, logits: Sequence[Sequence[Floats]], draws: Floats, statistic: Callable[[Curve], Floats]
) -> list[Figure]:
    """A figure of each network's curve, the mean over the films' versions, and its difference to the first's.

    Args:
        test: The films.
        logits: Of each network, of each version of the films, (n,).
        draws: How often each film counts, (draws, n).
        statistic: Of a curve, or of one for each draw.
    """
    whole = [float(np.mean([statistic(curve(test.labels, each)) for each in of])) for of in logits]
    drawn = [np.mean([statistic(curve(test.labels, each, draws)) for each in of], axis=0) for of in logits]
    return [Figure(whole[0])] + [
        Figure(value, (value - whole[0], *interval(values - drawn[0])))
        for value, values in zip(whole[1:], drawn[1:], strict=True)
    ]


def calibration_error(test: TestSet, plain: Floats, shifted: Sequence[Floats]) -> float:
    """Expected calibration error of films as they are, calibrated as published on films of other patients.

    Args:
        test: The films.
        plain: (n,) logits of the films as they are.
        shifted: (n,) logits of each of their shifted versions, on which calibration is fitted besides.

    Returns:
        At the prevalence that a card assumes.
    """
    several, weights = 1 + len(shifted), balanced_weights(test.labels, PREVALENCE)
    probabilities = cross_fitted(
        np.tile(test.labels, several), np.concatenate([plain, *shifted]), np.tile(weights, several),
        test.patients * several,
    )  # fmt: skip
    return reliability(test.labels, probabilities[: len(plain)], weights).expected_error


def _append(table: Table, found: Mapping[str, Figure]) -> None:
    for name, figure in found.items():
        table.setdefault(name, []).append(figure)


def _full_size(
    each: Network, films: Sequence[Film], pixels: Mapping[str, Films], known: Labels, plain: Floats
) -> dict[str, Figure]:
    """How far full size moves the logits of normal films, and what of either class lies beyond the cut.

    The cut is that of the films compared on, of labels ``known`` and logits ``plain``.
    """
    labels = np.array([film.label for film in films])
    full, small = each.logits(pixels["full"]), each.logits(pixels["small"])
    moved = (full - small)[labels == 0] / plain.std()
    cut = np.quantile(plain[known == 1], 1 - SENSITIVITY)
    above, below = full[labels == 0] >= cut, full[labels == 1] < cut
    name = f"the cut that misses {1 - SENSITIVITY:.0%}"
    return {
        "full size: normals' logits move by, over the spread of all": Figure(
            float(moved.mean()), None, f"± {moved.std():.2f}; spread {plain.std():.2f}"
        ),
        f"full-size normals above {name}": Figure(float(above.sum()), None, f"of {len(above)}"),
        f"full-size pneumonia below {name}": Figure(float(below.sum()), None, f"of {len(below)}"),
    }


def _heat(each: Network, test: TestSet, plain: Floats, masks: Path | None) -> dict[str, Figure]:
    card = each.card
    found = card.probability(plain.astype(np.float32)) >= card.operating_points["balanced"].cuts.rule_in
    ill = test.pixels[found & (test.labels == 1)]
    sixths = exchanged_sixths(test.pixels[test.labels == 0], ill, calibrated(card, each.engine), seed=SHIFT_SEED)
    hottest, chance = (sixths.get(name, float("nan")) for name in ("hottest_place_in_it", "by_chance"))
    table = {
        "hottest place in the exchanged sixth": Figure(
            hottest, None, f"of {sixths['raised']:.0f}, by chance {chance:.2f}"
        )
    }
    if masks is not None:
        inside = heat_in_drawn_lungs(each.model, card, each.engine, masks, "val")
        of = f"of {inside['films']:.0f} films"
        table["heat in drawn lungs"] = Figure(inside["share_in_lungs"], None, of)
        table["hottest place in drawn lungs"] = Figure(inside["hottest_place_in_lungs"], None, of)
    return table


def markdown(networks: Sequence[Network], table: Table) -> str:
    """The table as Markdown; figures that differ from the first network's by more than chance are bold."""

    def cell(figure: Figure) -> str:
        told = f"{figure.value:.4f}".rstrip("0").rstrip(".")
        if figure.difference is not None:
            value, low, high = figure.difference
            told = f"**{told}**" if low > 0 or high < 0 else told
            told += f" ({value:+.4f} [{low:.4f}, {high:.4f}])"
        return f"{told} {figure.remark}".rstrip()

    rows = [["", *(each.name for each in networks)], ["---"] * (len(networks) + 1)]
    rows += [[name, *map(cell, of)] for name, of in table.items()]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
