"""From a finished run to an artefact: choice of operating points, calibration, figures, card; whole or not at all."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.evaluation.evaluation_set import SPLIT, TestSet, describe_split
from ml.evaluation.finding_tables import at_points
from ml.evaluation.performance import describe, sample_of
from ml.evaluation.run import draw, evaluate, say
from ml.inference.cards.files import file_sha256
from ml.inference.cards.model_card import ModelCard, load_card, parse_card
from ml.inference.cards.population_card import PopulationCard
from ml.inference.runtime import Engine
from ml.metrics.curves import Floats
from ml.provenance import commit, versions
from ml.publishing.about import KNOWN, About, read_about
from ml.publishing.card_text import draft, fill, next_version
from ml.publishing.choice import Choice, choose
from ml.publishing.other_films import OtherFilms
from ml.publishing.staging import bring_back, staged
from ml.training.run import Run, read_run


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A run's network as an artefact of which nothing is measured yet.

    Attributes:
        card: Its card.
        raw: The same as plain JSON values, to be filled in.
        choice: What was chosen on validation patients; it is in the card.
        engine: The exported network.
        model: The same in Keras.
        parity: How far the two differ (:func:`ml.network.export.export`).
    """

    card: ModelCard
    raw: dict[str, Any]
    choice: Choice
    engine: Engine
    model: Any
    parity: dict[str, float]


def draft_artefact(read: Run, run: Path, folder: Path, version: str, words: About, *, half: bool = False) -> Draft:
    """Export a run's network into an empty folder, calibrate it and choose its operating points.

    Args:
        read: The run.
        run: Its folder.
        folder: Where ``model.keras``, the exported network and ``split.json`` are put.
        version: Of the card.
        words: Of the card.
        half: Store the exported weights in 16 bits.

    Raises:
        MLError: see the text.
    """
    from ml.network.export import export, load_keras, read_head, save_small
    from ml.network.lung_classifier import rebuilt, works_on_lungs

    model = load_keras(run / "model.keras")
    if works_on_lungs(model):  # with the graph of this code, however long ago it was trained
        model = rebuilt(model, read.facts.get("soften", 0.0))
    # Saved again, not copied: without the optimizer's state it is a third of the size.
    save_small(model, folder / "model.keras")
    (folder / SPLIT).write_text(json.dumps(describe_split(read.films, read.pixels)) + "\n", encoding="utf-8")
    val = read.of_split("val")
    say("exporting and comparing with Keras …")
    parity = export(model, folder / "model.xml", val.pixels[:: max(1, len(val.films) // 32)][:32], half=half)
    engine = Engine(folder / "model.xml")
    raw = draft(version, *read_head(model), words)
    raw["files"] = {file.name: file_sha256(file) for file in sorted(folder.iterdir())}
    say("calibrating …")
    choice = choose(parse_card(raw, folder).first, engine, val)
    population = raw["populations"][words.whose]
    choice.put_calibration(population)
    choice.put_cuts(population)
    raw["training"] = _training(read, run)
    return Draft(parse_card(raw, folder), raw, choice, engine, model, parity)


def publish(
    data: Path,
    run: Path,
    out: Path,
    *,
    name: str | None = None,
    half: bool = False,
    about: Path | None = None,
    others: OtherFilms | None = None,
    films_per_shift: int = 600,
    command: str = "",
) -> dict[str, Any]:
    """Do everything; return the metrics.

    Args:
        data: The run's data.
        run: The folder of ``ml.train``.
        out: The artefact folder to replace.
        name: Version; None counts up.
        half: Store the exported weights in 16 bits.
        about: The words of the card where these are other films than the published ones
            (:mod:`ml.publishing.about`).
        others: What else to measure the network on.
        films_per_shift: See :func:`ml.evaluation.run.evaluate`.
        command: The command line, for the card.

    Raises:
        MLError: see the text; ``out`` is as it was.
    """
    bring_back(out)
    words = About() if about is None else read_about(about)
    read = read_run(data, run)
    if about is None and read.facts["data_sha256"] not in KNOWN:
        say(
            "the card will speak of the published paediatric films; if these are others, say of which with --about FILE"
        )
    with staged(out) as folder:
        version = name or next_version(out, datetime.datetime.now(datetime.UTC).date())
        new = draft_artefact(read, run, folder, version, words, half=half)
        metrics, samples, _ = evaluate(
            new.card, new.engine, read.of_split("test"), keras_model=new.model, films_per_shift=films_per_shift
        )
        metrics["validation"] = of_validation(new.card.first, read.of_split("val"), new.choice.logits)
        metrics["parity_with_keras"], metrics["command"] = new.parity, command
        if others is not None:
            others.measure(metrics, new.card, new.engine, read)
        fill(new.raw, metrics, words)
        write(folder, new.raw, metrics, draw(metrics, samples, new.card.first, read.histories))
        load_card(folder).verify()
    return metrics


def of_validation(card: PopulationCard, val: TestSet, logits: Floats) -> dict[str, Any]:
    """The figures on validation patients: better than on anybody else, since what is measured was chosen on them."""
    sample = sample_of(card, val.labels, logits, val.patients)
    return {**describe(sample, card, draws=300), "operating_points": at_points(sample, card, draws=300)}


def _training(read: Run, run: Path) -> dict[str, Any]:
    return {
        **read.facts,
        "published_from": run.name,
        "publishing_versions": versions("keras", "tensorflow-cpu", "tensorflow", "openvino", "numpy"),
        "publishing_commit": commit(),
        "published": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def write(folder: Path, raw: dict[str, Any], metrics: dict[str, Any], drawn: dict[str, str]) -> None:
    """Write metrics, figures, terms that bind whoever uses the network, and, last, the card with every file's hash."""
    bound = terms(raw)
    if bound:
        (folder / "TERMS.txt").write_text(bound, encoding="utf-8")
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    for name, svg in drawn.items():
        (folder / name).write_text(svg, encoding="utf-8")
    raw["files"] = {file.name: file_sha256(file) for file in sorted(folder.iterdir())}
    (folder / "card.json").write_text(json.dumps(raw, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def terms(raw: dict[str, Any]) -> str:
    """What an artefact's TERMS.txt says; nothing where no data of it is for non-commercial use alone."""
    sources = [one for population in raw["populations"].values() for one in population["data"]]
    if not any("non-commercial" in one["terms"] for one in sources):
        return ""
    listed = "".join(f"- {one['name']} ({one['source']}): {one['terms']}\n" for one in sources)
    return (
        "The network in this folder is for non-commercial use alone, since it was trained on data under such terms.\n"
        "The program around it is not bound by them, nor is any other network of it.\n\nData:\n" + listed
    )
