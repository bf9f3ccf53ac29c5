"""Write an artefact's model card: ``python -m ml.publishing.card_page [--artifact DIR] [--out docs/model-card.md]``.

Headings follow Mitchell et al., *Model Cards for Model Reporting* (2019), with what CLAIM (2020, 2024) and the FDA's
draft guidance on AI-enabled device software functions (January 2025) ask for besides. Every figure comes from
``card.json`` and ``metrics.json``; nothing is typed in by hand.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ml.errors import MLError
from ml.inference.decision import FINDINGS
from ml.inference.model_card import ModelCard, load_card
from ml.inference.population_card import PopulationCard
from ml.publishing.operating_points import AIMS

DEFAULT = Path(__file__).resolve().parents[2] / "docs" / "model-card.md"
FIGURES = (
    ("roc", "ROC curve"),
    ("pr", "Precision and recall"),
    ("calibration", "Reliability diagram"),
    ("confusion", "Truth against finding"),
    ("scores", "Probabilities by class"),
    ("learning", "Learning curves"),
)
TITLES = {"screening": "Screening", "balanced": "Balanced", "rule_in": "Rule-in"}


def _share(value: Mapping[str, Any] | float) -> str:
    """A rate as per cent, with its interval where it has one."""
    if isinstance(value, Mapping):
        low, high = value["ci"]
        return f"{100 * value['value']:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
    return f"{100 * value:.1f} %"


def _count(value: Mapping[str, Any]) -> str:
    return f"{value['films']}: {_share({'value': value['share'], 'ci': value['ci']})}"


def _number(value: Mapping[str, Any]) -> str:
    low, high = value["ci"]
    return f"{value['value']:.3f} [{low:.3f}, {high:.3f}]"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def render(directory: Path | None = None, figures: str = "../ml/artifacts/pneumonia") -> str:
    """Return the card as Markdown; ``figures`` is the way from the text to the folder of figures.

    Raises:
        ArtifactError: there is no whole artefact.
        OSError, ValueError, KeyError: its metrics cannot be read.
    """
    card = load_card(directory)
    metrics = json.loads((card.directory / "metrics.json").read_text(encoding="utf-8"))
    parts = [_identity(card), _use(card), _factors(), _data(card, metrics), _performance(card, metrics, figures)]
    parts += [_subgroups(metrics, figures), _heat(metrics), _limits(card), _again(card, metrics)]
    return "\n\n".join(parts) + "\n"


def _identity(card: ModelCard) -> str:
    training, of = card.training, card.first
    members = training.get("members", [training])
    shape = [member.get("architecture", {}) for member in members]
    size = training.get("input_size", "?")
    facts = [
        ("Name, version, date", f"{card.name}, {card.version}, {training.get('republished', training['published'])}"),
        ("Made by", "the PneumoWeb project; questions and faults: its issue tracker"),
        ("SHA-256 of model.keras", f"`{card.sha256}`"),
        ("Uses AI", "yes: finding, probability and heat map come from one network, which does not learn in use"),
        ("Input", f"one frontal chest film as {of.input['size']} × {of.input['size']} grey pixels, which the "
                  f"network scales to {size}; no age, text or history"),
        ("Output", "calibrated probability, finding at a chosen operating point (or *indeterminate*), heat map; "
                   "nothing where the film is of none of its populations"),
        ("Level of automation", "informs a person; acts on nothing by itself"),
        ("Architecture", f"residual CNN, global average pooling, linear head: `{json.dumps(shape)}`"),
        ("Size", f"{training.get('parameters', '?'):,} parameters, {training.get('gmac', '?')} GMAC a film"
                 if isinstance(training.get("parameters"), int) else "not recorded"),
        ("Weights from elsewhere", "none: trained from nothing on the data below"),
        ("Regulatory status", "**not a medical device**; assessed or cleared by nobody"),
        ("Licence", "MIT, as the project; data CC BY 4.0"),
    ]  # fmt: skip
    return (
        "# Model card\n\nWritten by `python -m ml.publishing.card_page` from `card.json` and `metrics.json`; "
        "do not edit by hand. "
        "To publish a trained run as the served model (exports, calibrates, measures, draws, writes this page; a few "
        "minutes on two cores):\n\n```\npython -m ml.publish --data DATA --run RUN\n```\n\n"
        "Square brackets hold 95 % bootstrap intervals, drawn by patient.\n\n## Model details\n\n"
        + _table(("", ""), facts)
    )


def _use(card: ModelCard) -> str:
    return (
        f"## Intended use\n\n{card.intended_use}\n\n"
        + "\n\n".join(f"**{WHO[of.name]}, {_ages(of)}.** {of.description}" for of in card.populations.values())
        + "\n\n**Out of scope.** Everybody else: such films get no finding and no probability. Lateral films, "
        "photographs of screens, follow-up of treatment, triage, any decision without a person."
    )


WHO = {"child": "Children", "adult": "Adults"}


def _ages(of: PopulationCard) -> str:
    youngest, oldest = of.ages
    return f"{youngest} to {oldest} years" if oldest else f"{youngest} years and older"


def _factors() -> str:
    return (
        "## Factors and metrics\n\n**Factors.** Known of the films: the kind of pneumonia (from file names), size, "
        "sharpness, brightness and contrast; the performance is broken down by them, and by simulated changes of "
        "acquisition. Not known: age within 1 to 5 years, sex, origin, illness before, machine.\n\n"
        "**Metrics.** Ranking: AUC and average precision. Decisions: truth × finding at three operating points, each a "
        "pair of cuts chosen on validation patients for the largest shares of both errors: "
        + "; ".join(
            f"{name.replace('_', '-')}, {aim.missed:.1%} missed and {aim.false_alarms:.1%} false alarms"
            for name, aim in AIMS.items()
        )
        + ". An aim on validation patients is no promise: what was reached on test patients stands below. In groups "
        "and under shifts, sensitivity and specificity are the shares answered rightly: a film left indeterminate "
        "counts as neither. Probability: Brier score and expected calibration error."
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
    return (
        "## Training and evaluation data\n\nChest X-Ray Images (Pneumonia): Kermany, Zhang, Goldbaum, *Labeled "
        "Optical Coherence Tomography and Chest X-Ray Images for Classification*, Mendeley Data 2018; Kermany et al., "
        "*Cell* 172 (2018) 1122; CC BY 4.0. Its official training split alone was used: no film of the official test "
        "split took part in any choice. Reference standard: the publishers' labels, by their report the reading of two "
        "physicians; no proof of cause.\n\n"
        + _table(("split", "films", "patients", "used for"), rows)
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


def _performance(card: ModelCard, metrics: Mapping[str, Any], figures: str) -> str:
    plain, shifted = metrics["plain"], metrics["shifted"]
    main = [
        (words, _number(plain[key]), _number(shifted[key]))
        for key, words in (
            ("auc", "AUC"),
            ("average_precision", "average precision"),
            ("brier", "Brier score"),
            ("ece", "expected calibration error (15 bins)"),
            ("ece_at_reference_prevalence", "the same at the assumed prevalence"),
        )
    ]
    for given, wanted in (("specificity", "sensitivity"), ("sensitivity", "specificity")):
        for level in ("0.90", "0.95", "0.98"):
            key = f"{wanted}_at_{given}"
            main.append(
                (f"{wanted} at {given} {float(level):.0%}", _share(plain[key][level]), _share(shifted[key][level]))
            )
    of = card.first
    points = []
    for name, point in of.operating_points.items():
        for where, part in (("as they are", plain), ("as another site might send them", shifted)):
            table = part["operating_points"][name]["table"]
            title = f"{TITLES[name]}, normal below {point.cuts.rule_out:.3f}, pneumonia from {point.cuts.rule_in:.3f}"
            for truth, words in (("pneumonia", "with pneumonia"), ("normal", "without")):
                cells = [_count(table[truth][finding]) for finding in FINDINGS]
                points.append((title if part is plain and truth == "pneumonia" else "", where, words, *cells))
    reliability = [
        (f"{100 * row['low']:.0f} to {100 * row['high']:.0f} %", str(row["films"]), str(row["patients"]),
         _share(row["stated"]), _share({"value": row["observed"], "ci": row["ci"]}))
        for row in plain["reliability"]
    ]  # fmt: skip
    calibration, gate = of.calibration, metrics.get("gate", {})
    gate_said = f"it would have refused {gate['refused']} of the {gate['films']} test films" if gate else "not measured"
    return (
        "## Performance\n\n*As they are*: the test films. *As another site might send them*: the same films, each "
        "under three shifts drawn for it (resolution, sharpness, JPEG, noise, tone, framing, aspect, rotation, "
        "markers; `ml/evaluation/shifts.py`). The truth at another hospital may lie below both.\n\n"
        + _table(("", "as they are", "as another site might send them"), main)
        + "\n\n### Operating points\n\nThe error rates of the rule in force, with intervals by patient.\n\n"
        + _table(("point", "films", "truth", "called normal", "indeterminate", "called pneumonia"), points)
        + "\n\n"
        f"**Input gate.** Left out of these figures; {gate_said}.\n\n"
        f"**Calibration.** {calibration['method']}: log-odds = {calibration['slope']:.4f} · logit + "
        f"{calibration['intercept']:.4f}, clipped to [{calibration['bounds'][0]}, {calibration['bounds'][1]}]. "
        f"Fitted on {calibration['fitted_on']}. Cross-validated log loss by patient: "
        + ", ".join(f"{name} {value:.4f}" for name, value in calibration["cross_validated_log_loss"].items())
        + ".\n\nWhat a probability was worth, at the prevalence it assumes; the site shows none sharper than its row:"
        "\n\n"
        + _table(("stated", "films", "patients", "mean stated", "observed, 95 % by patient"), reliability)
        + "\n\n"
        + "\n".join(f"![{words}]({figures}/{name}.svg)" for name, words in FIGURES)
    )


def _subgroups(metrics: Mapping[str, Any], figures: str) -> str:
    rows = []
    for group, strata in metrics["strata"].items():
        for name, line in strata.items():
            cells = [_number(line["auc"]) if "auc" in line else "–"]
            cells += [_share(line[rate]) if rate in line else "–" for rate in ("sensitivity", "specificity")]
            rows.append((group, name, str(line["films"]), *cells))
    base = metrics["robustness_unchanged"]
    shifts = [("none", "–", _number(base["auc"]), _share(base["sensitivity"]), _share(base["specificity"]))]
    for line in metrics["robustness"]:
        rates = (_share(line["sensitivity"]), _share(line["specificity"]))
        shifts.append((line["shift"], str(line["strength"]), _number(line["auc"]), *rates))
    return (
        "## Subgroups and robustness\n\nAt the balanced operating point (answered rightly; indeterminate films count "
        "against both rates); a kind of pneumonia is set against all normal "
        "films. Age, sex and origin are not in the data.\n\n"
        + _table(("group", "", "films", "AUC", "sensitivity", "specificity"), rows)
        + f"\n\n### The background\n\n{_background(metrics)}"
        + f"\n\n### The aspect ratio\n\n{_aspect_ratio(metrics)}"
        + f"\n\n### Each shift, at three strengths\n\n{base['films']} of the test films.\n\n"
        + _table(("shift", "strength", "AUC", "sensitivity", "specificity"), shifts)
        + f"\n\n![Robustness]({figures}/robustness.svg)"
    )


def _outline(metrics: Mapping[str, Any], what: str) -> str:
    """How lungs and chest were known where these figures were measured."""
    if metrics.get("lungs") == "found":
        return f"the {what} as the lung finder sees {'them' if what == 'lungs' else 'it'}"
    return f"a rough outline of the {what}, drawn by hand on the mean normal film,"


def _background(metrics: Mapping[str, Any]) -> str:
    """What the network predicts for chests on a strange background, and for the background alone."""
    found = metrics["background"]
    changed, alone = found["exchanged"], found["alone"]
    return (
        f"Each film's chest ({_outline(metrics, 'chest')}) on the background of a film of the other class: "
        "AUC "
        f"{_number(changed['auc'])}, sensitivity {_share(changed['sensitivity'])}, specificity "
        f"{_share(changed['specificity'])}. The background alone, the chest replaced by one level of grey: AUC "
        f"{_number(alone['auc'])}; a network that went by the chest alone would give 0.500. Code in "
        "`ml/evaluation/background.py`."
    )


def _aspect_ratio(metrics: Mapping[str, Any]) -> str:
    """What the network predicts where normal films alone were framed wider before they were made square."""
    found = metrics["aspect_ratio"]
    return (
        "Films are made square, and those with pneumonia had been the wider ones. The normal films alone a tenth "
        f"narrower, as wider films would be, those with pneumonia as they are: AUC {_number(found['auc'])}, "
        f"sensitivity {_share(found['sensitivity'])}, specificity {_share(found['specificity'])}. Code in "
        "`ml/evaluation/aspect_ratio.py`, reasons in [experiments.md](experiments.md)."
    )


def _heat(metrics: Mapping[str, Any]) -> str:
    found = metrics["heat_map"]
    if "lungs" not in found:
        return f"## Heat map\n\n{found['note']}."
    lungs, still, order = found["lungs"], found["stability"], found["deletion_insertion"]
    text = (
        "## Heat map\n\nClass activation map (Zhou et al. 2016) of the same forward pass: the calibrated log-odds each "
        "place adds, beyond zero and beyond the film's middle place. Checked on "
        f"{found['on']}; code in `ml/evaluation/heatmap_checks.py`.\n\n"
        f"- **Where:** {_share(lungs['share_in_lungs'])} of the heat lies inside {_outline(metrics, 'lungs')} "
        f"that covers {_share(lungs['even_heat_would_give_lungs'])} of the picture, "
        f"{_share(lungs['share_in_chest'])} inside lungs and mediastinum together "
        f"({_share(lungs['even_heat_would_give_chest'])} of the picture); the hottest place lies in the lungs for "
        f"{_share(lungs['hottest_place_in_lungs'])} and in the chest for {_share(lungs['hottest_place_in_chest'])} of "
        f"{lungs['films']:.0f} films.\n"
        f"- **Stability:** films moved by {still['moved_by_pixels']:.0f} pixels give maps that correlate with the "
        f"first at {still['map_correlation']:.2f}; the probability changes by "
        f"{still['mean_change_of_probability']:.3f} on average, at most {still['largest_change_of_probability']:.3f}.\n"
        "- **Does it matter:** exchanging the hottest places first for those of a healthy film leaves mean log-odds of "
        f"{order['deletion_map']:.2f}, in random order {order['deletion_random']:.2f} (lower is better); bringing them "
        f"into the healthy film first gives {order['insertion_map']:.2f} against {order['insertion_random']:.2f} "
        f"(higher is better); {order['films']:.0f} films."
    )
    if "randomisation" in found:
        scrambled = found["randomisation"]
        text += (
            f"\n- **Sanity** (Adebayo et al. 2018): with the head's weights scrambled the raw map correlates with the "
            f"real one at {scrambled['map_correlation_head_scrambled']:.2f}, with all weights scrambled at "
            f"{scrambled['map_correlation_all_scrambled']:.2f}; a map that ignored the network would stay at 1."
        )
    return text


def _limits(card: ModelCard) -> str:
    return (
        "## Limits and ethical considerations\n\n"
        + "\n".join(f"- {limit}" for of in card.populations.values() for limit in of.limits)
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
        f"- Training: `{training.get('command', '?')}`, commit `{training.get('commit', '?')}`, seed "
        f"{training.get('seed', '?')}; all parameters are in `card.json` under `training`. See docs/training.md.\n"
        f"- Publishing: `{metrics['command'] or 'python -m ml.publish'}`, commit "
        f"`{training.get('republishing_commit', training['publishing_commit'])}`; every figure and "
        "picture here comes from it.\n"
        "- Measuring again, or on other films: `python -m ml.evaluate --data DATA --split test --out OUT`.\n"
        f"- Versions: {versions}.\n"
        f"- The exported network agrees with Keras to {parity['logit']:.1g} (logit) and {parity['features']:.1g} "
        f"(features, relative) on {parity['films']:.0f} films."
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
