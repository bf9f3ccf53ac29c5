"""The card while it is being made: its words, its empty form, and the figures put in (:mod:`ml.publish`)."""

from __future__ import annotations

import contextlib
import datetime
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.errors import ArtifactError, MLError
from ml.inference.cards.joined_card import SERVED
from ml.inference.cards.model_card import FORMAT_VERSION, load_card
from ml.inference.cards.population_card import OPERATING_POINTS
from ml.inference.population import ADULT, CHILD
from ml.intake.read import FILM_SIZE
from ml.publishing.calibration import BOUNDS

PREVALENCE = 0.5
"""Share of pneumonia that a probability assumes. The training films have three in four, which no ward has; with one
in two a reader can carry it to another prevalence by hand (odds × prevalence odds)."""

NAME = "PneumoWeb paediatric pneumonia classifier"

POPULATION = (
    "Frontal chest radiographs of children aged 1 to 5 years, taken in routine care at one hospital, Guangzhou Women "
    "and Children's Medical Center (Kermany, Zhang, Goldbaum, Mendeley Data 2018, CC BY 4.0)."
)

INTENDED_USE = (
    "Teaching, research and a second look: it says how much a frontal chest radiograph of a child aged 1 to 5 looks "
    "like the radiographs of children with pneumonia. It is not for triage and not for diagnosis, it is not a medical "
    "device, and no decision about a patient may rest on it."
)

DATA = (
    {
        "name": "Chest X-Ray Images (Pneumonia), official training split",
        "source": "Kermany, Zhang, Goldbaum, Mendeley Data 2018; Guangzhou Women and Children's Medical Center",
        "terms": "CC BY 4.0",
    },
)

LUNGS_DATA = (
    {
        "name": "ImageNet weights of EfficientNet-Lite0",
        "source": "Tan, Le 2019",
        "terms": "Apache-2.0",
    },
    {
        "name": "Lung finder: masks of the V7 Labs COVID-19 X-ray dataset",
        "source": "V7 Labs; adults' films under 154 of the masks: Cohen et al. 2020, COVID-19 image data collection",
        "terms": "masks CC BY 4.0; these adults' films CC BY or CC BY-NC-SA, film by film",
    },
)
"""What a children's network that goes by the lungs has learnt from besides."""

LIMITS = (
    "Trained and measured on one hospital's films. Published networks for this data reach about 97 % on films of the "
    "same source and 85 to 95 % on the official test films, mostly through false alarms; expect less than the figures "
    "here at another site, and have it measured there before you rely on it.",
    "It knows two answers, pneumonia and normal. A film with another disease (effusion, pneumothorax, tuberculosis, "
    "heart failure, a foreign body) gets one of them all the same.",
    "The labels are readers' impressions of the films, not proven causes; it cannot tell bacterial from viral "
    "pneumonia, and it cannot exclude pneumonia in a child who is ill.",
    "The calibrated probability assumes that half of the films show pneumonia; where it is rarer, the chance is lower.",
    "Frontal films only, the whole film as exported; lateral views, photographs of films, crops and collages are "
    "refused as far as the image check recognises them.",
    "Sex, origin, weight, prematurity and illness of the children are not known, so differences between such groups "
    "could not be measured.",
)


FULL_SIZE_LIMIT = (
    "Measured on small copies of the films. At full size, as hospitals send them, it is less sure of normal "
    "ones: of 24, most of them known from training, 17 were called normal at the balanced operating point, 6 "
    "were left indeterminate and 1 was called pneumonia; of their small copies 22 were called normal. It "
    "still ranked every one of them below the films with pneumonia."
)
"""Counted by ``ml.predict`` on 60 full-size copies (docs/experiments.md), for the children's network of 2026.11.12."""

KNOWN = frozenset({"988b11bfc6ad1c7db04bc71c94b9728fb53cadab1c2919d4629d7c3c31349fa4"})
"""Hashes (``ml.data.dataset.data_hash``) of the films that the texts above speak of."""


