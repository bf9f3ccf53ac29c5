"""The card while it is being made: its empty form, and the figures and limits put in (:mod:`ml.publish`)."""

from __future__ import annotations

import contextlib
import datetime
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ml.errors import ArtifactError
from ml.inference.cards.joined_card import SERVED
from ml.inference.cards.model_card import FORMAT_VERSION, load_card
from ml.inference.cards.population_card import OPERATING_POINTS
from ml.inference.population import CHILD
from ml.intake.read import FILM_SIZE
from ml.publishing.about import AGES, LIMITS, LUNGS_DATA, About
from ml.publishing.calibration import BOUNDS
from ml.publishing.measured_limits import (
    adult_limit,
    adults_ranking_limit,
    around_lungs_limit,
    aspect_ratio_limit,
    background_limit,
    calibration_limit,
    children_limit,
    crop_background_limit,
    full_size_limit,
    heat_limit,
    lungs_heat_limit,
)

PREVALENCE = 0.5
"""Share of pneumonia that a probability assumes. The training films have three in four, which no ward has; with one
in two a reader can carry it to another prevalence by hand (odds × prevalence odds)."""


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
    own = (*about.data, *(LUNGS_DATA if by_lungs and about.whose == CHILD else ()))
    population["data"] = _each_source_once(own, raw["training"].get("learnt_from", ()))
    if about.whose == CHILD:
        # The last but one speaks of the children's films: there those with pneumonia were the wider ones.
        measured = [
            (crop_background_limit if by_lungs else background_limit)(metrics["background"], plain),
            *([around_lungs_limit(metrics["background"])] if by_lungs else []),
            aspect_ratio_limit(metrics["aspect_ratio"], plain),
            (lungs_heat_limit if by_lungs else heat_limit)(metrics["heat_map"]),
        ]
        measured += [full_size_limit(metrics.get("full_size"))] if about.limits == LIMITS else []
    else:
        adults += (
            [adults_ranking_limit(plain, kinds)] if {"typical", "indeterminate", "atypical"} <= kinds.keys() else []
        )
        measured = [crop_background_limit(metrics["background"], plain), around_lungs_limit(metrics["background"])]
        measured += [calibration_limit(plain)]
        measured += (
            [children_limit(metrics["children"], raw["training"].get("start", ""))] if "children" in metrics else []
        )
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
    } | {name: metrics[name] for name in ("adults", "children", "full_size") if name in metrics}


def _each_source_once(
    own: Sequence[Mapping[str, str]], taken_over: Sequence[Mapping[str, str]]
) -> list[dict[str, str]]:
    """What a network has learnt from: by its own words, then what networks behind it have learnt from besides."""
    named = {(one["source"], one["terms"]) for one in own}
    return [dict(one) for one in (*own, *(one for one in taken_over if (one["source"], one["terms"]) not in named))]


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
