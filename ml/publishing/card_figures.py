"""The figures of a model card as Markdown tables: performance, groups, robustness, heat map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ml.inference.cards.model_card import ModelCard
from ml.inference.decision import FINDINGS

FIGURES = (
    ("roc", "ROC curve"),
    ("pr", "Precision and recall"),
    ("calibration", "Reliability diagram"),
    ("confusion", "Truth against finding"),
    ("scores", "Probabilities by class"),
    ("learning", "Learning curves"),
)
TITLES = {"screening": "Screening", "balanced": "Balanced", "rule_in": "Rule-in"}


def share(value: Mapping[str, Any] | float) -> str:
    """A rate as per cent, with its interval where it has one."""
    if isinstance(value, Mapping):
        low, high = value["ci"]
        return f"{100 * value['value']:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
    return f"{100 * value:.1f} %"


def count(value: Mapping[str, Any]) -> str:
    return f"{value['films']}: {share({'value': value['share'], 'ci': value['ci']})}"


def number(value: Mapping[str, Any]) -> str:
    low, high = value["ci"]
    return f"{value['value']:.3f} [{low:.3f}, {high:.3f}]"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def performance(card: ModelCard, metrics: Mapping[str, Any], figures: str) -> str:
    plain, shifted = metrics["plain"], metrics["shifted"]
    main = [
        (words, number(plain[key]), number(shifted[key]))
        for key, words in (
            ("auc", "AUC"),
            ("average_precision", "average precision"),
            ("brier", "Brier score"),
            ("ece", "expected calibration error (15 bins)"),
            ("ece_at_reference_prevalence", "the same at the assumed prevalence"),
        )
    ]
    if "ece_by_chance" in plain:
        by_chance = "what so few films give by chance if every probability is right"
        main.append((by_chance, f"{plain['ece_by_chance']:.3f}", f"{shifted['ece_by_chance']:.3f}"))
    for given, wanted in (("specificity", "sensitivity"), ("sensitivity", "specificity")):
        for level in ("0.90", "0.95", "0.98"):
            key = f"{wanted}_at_{given}"
            main.append(
                (f"{wanted} at {given} {float(level):.0%}", share(plain[key][level]), share(shifted[key][level]))
            )
    population = card.first
    points = []
    for name, point in population.operating_points.items():
        for where, part in (("as they are", plain), ("as another site might send them", shifted)):
            counts = part["operating_points"][name]["table"]
            title = f"{TITLES[name]}, normal below {point.cuts.rule_out:.3f}, pneumonia from {point.cuts.rule_in:.3f}"
            for truth, words in (("pneumonia", "with pneumonia"), ("normal", "without")):
                cells = [count(counts[truth][finding]) for finding in FINDINGS]
                points.append((title if part is plain and truth == "pneumonia" else "", where, words, *cells))
    reliability = [
        (f"{100 * row['low']:.0f} to {100 * row['high']:.0f} %", str(row["films"]), str(row["patients"]),
         share(row["stated"]), share({"value": row["observed"], "ci": row["ci"]}))
        for row in plain["reliability"]
    ]  # fmt: skip
    calibration, gate = population.calibration, metrics.get("gate", {})
    gate_left_out = (
        f"it would have refused {gate['refused']} of the {gate['films']} test films" if gate else "not measured"
    )
    return (
        "## Performance\n\n*As they are*: the test films. *As another site might send them*: the same films, each "
        "under three shifts drawn for it (resolution, sharpness, JPEG, noise, tone, framing, aspect, rotation, "
        "markers; `ml/evaluation/shifts.py`). The truth at another hospital may lie below both.\n\n"
        + table(("", "as they are", "as another site might send them"), main)
        + "\n\n### Operating points\n\nThe error rates of the rule in force, with intervals by patient.\n\n"
        + table(("point", "films", "truth", "called normal", "indeterminate", "called pneumonia"), points)
        + "\n\n"
        f"**Input gate.** Left out of these figures; {gate_left_out}.\n\n"
        f"**Calibration.** {calibration['method']}: log-odds = {calibration['slope']:.4f} · logit + "
        f"{calibration['intercept']:.4f}, clipped to [{calibration['bounds'][0]}, {calibration['bounds'][1]}]. "
        f"Fitted on {calibration['fitted_on']}. Cross-validated log loss by patient: "
        + ", ".join(f"{name} {value:.4f}" for name, value in calibration["cross_validated_log_loss"].items())
        + ".\n\nWhat a probability was worth, at the prevalence it assumes; the site shows none sharper than its row:"
        "\n\n"
        + table(("stated", "films", "patients", "mean stated", "observed, 95 % by patient"), reliability)
        + "\n\n"
        + "\n".join(f"![{words}]({figures}/{name}.svg)" for name, words in FIGURES)
    )


def subgroups(metrics: Mapping[str, Any], figures: str) -> str:
    rows = []
    for group, strata in metrics["strata"].items():
        for name, line in strata.items():
            cells = [number(line["auc"]) if "auc" in line else "–"]
            cells += [share(line[rate]) if rate in line else "–" for rate in ("sensitivity", "specificity")]
            rows.append((group, name, str(line["films"]), *cells))
    base = metrics["robustness_unchanged"]
    shifts = [("none", "–", number(base["auc"]), share(base["sensitivity"]), share(base["specificity"]))]
    for line in metrics["robustness"]:
        rates = (share(line["sensitivity"]), share(line["specificity"]))
        shifts.append((line["shift"], str(line["strength"]), number(line["auc"]), *rates))
    return (
        "## Subgroups and robustness\n\nAt the balanced operating point (answered rightly; indeterminate films count "
        "against both rates); a kind of pneumonia is set against all normal "
        "films. Age, sex and origin are not in the data.\n\n"
        + table(("group", "", "films", "AUC", "sensitivity", "specificity"), rows)
        + f"\n\n### The background\n\n{_background(metrics)}"
        + f"\n\n### The aspect ratio\n\n{_aspect_ratio(metrics)}"
        + f"\n\n### Each shift, at three strengths\n\n{base['films']} of the test films.\n\n"
        + table(("shift", "strength", "AUC", "sensitivity", "specificity"), shifts)
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
        f"{number(changed['auc'])}, sensitivity {share(changed['sensitivity'])}, specificity "
        f"{share(changed['specificity'])}. The background alone, the chest replaced by one level of grey: AUC "
        f"{number(alone['auc'])}; a network that went by the chest alone would give 0.500. {_around_lungs(found)}"
        "Code in `ml/evaluation/background.py`."
    )


def _around_lungs(found: Mapping[str, Any]) -> str:
    """What the network predicts for lungs alone, and for what lies around them."""
    if "lungs_alone" not in found:
        return ""
    return (
        "One level of grey in place of all but the lungs, as the lung finder sees them: AUC "
        f"{number(found['lungs_alone']['auc'])}; in place of the lungs, whose outline is left: AUC "
        f"{number(found['lungs_emptied']['auc'])}. "
    )


def _aspect_ratio(metrics: Mapping[str, Any]) -> str:
    """What the network predicts where normal films alone were framed wider before they were made square."""
    found = metrics["aspect_ratio"]
    return (
        "Films are made square, and those with pneumonia had been the wider ones. The normal films alone a tenth "
        f"narrower, as wider films would be, those with pneumonia as they are: AUC {number(found['auc'])}, "
        f"sensitivity {share(found['sensitivity'])}, specificity {share(found['specificity'])}. Code in "
        "`ml/evaluation/aspect_ratio.py`, reasons in [experiments.md](experiments.md)."
    )


def heat(metrics: Mapping[str, Any]) -> str:
    found = metrics["heat_map"]
    if "lungs" not in found:
        return f"## Heat map\n\n{found['note']}."
    lungs, still, order = found["lungs"], found["stability"], found["deletion_insertion"]
    text = (
        "## Heat map\n\nClass activation map (Zhou et al. 2016) of the same forward pass: the calibrated log-odds each "
        "place adds, beyond zero and beyond the film's middle place. Checked on "
        f"{found['on']}; code in `ml/evaluation/heatmap_checks.py`.\n\n"
        f"- **Where:** {share(lungs['share_in_lungs'])} of the heat lies inside {_outline(metrics, 'lungs')} "
        f"that covers {share(lungs['even_heat_would_give_lungs'])} of the picture, "
        f"{share(lungs['share_in_chest'])} inside lungs and mediastinum together "
        f"({share(lungs['even_heat_would_give_chest'])} of the picture); the hottest place lies in the lungs for "
        f"{share(lungs['hottest_place_in_lungs'])} and in the chest for {share(lungs['hottest_place_in_chest'])} of "
        f"{lungs['films']:.0f} films.\n"
        f"- **Stability:** films moved by {still['moved_by_pixels']:.0f} pixels give maps that correlate with the "
        f"first at {still['map_correlation']:.2f}; the probability changes by "
        f"{still['mean_change_of_probability']:.3f} on average, at most {still['largest_change_of_probability']:.3f}.\n"
        "- **Does it matter:** exchanging the hottest places first for those of a healthy film leaves mean log-odds of "
        f"{order['deletion_map']:.2f}, in random order {order['deletion_random']:.2f} (lower is better); bringing them "
        f"into the healthy film first gives {order['insertion_map']:.2f} against {order['insertion_random']:.2f} "
        f"(higher is better); {order['films']:.0f} films."
    )
    sixths = found.get("exchanged_sixths", {})
    if sixths.get("raised"):
        text += (
            "\n- **Does it point:** a sixth of normal films' lungs exchanged for that of a film with pneumonia "
            f"({sixths['exchanges']:.0f} times) raised the log-odds by 1 at least {sixths['raised']:.0f} times; of "
            f"these the hottest place lies in that sixth for {share(sixths['hottest_place_in_it'])} (by chance "
            f"{share(sixths['by_chance'])}), and {share(sixths['share_in_it'])} of the heat. Code in "
            "`ml/evaluation/exchanged_sixths.py`."
        )
    if "drawn_lungs" in found:
        drawn = found["drawn_lungs"]
        text += (
            f"\n- **In lungs drawn by people:** {share(drawn['share_in_lungs'])} of the heat lies inside them (spread "
            f"evenly it would be {share(drawn['even_heat_would_give_lungs'])}), the hottest place for "
            f"{share(drawn['hottest_place_in_lungs'])} of {drawn['films']:.0f} films; {drawn['on']}."
        )
    if "randomisation" in found:
        scrambled = found["randomisation"]
        text += (
            f"\n- **Sanity** (Adebayo et al. 2018): with the head's weights scrambled the raw map correlates with the "
            f"real one at {scrambled['map_correlation_head_scrambled']:.2f}, with all weights scrambled at "
            f"{scrambled['map_correlation_all_scrambled']:.2f}; a map that ignored the network would stay at 1."
        )
    return text