@dataclass(frozen=True, slots=True)
class About:
    """The words of a card that no measurement gives: what the model is, whose films it knows, and its limits."""

    name: str = NAME
    population: str = POPULATION
    intended_use: str = INTENDED_USE
    limits: tuple[str, ...] = LIMITS
    whose: str = CHILD
    data: tuple[Mapping[str, str], ...] = DATA


AGES: dict[str, list[int | None]] = {CHILD: [1, 5], ADULT: [18, None]}


def draft(name: str, weights: Any, bias: float, about: About) -> dict[str, Any]:
    """A card with everything but what is measured."""
    whole = {"file": "model", "input": {"size": FILM_SIZE, "values": _VALUES},
             "head": {"weights": [float(w) for w in weights], "bias": bias, "heat_scale": 1.0}}  # fmt: skip
    return {
        "format_version": FORMAT_VERSION,
        "version": name,
        "name": about.name,
        "intended_use": about.intended_use,
        "populations": {
            about.whose: {
                "ages": AGES[about.whose],
                "description": about.population,
                "data": [dict(one) for one in about.data],
                "limits": list(about.limits),
                "operating_points": [{"name": point, "rule_out": 0.5, "rule_in": 0.5} for point in OPERATING_POINTS],
                "calibration": {"slope": 1.0, "intercept": 0.0, "bounds": list(BOUNDS), "prevalence": PREVALENCE},
                "metrics": {},
                "network": whole,
            }
        },
        "training": {},
        "files": {},
    }


_VALUES = "0 to 255, black = 0, whole film squashed to a square"


def adult_limit(adults: dict[str, Any] | None) -> str:
    """For whom the network is not, with the figures that say so where they were measured."""
    if adults is None:
        return (
            "Not for adults or older children: networks trained on these films hardly do better than chance on adults' "
            "films."
        )
    low, high = adults["auc"]["ci"]
    return (
        f"Not for adults or older children: on {adults['films']} adults' films from other hospitals, read by "
        f"radiologists, {adults['positives']} of them with pneumonia, its AUC is {adults['auc']['value']:.2f} "
        f"[{low:.2f}, {high:.2f}] (0.50 is chance), and at the balanced operating point it would call "
        f"{adults['false_alarms']:.0%} of those without pneumonia pneumonia. So this network answers for no adult."
    )


def background_limit(found: dict[str, Any], plain: dict[str, Any]) -> str:
    """How far the network goes by the background, with the figures that say so."""
    areas = [part["auc"]["value"] for part in (plain, found["exchanged"], found["alone"])]
    return (
        "It also goes by the background (arms, belly, framing), which in these films tells the classes apart. On the "
        f"test films its AUC is {areas[0]:.3f}; with each chest on the background of a film of the other class it is "
        f"{areas[1]:.3f}, and on the background alone, the chest taken out, {areas[2]:.3f} (0.5 is chance)."
    )


def aspect_ratio_limit(found: dict[str, Any], plain: dict[str, Any]) -> str:
    """How far the network goes by the film's aspect ratio, with the figures that say so."""
    before = plain["operating_points"]["balanced"]["table"]["normal"]["normal"]["share"]
    return (
        "Films are made square before the network sees them, so a chest becomes narrower the wider its film was, and "
        "among the training films those with pneumonia were the wider ones. With the normal test films alone "
        f"made a tenth narrower its AUC is {found['auc']['value']:.3f} in place of {plain['auc']['value']:.3f}, and "
        f"at the balanced operating point it calls {found['specificity']['value']:.0%} of them normal in place of "
        f"{before:.0%}: expect more false alarms where normal films are framed widely."
    )


