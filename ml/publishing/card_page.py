"""Write an artefact's model card: ``python -m ml.publishing.card_page [--artifact DIR] [--out docs/model-card.md]``.

Headings follow Mitchell et al., *Model Cards for Model Reporting* (2019), with what CLAIM (2020, 2024) and the FDA's
draft guidance on AI-enabled device software functions (January 2025) ask for besides. Every figure comes from
``card.json`` and ``metrics.json``; nothing is typed in by hand.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ml.errors import MLError
from ml.inference.cards.model_card import ModelCard, load_card
from ml.inference.cards.population_card import PopulationCard
from ml.inference.population import CHILD
from ml.network.efficientnet import WHOLE
from ml.publishing.card_figures import heat, performance, subgroups, table
from ml.publishing.operating_points import aims_for

DEFAULT = Path(__file__).resolve().parents[2] / "docs" / "model-card.md"


def render(directory: Path | None = None, figures: str = "../ml/artifacts/pneumonia") -> str:
    """Return the card as Markdown; ``figures`` is the way from the text to the folder of figures.

    Raises:
        ArtifactError: there is no whole artefact.
        OSError, ValueError, KeyError: its metrics cannot be read.
    """
    card = load_card(directory)
    if len(card.populations) == 1:
        return f"{_HEAD}\n\n{_of_one(card, figures)}\n"
    parts = [f"{_HEAD} {_JOINED}\n\n{card.intended_use}"]
    for population in card.populations.values():
        folder = card.path(f"{population.network}.xml").parent
        text = _of_one(load_card(folder), str(Path(figures).with_name(folder.name)))
        parts.append(
            f"## {WHO[population.name]}, {_ages(population)}\n\n" + re.sub(r"^#", "##", text, flags=re.MULTILINE)
        )
    return "\n\n".join(parts) + "\n"


_HEAD = (
    "# Model card\n\nWritten by `python -m ml.publishing.card_page` from `card.json` and `metrics.json`; do not edit "
    "by hand. Square brackets hold 95 % bootstrap intervals, drawn by patient."
)
_JOINED = (
    "Two networks answer, each for its own population and under its own terms; a film of anybody else gets no finding. "
    "What is stated of one network holds for that one alone."
)


def _of_one(card: ModelCard, figures: str) -> str:
    metrics = json.loads((card.directory / "metrics.json").read_text(encoding="utf-8"))
    parts = [_identity(card), _use(card), _factors(card), _data(card, metrics), performance(card, metrics, figures)]
    parts += [subgroups(metrics, figures), heat(metrics), _limits(card), _again(card, metrics)]
    return "\n\n".join(parts)


def _identity(card: ModelCard) -> str:
    training, population = card.training, card.first
    members = training.get("members", [training])
    shape = [member.get("architecture", {}) for member in members]
    pixels, size = population.input["size"], training.get("input_size", "?")
    lungs = training.get("network") == "lung_classifier"
    facts = [
        ("Name, version, date", f"{card.name}, {card.version}, {training.get('republished', training['published'])}"),
        ("Made by", "the PneumoWeb project; questions and faults: its issue tracker"),
        ("SHA-256 of model.keras", f"`{card.sha256}`"),
        ("Uses AI", "yes: finding, probability and heat map come from one network, which does not learn in use"),
        ("Input", f"one frontal chest film as {pixels} × {pixels} grey pixels, which the network "
                  + ("crops to the lungs it finds" if lungs else f"scales to {size}") + "; no age, text or history"),
        ("Output", "calibrated probability, finding at a chosen operating point (or *indeterminate*), heat map; "
                   "nothing where the film is of none of its populations"),
        ("Level of automation", "informs a person; acts on nothing by itself"),
        ("Architecture", f"lung finder (U-net), crop to the lungs, {_backbone(training)} pooled over the lungs, "
                         "linear head" if lungs else
                         f"residual CNN, global average pooling, linear head: `{json.dumps(shape)}`"),
        ("Size", f"{training.get('parameters', '?'):,} parameters, {training.get('gmac', '?')} GMAC a film"
                 if isinstance(training.get("parameters"), int) else "not recorded"),
        ("Weights from elsewhere", _weights_from(training, population.name) if lungs else
                                   "none: trained from nothing on the data below"),
        *([("Weights", f"the mean of those of {len(members)} runs, which are named below")]
          if lungs and len(members) > 1 else []),
        *([("Taught by", "what these runs on the same films predict together, beside the labels: "
                         + ", ".join(teachers))] if (teachers := training.get("teachers")) else []),
        ("Regulatory status", "**not a medical device**; assessed or cleared by nobody"),
        ("Licence", "code MIT; **network for non-commercial use**, as its data" if population.non_commercial else
                    "MIT, as the project; data CC BY 4.0"),
    ]  # fmt: skip
    return "## Model details\n\n" + table(("", ""), facts)


def _backbone(training: Mapping[str, Any]) -> str:
    stages = training.get("stages", WHOLE)
    return "EfficientNet-Lite0" if stages == WHOLE else f"the first {stages} of {WHOLE} stages of EfficientNet-Lite0"


def _weights_from(training: Mapping[str, Any], population: str) -> str:
    imagenet, start = "ImageNet weights of EfficientNet-Lite0 (Apache-2.0)", training.get("start")
    if not start:
        return f"{imagenet} to begin with"
    # A network for others may begin with the children's; one for children with another run on the same films.
    begun_with = (
        f"those of the run {start} on the same films" if population == CHILD else "those of the network for children"
    )
    return f"{begun_with}, to begin with, and by them {imagenet}"


def _use(card: ModelCard) -> str:
    return (
        f"## Intended use\n\n{card.intended_use}\n\n"
        + "\n\n".join(
            f"**{WHO[population.name]}, {_ages(population)}.** {population.description}"
            for population in card.populations.values()
        )
        + "\n\n**Out of scope.** Everybody else: such films get no finding and no probability. Lateral films, "
        "photographs of screens, follow-up of treatment, triage, any decision without a person."
    )


WHO = {"child": "Children", "adult": "Adults"}


def _ages(population: PopulationCard) -> str:
    youngest, oldest = population.ages
    return f"{youngest} to {oldest} years" if oldest else f"{youngest} years and older"


def _factors(card: ModelCard) -> str:
    child = card.first.name == CHILD
    kind = "the kind of pneumonia (from file names)" if child else "its appearance as the radiologists called it"
    age = "age within 1 to 5 years" if child else "age"
    return (
        f"## Factors and metrics\n\n**Factors.** Known of the films: {kind}, size, "
        "sharpness, brightness and contrast; the performance is broken down by them, and by simulated changes of "
        f"acquisition. Not known: {age}, sex, origin, illness before, machine.\n\n"
        "**Metrics.** Ranking: AUC and average precision. Decisions: truth × finding at three operating points, each a "
        "pair of cuts chosen on validation patients for the largest shares of both errors: "
        + "; ".join(
            f"{name.replace('_', '-')}, {aim.missed:.1%} missed and {aim.false_alarms:.1%} false alarms"
            for name, aim in aims_for(card.first.name).items()
        )
        + ". An aim on validation patients is no promise: what was reached on test patients stands below. In groups "
        "and under shifts, sensitivity and specificity are the shares answered rightly: a film left indeterminate "
        "counts as neither. Probability: Brier score and expected calibration error."
    )


_CHILDREN_DATA = (
    "Chest X-Ray Images (Pneumonia): Kermany, Zhang, Goldbaum, *Labeled "
    "Optical Coherence Tomography and Chest X-Ray Images for Classification*, Mendeley Data 2018; Kermany et al., "
    "*Cell* 172 (2018) 1122; CC BY 4.0. Its official training split alone was used: no film of the official test "
    "split took part in any choice. Reference standard: the publishers' labels, by their report the reading of two "
    "physicians; no proof of cause."
)


def _data(card: ModelCard, metrics: Mapping[str, Any]) -> str:
    training = card.training
    films = training.get("films", {})
    pairs = training.get("near_duplicates", "the")
    validation, test = metrics["validation"], metrics["plain"]
    taught = training["audit"]["counts"].get("train", {}).values()
    rows = [
        ("training", str(films.get("train", "?")), str(sum(part["patients"] for part in taught)), "weights"),
        ("validation", str(validation["films"]), str(validation["patients"]), "epoch, calibration, operating points"),
        ("test", str(test["films"]), str(test["patients"]), "nothing; the figures below"),
    ]
    data = card.first.data
    sources = table(("data", "source", "terms"), [(one["name"], one["source"], one["terms"]) for one in data])
    if card.first.name == CHILD:
        sources = _CHILDREN_DATA if len(data) == 1 else f"{_CHILDREN_DATA}\n\n{sources}"
    return (
        f"## Training and evaluation data\n\n{sources}\n\n"
        + table(("split", "films", "patients", "used for"), rows)
        + f"\n\nPatients are in one split only; {pairs} pairs of near-identical films are kept "
        f"together. SHA-256 of files, labels and pixels: `{training.get('data_sha256', '?')}`.\n\n"
        f"**Audit.** {_audit(training['audit'])}"
    )


def _audit(found: Mapping[str, Any]) -> str:
    """What ``ml.audit`` says of the films, splits included; a leak stops training and publishing."""
    verdict = "fit for training" if found["fit_for_training"] else "**not fit for training**"
    pairs = found["near_duplicates"]
    text = (
        f"{verdict}: {found['leaks']} films of one patient, or equal films, in two splits; {found['copies']} groups of "
        f"files with equal pixels and {pairs} pairs of near-identical films, {found['contradictions']} of "
        f"them with different labels; {found['unreadable']} unreadable files."
    )
    if found["giveaway"] is not None:
        text += f" Acquisition alone tells the classes with an AUC of {found['giveaway']:.3f} (docs/experiments.md)."
    return " ".join([text, *found["faults"]])


def _limits(card: ModelCard) -> str:
    return (
        "## Limits and ethical considerations\n\n"
        + "\n".join(f"- {limit}" for population in card.populations.values() for limit in population.limits)
        + "\n\n## Monitoring and change\n\nThe network is fixed. Files are checked against their SHA-256 before use; "
        "a new model is a new version, and earlier answers keep theirs. Whoever runs the site should measure it on "
        "local films with known outcome before use and at intervals "
        "(`python -m ml.evaluate --data DIR --split all --out OUT`)."
    )


def _again(card: ModelCard, metrics: Mapping[str, Any]) -> str:
    training = card.training
    versions = ", ".join(
        f"{k} {v}" for k, v in {**training.get("versions", {}), **training["publishing_versions"]}.items()
    )
    parity = metrics["parity_with_keras"]
    return (
        "## How to get these figures again\n\n"
        f"- Training: {_commands(training)}; all parameters are in `card.json` under `training`. See "
        "docs/training.md.\n"
        f"- Publishing: `{metrics['command'] or 'python -m ml.publish'}`, commit "
        f"`{training.get('republishing_commit', training['publishing_commit'])}`; every figure and "
        "picture here comes from it.\n"
        "- Measuring again, or on other films: `python -m ml.evaluate --data DATA --split test --out OUT`.\n"
        f"- Versions: {versions}.\n"
        f"- The exported network agrees with Keras to {parity['logit']:.1g} (logit) and {parity['features']:.1g} "
        f"(features, relative) on {parity['films']:.0f} films."
    )


def _commands(training: Mapping[str, Any]) -> str:
    """The command of every run that took part, the last one that of their mean where there are several."""
    trained = [run for run in training.get("members", []) if run.get("command")]
    return "; ".join(
        f"`{run.get('command', '?')}`, commit `{run.get('commit', '?')}`"
        + (f", seed {run['seed']}" if "seed" in run else "")
        for run in [*trained, training]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m ml.publishing.card_page", description="Write the model card as text."
    )
    parser.add_argument("--artifact", type=Path, help="model folder (default: the committed model)")
    parser.add_argument("--out", type=Path, default=DEFAULT)
    options = parser.parse_args(arguments)
    try:
        options.out.write_text(render(options.artifact), encoding="utf-8")
    except (MLError, OSError, ValueError, KeyError) as error:
        print(f"The model card cannot be written: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
