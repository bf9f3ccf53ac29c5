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
from pathlib import Path
from typing import Any

from ml.evaluation.evaluation_set import SPLIT, choose_films
from ml.evaluation.run import draw, evaluate, say
from ml.inference.cards.earlier_cards import upgraded
from ml.inference.cards.model_card import FORMAT_VERSION, load_card, parse_card
from ml.inference.predictor import load_classifier
from ml.provenance import commit, versions
from ml.publishing.about import AGES, NAME, About, AboutError, read_about
from ml.publishing.card_text import fill, next_version
from ml.publishing.choice import choose
from ml.publishing.other_films import OtherFilms
from ml.publishing.publish import of_validation, write
from ml.publishing.staging import bring_back, staged


def republish(
    data: Path,
    out: Path,
    *,
    name: str | None = None,
    about: Path | None = None,
    others: OtherFilms | None = None,
    films_per_shift: int = 600,
    command: str = "",
) -> dict[str, Any]:
    """Choose operating points once more, measure, and put the artefact in place as a new version; return the metrics.

    Args:
        data: The data the artefact was published with; its films are known again by ``split.json``.
        out: The artefact's folder.
        name: Version; None counts up.
        about: The words of the card, as for ``publish``; needed where the films are others than the published ones,
            since in a card they cannot be told from what was measured.
        others: What else to measure the network on; without masks nothing is told of the heat in drawn lungs.
        films_per_shift: See :func:`ml.evaluation.run.evaluate`.
        command: The command line, for the card.

    Raises:
        MLError: see the text; ``out`` is as it was.
    """
    from ml.network.export import load_keras

    bring_back(out)
    before = load_card(out)
    before.verify()
    population = before.first
    val, test = (choose_films(data, split, before) for split in ("val", "test"))
    engine = load_classifier(before, population)
    raw = copy.deepcopy(dict(upgraded(before.raw)))
    raw["format_version"] = FORMAT_VERSION
    raw["version"] = name or next_version(out, datetime.datetime.now(datetime.UTC).date())
    words = _words(raw["name"], about)
    raw["intended_use"] = words.intended_use
    this = raw["populations"][population.name]
    this |= {"ages": AGES[population.name], "data": [dict(one) for one in words.data]}
    say("choosing operating points …")
    choice = choose(population, engine, val, calibrate=False)
    choice.put_cuts(this)
    raw["training"] = {**raw["training"], **_provenance(command)}
    old = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    with staged(out) as folder:
        network = population.network
        for kept in (f"{network}.keras", f"{network}.xml", f"{network}.bin", SPLIT, "learning.svg"):
            if (out / kept).is_file():
                shutil.copyfile(out / kept, folder / kept)
        card = parse_card(raw, folder)
        model = load_keras(out / f"{network}.keras")
        metrics, samples, _ = evaluate(card, engine, test, keras_model=model, films_per_shift=films_per_shift)
        metrics["validation"] = of_validation(card.first, val, choice.logits)
        metrics["parity_with_keras"], metrics["command"] = old["parity_with_keras"], command
        if others is not None:
            others.measure(metrics, card, engine)
        if "full_size" in old:
            metrics["full_size"] = old["full_size"]
        fill(raw, metrics, words)
        write(folder, raw, metrics, draw(metrics, samples, card.first))
        load_card(folder).verify()
    return metrics


def _words(name: str, about: Path | None) -> About:
    if about is not None:
        return read_about(about)
    if name != NAME:
        raise AboutError(f"This is {name}: give the words of its card with --about FILE.")
    return About()


def _provenance(command: str) -> dict[str, Any]:
    return {
        "republished": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "republished_with": command,
        "republished_versions": versions("keras", "tensorflow-cpu", "tensorflow", "openvino", "numpy"),
        "republishing_commit": commit(),
    }