def heat_limit(heat_map: dict[str, Any]) -> str:
    """What the heat map is not, with the figures that say so."""
    limit = (
        "The heat map shows which places raised the answer. It is coarse, it is no outline of disease, and a cold map "
        "is no sign of health."
    )
    lungs = heat_map.get("lungs")
    if lungs is None:
        return limit
    here, even = lungs["share_in_chest"], lungs["even_heat_would_give_chest"]
    elsewhere = 1 - lungs["hottest_place_in_chest"]
    return limit + (
        f" On the test films with pneumonia that it found, {here:.0%} of the heat lies over lungs and mediastinum "
        f"(spread evenly it would be {even:.0%}), and in {elsewhere:.0%} of them the hottest place lies "
        "elsewhere: the network also goes by what is outside the lungs."
    )


def adults_ranking_limit(plain: dict[str, Any], kinds: dict[str, Any]) -> str:
    """How well adults' films are ranked, by how the radiologists called their appearance."""
    shown = [_area(plain["auc"]), *(_area(kinds[name]["auc"]) for name in ("typical", "indeterminate", "atypical"))]
    return (
        "It ranks adults less well than the network for children ranks children: on "
        f"{plain['films']} test films of {plain['patients']} studies its AUC is {shown[0]}; for films of typical "
        f"appearance {shown[1]}, of indeterminate {shown[2]}, of atypical {shown[3]}."
    )


def adults_background_limit(found: dict[str, Any], plain: dict[str, Any]) -> str:
    """How far a network that pools over the lungs still goes by the background."""
    areas = [part["auc"]["value"] for part in (plain, found["exchanged"], found["alone"])]
    return (
        "It goes by the lungs alone, but where they are found depends a little on the background: on the test films "
        f"its AUC is {areas[0]:.3f}; with each chest on the background of a film of the other class it is "
        f"{areas[1]:.3f}, and on the background alone, the chest taken out, {areas[2]:.3f} (0.5 is chance)."
    )


def lungs_heat_limit(heat_map: dict[str, Any]) -> str:
    """What the heat map of a network that pools over the lungs is."""
    limit = (
        "The heat map shows which places in the lungs raised the answer; outside them nothing counts, by construction. "
        "It is coarse, it is no outline of disease, and a cold map is no sign of health."
    )
    drawn = heat_map.get("drawn_lungs")
    if drawn is None:
        return limit
    return limit + (
        f" On {drawn['films']:.0f} films with lungs drawn by people {drawn['share_in_lungs']:.0%} of the heat lies "
        f"inside them (spread evenly it would be {drawn['even_heat_would_give_lungs']:.0%}), and the hottest place in "
        f"{drawn['hottest_place_in_lungs']:.0%}."
    )


def calibration_limit(plain: dict[str, Any]) -> str:
    """How far probabilities are off, beside what chance alone would give."""
    off = plain["ece_at_reference_prevalence"]["value"]
    return (
        f"At the prevalence it assumes, the probabilities are off by {off:.3f} on "
        "average on the test films (expected calibration error); so few films would give "
        f"{plain['ece_by_chance']:.3f} by chance if every probability were right."
    )


def children_limit(found: dict[str, Any]) -> str:
    """What a network for adults is worth on children's films."""
    return (
        f"Not for children: on {found['films']} films of children aged 1 to 5 from a hospital it never saw its AUC is "
        f"{_area(found['auc'])}, less than that of the network for children."
    )


def _area(value: dict[str, Any]) -> str:
    low, high = value["ci"]
    return f"{value['value']:.3f} [{low:.3f}, {high:.3f}]"


