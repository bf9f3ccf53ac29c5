"""Publish an artefact once more without training: the same network and calibration, with a new rule and new figures.

For when the way of deciding or of measuring changed: operating points are chosen on the validation patients that the
artefact was published with (``split.json``), everything is measured on its test patients, and the card gets a new
version. Weights, calibration and so every probability stay bit for bit.
"""

from __future__ import annotations

import copy
import datetime
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from ml.evaluation.adults import measure_adults, read_adults
from ml.evaluation.elsewhere import heat_in_drawn_lungs
from ml.evaluation.evaluation_set import choose_films
from ml.evaluation.run import draw, evaluate, say
from ml.inference.cards.earlier_cards import upgraded
from ml.inference.cards.model_card import FORMAT_VERSION, load_card, parse_card
from ml.inference.predictor import load_classifier
from ml.provenance import commit, versions
from ml.publishing.about import AGES, LIMITS, NAME, About
from ml.publishing.card_text import fill, next_version
from ml.publishing.publish import bring_back, choose, of_validation, put_cuts, put_in_place, write


def republish(
    data: Path,
    out: Path,
    *,
    name: str | None = None,
    adults: Path | None = None,
    masks: Path | None = None,
    command: str = "",
) -> dict[str, Any]:
    """Choose operating points once more, measure, and put the artefact in place as a new version; return the metrics.

    Args:
        data: The data the artefact was published with; its films are known again by ``split.json``.
        out: The artefact's folder.
        name: Version; None counts up.
        adults: Adults' films read by radiologists; without them the card keeps its figures of adults.
        masks: Folder with lungs drawn by people; without it nothing is told of the heat in them.
        command: The command line, for the card.

    Raises:
        MLError: see the text; ``out`` is as it was.
    """
    from ml.network.export import load_keras

    bring_back(out)
    before = load_card(out)
    before.verify()
    population = before.first
    strangers = None if adults is None else read_adults(adults)
    val, test = (choose_films(data, split, before) for split in ("val", "test"))
    engine = load_classifier(before, population)
    raw = copy.deepcopy(dict(upgraded(before.raw)))
    raw["format_version"] = FORMAT_VERSION
    raw["version"] = name or next_version(out, datetime.datetime.now(datetime.UTC).date())
    words = _words(raw, population.name, population.limits)
    raw["intended_use"] = words.intended_use
    this = raw["populations"][population.name]
    this |= {"ages": AGES[population.name], "data": [dict(one) for one in words.data]}
    say("choosing operating points …")
    chosen = choose(population, engine, val, calibrate=False)
    put_cuts(this, chosen)
    raw["training"] = {**raw["training"], **_provenance(command)}
    old = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    staging = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        for kept in {
            f"{population.network}.keras",
            f"{population.network}.xml",
            f"{population.network}.bin",
            "split.json",
            "learning.svg",
        }:
            if (out / kept).is_file():
                shutil.copyfile(out / kept, staging / kept)
        card = parse_card(raw, staging)
        metrics, samples, _ = evaluate(card, engine, test, keras_model=load_keras(out / f"{population.network}.keras"))
        metrics["validation"] = of_validation(card.first, val, chosen["logits"])
        metrics["parity_with_keras"], metrics["command"] = old["parity_with_keras"], command
        if strangers is not None:
            metrics["adults"] = measure_adults(card.first, engine, strangers)
        if masks is not None:
            metrics["heat_map"]["drawn_lungs"] = heat_in_drawn_lungs(card, card.first, engine, masks)
        if "full_size" in old:
            metrics["full_size"] = old["full_size"]
        fill(raw, metrics, words)
        write(staging, raw, metrics, draw(metrics, samples, card.first))
        load_card(staging).verify()
        put_in_place(staging, out)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return metrics


def _words(raw: dict[str, Any], whose: str, limits: tuple[str, ...]) -> About:
    """This project's words for the published films; an artefact of other films keeps its own."""
    if raw["name"] == NAME:
        return About()
    population = raw["populations"][whose]
    own = tuple(limit for limit in limits if limit in LIMITS) or limits[:1]
    return About(raw["name"], population["description"], raw["intended_use"], own, whose, tuple(population["data"]))


def _provenance(command: str) -> dict[str, Any]:
    return {
        "republished": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "republished_with": command,
        "republished_versions": versions("keras", "tensorflow-cpu", "tensorflow", "openvino", "numpy"),
        "republishing_commit": commit(),
    }
