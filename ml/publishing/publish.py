"""From a finished run to an artefact: choice of operating points, calibration, figures, card; whole or not at all."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.errors import MLError
from ml.evaluation.aspect_ratio import narrowed
from ml.evaluation.evaluation_set import SPLIT, Films, TestSet, describe_split
from ml.evaluation.finding_tables import at_points
from ml.evaluation.performance import describe, sample_of
from ml.evaluation.run import BATCH, draw, evaluate, say
from ml.evaluation.shifts import blend_of_shifts
from ml.inference.cards.files import file_sha256
from ml.inference.cards.model_card import load_card, parse_card
from ml.inference.cards.population_card import PopulationCard
from ml.inference.population import CHILD
from ml.inference.predictor import run_network
from ml.inference.runtime import Engine
from ml.metrics.curves import Floats, balanced_weights
from ml.provenance import commit, versions
from ml.publishing import calibration, operating_points
from ml.publishing.about import KNOWN, About, read_about
from ml.publishing.card_text import PREVALENCE, draft, fill, next_version
from ml.publishing.other_films import OtherFilms
from ml.publishing.staging import bring_back, staged
from ml.training.run import Run, read_run

SHIFT_SEEDS = (11, 12, 13)


class PublishError(MLError):
    """The run cannot be published; the text says what to do."""


def choose(card: PopulationCard, engine: Engine, val: TestSet, *, calibrate: bool = True) -> dict[str, Any]:
    """Calibrate and choose operating points on validation patients; return the card's parts that follow, and logits.

    Each film counts several times: as it is, as three other sites might have delivered it, and, of children, with
    normal chests narrower, which is where networks of these films raise false alarms
    (:mod:`ml.evaluation.aspect_ratio`); adults' films of both classes come from the same hospitals.
    ``calibrate`` off keeps the card's own calibration and heat scale, and chooses the operating points alone.
    """
    moved = (blend_of_shifts(val.pixels, seed) for seed in SHIFT_SEEDS)
    narrow = [narrowed(val.pixels, val.labels)] if card.name == CHILD else []
    versions = [val.pixels, *narrow, *moved]
    passes = [_logits_and_places(card, engine, films) for films in versions]
    logits = np.concatenate([logit for logit, _, _ in passes])
    labels, patients = np.tile(val.labels, len(versions)), val.patients * len(versions)
    weights = balanced_weights(labels, PREVALENCE)
    on = (
        f"{len(val.films)} validation films of {len(set(val.patients))} patients, each as it is, under "
        f"{len(SHIFT_SEEDS)} draws of acquisition shifts{', and with normal chests narrower' if narrow else ''}; "
        f"weighted to a prevalence of {PREVALENCE:.0%}"
    )
    chosen: dict[str, Any] = {"logits": passes[0][0], "chosen_on": on}
    if calibrate:
        chosen["calibration"] = fitted = _fit(val, labels, logits, weights, patients, on)
        strongest, middle = (fitted["slope"] * at + fitted["intercept"] for at in passes[0][1:])
        strengths = (strongest - np.maximum(middle, 0))[val.labels == 1]
        chosen["heat_scale"] = float(max(np.quantile(strengths, 0.75), 1e-3))
    kept = chosen.get("calibration", card.calibration)
    fitted_map = calibration.Calibration(float(kept["slope"]), float(kept["intercept"]))
    chosen["cuts"] = operating_points.choose_cuts(
        labels, fitted_map(logits), weights, operating_points.aims_for(card.name)
    )
    chosen["aims"] = operating_points.aims_for(card.name)
    return chosen


def _fit(
    val: TestSet, labels: NDArray[np.int64], logits: Floats, weights: Floats, patients: list[str], on: str
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
        "fitted_on": on,
    }


def _logits_and_places(card: PopulationCard, engine: Engine, films: Films) -> tuple[Floats, Floats, Floats]:
    """Logits (n,), and the strongest and the middle place of each film's raw map (n,), before calibration."""
    found: list[tuple[Any, ...]] = []
    head = np.asarray(card.head["weights"], np.float32)
    for start in range(0, len(films), BATCH):
        logit, features = run_network(engine, films[start : start + BATCH])
        local = features @ head + np.float32(card.head["bias"])
        if np.abs(local.mean(axis=(1, 2)) - logit).max() > 1e-3 * max(1.0, float(np.abs(logit).max())):
            raise PublishError("The logit is not the pooled features times the head, so no heat map can be had of it.")
        found.append((logit, local.max(axis=(1, 2)), np.median(local, axis=(1, 2))))
    logits, strongest, middle = (np.concatenate(part).astype(np.float64) for part in zip(*found, strict=True))
    return logits, strongest, middle


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
    from ml.network.export import export, load_keras, read_head, save_small
    from ml.network.lung_classifier import rebuilt, works_on_lungs

    bring_back(out)
    words = About() if about is None else read_about(about)
    model = load_keras(run / "model.keras")
    read = read_run(data, run)
    if works_on_lungs(model):  # with the graph of this code, however long ago it was trained
        model = rebuilt(model, read.facts.get("soften", 0.0))
    if about is None and read.facts["data_sha256"] not in KNOWN:
        say(
            "the card will speak of the published paediatric films; if these are others, say of which with --about FILE"
        )
    with staged(out) as folder:
        # Saved again, not copied: without the optimizer's state it is a third of the size.
        save_small(model, folder / "model.keras")
        (folder / SPLIT).write_text(json.dumps(describe_split(read.films, read.pixels)) + "\n", encoding="utf-8")
        val, test = read.of_split("val"), read.of_split("test")
        say("exporting and comparing with Keras …")
        parity = export(model, folder / "model.xml", val.pixels[:: max(1, len(val.films) // 32)][:32], half=half)
        engine = Engine(folder / "model.xml")
        raw = draft(name or next_version(out, datetime.datetime.now(datetime.UTC).date()), *read_head(model), words)
        raw["files"] = {file.name: file_sha256(file) for file in sorted(folder.iterdir())}
        say("calibrating …")
        chosen = choose(parse_card(raw, folder).first, engine, val)
        population = raw["populations"][words.whose]
        population["calibration"] = chosen["calibration"]
        population["network"]["head"]["heat_scale"] = chosen["heat_scale"]
        put_cuts(population, chosen)
        raw["training"] = _training(read, run)
        card = parse_card(raw, folder)
        metrics, samples, _ = evaluate(card, engine, test, keras_model=model, films_per_shift=films_per_shift)
        metrics["validation"] = of_validation(card.first, val, chosen["logits"])
        metrics["parity_with_keras"], metrics["command"] = parity, command
        if others is not None:
            others.measure(metrics, card, engine, read)
        fill(raw, metrics, words)
        write(folder, raw, metrics, draw(metrics, samples, card.first, read.histories))
        load_card(folder).verify()
    return metrics


def put_cuts(population: dict[str, Any], chosen: dict[str, Any]) -> None:
    """Put the chosen pairs, what they were chosen for and on which films into a population of a card."""
    for point in population["operating_points"]:
        cuts, aim = chosen["cuts"][point["name"]], chosen["aims"][point["name"]]
        point |= {"rule_out": cuts.rule_out, "rule_in": cuts.rule_in, "aim": operating_points.in_words(aim)}
    population["operating_points_chosen_on"] = chosen["chosen_on"]


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