def fill(raw: dict[str, Any], metrics: dict[str, Any], about: About) -> None:
    """Put what was measured into the card."""
    plain, shifted = metrics["plain"], metrics["shifted"]
    population = raw["populations"][about.whose]
    for point in population["operating_points"]:
        point["table"] = plain["operating_points"][point["name"]]["table"]
        point["altered"] = shifted["operating_points"][point["name"]]["table"]
    population["calibration"]["bins"] = plain["reliability"]
    population["calibration"]["bins_altered"] = shifted["reliability"]
    # Of adults other films say nothing unless it was measured: they may be adults' own.
    adults = [adult_limit(metrics.get("adults"))] if about.limits == LIMITS or "adults" in metrics else []
    kinds = metrics["strata"]["kind"]
    by_lungs = raw["training"].get("network") == "lung_classifier"
    if about.whose == CHILD:
        population["data"] = [dict(one) for one in (*about.data, *(LUNGS_DATA if by_lungs else ()))]
        # The last but one speaks of the children's films: there those with pneumonia were the wider ones.
        measured = [
            background_limit(metrics["background"], plain),
            aspect_ratio_limit(metrics["aspect_ratio"], plain),
            (lungs_heat_limit if by_lungs else heat_limit)(metrics["heat_map"]),
        ]
        measured += [FULL_SIZE_LIMIT] if by_lungs and about.limits == LIMITS else []
    else:
        adults += (
            [adults_ranking_limit(plain, kinds)] if {"typical", "indeterminate", "atypical"} <= kinds.keys() else []
        )
        measured = [adults_background_limit(metrics["background"], plain), calibration_limit(plain)]
        measured += [children_limit(metrics["children"])] if "children" in metrics else []
        measured += [lungs_heat_limit(metrics["heat_map"])]
    population["limits"] = [about.limits[0], *adults, *about.limits[1:], *measured]
    kept = (
        "films", "patients", "positives", "negatives", "auc", "average_precision", "brier", "ece",
        "ece_at_reference_prevalence", "ece_by_chance",
    )  # fmt: skip
    population["metrics"] = {
        "internal_test": {key: plain[key] for key in kept},
        "internal_test_as_another_site_might_send_it": {key: shifted[key] for key in kept},
        "by_kind": kinds,
        "background": metrics["background"],
        "aspect_ratio": metrics["aspect_ratio"],
        "heat_map": metrics["heat_map"],
        "parity_with_keras": metrics["parity_with_keras"],
    } | {name: metrics[name] for name in ("adults", "children") if name in metrics}


def next_version(out: Path, today: datetime.date) -> str:
    """Year, month and a number that counts up: 2026.11.1.

    It counts over all artefacts that are served beside ``out``: whatever is published last has the highest number.
    """
    prefix, last = f"{today.year}.{today.month}.", 0
    for folder in {out, *(out.with_name(folder) for folder in SERVED.values())}:
        with contextlib.suppress(ArtifactError):
            found = re.match(re.escape(prefix) + r"(\d+)", load_card(folder).version)
            last = max(last, int(found[1]) if found else 0)
    return f"{prefix}{last + 1}"


_FORM = (
    "It is a JSON object with the texts name, population and intended_use, and limits, a list of texts; and, where the "
    "films are not children's, whose (child or adult) and data, a list of sources with their name, source and terms."
)


class AboutError(MLError):
    """The words for a card cannot be used."""


def read_about(path: Path) -> About:
    """Words for a model of other films: a JSON object with ``name``, ``population``, ``intended_use`` and ``limits``.

    ``whose`` (``child`` or ``adult``) and ``data`` (sources with ``name``, ``source`` and ``terms``) may be in it.

    Raises:
        AboutError: The file is not such an object.
    """
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        about = About(
            given["name"], given["population"], given["intended_use"], tuple(given["limits"]),
            given.get("whose", CHILD), tuple(given.get("data", ())),
        )  # fmt: skip
        AGES[about.whose], [(one["name"], one["source"], one["terms"]) for one in about.data]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AboutError(
            f"{path} does not say what the card needs ({type(error).__name__}: {error}). {_FORM}"
        ) from error
    texts = (about.name, about.population, about.intended_use, *about.limits)
    if not about.limits or not all(isinstance(text, str) and text.strip() for text in texts):
        raise AboutError(f"{path}: a text is empty, or none. {_FORM}")
    return about
