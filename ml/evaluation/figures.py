"""The figures of the model card, from the arrays behind ``metrics.json``. No film is ever in a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ml.evaluation.finding_tables import findings, reliability_table
from ml.evaluation.performance import Sample
from ml.evaluation.svg import INK, LINE, NORMAL, PNEUMONIA, PRIMARY, SOFT, Axes, Canvas
from ml.inference.cards.population_card import PopulationCard
from ml.inference.decision import FINDINGS
from ml.metrics.curves import Floats, balanced_weights, bootstrap_weights, curve, reliability

TITLES = {"screening": "Screening", "balanced": "Balanced", "rule_in": "Rule-in"}
TENTHS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
Two = Mapping[str, Sample]
"""``{"plain": …, "shifted": …}``, or the plain films alone."""


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _head(title: str, note: str, description: str) -> Canvas:
    canvas = Canvas(title, description)
    canvas.text(24, 32, title, size=17, bold=True)
    canvas.text(24, 52, note, size=12.5, fill=SOFT)
    return canvas


def _note(sample: Sample) -> str:
    return f"{len(sample.labels)} radiographs of {len(set(sample.patients))} patients outside training"


_STYLE = {
    "plain": ("radiographs as they are", PRIMARY, ""),
    "shifted": ("as another site might send them", "#8a5a00", "6 4"),
}


def roc(samples: Two, card: PopulationCard) -> str:
    """ROC curves with a 95 % band by patient, and both cuts of each point: rule-in filled, rule-out hollow."""
    plain = samples["plain"]
    auc = float(curve(plain.labels, plain.logits).auc())
    canvas = _head(
        "Sensitivity against false alarms (ROC)", _note(plain), f"ROC curve; area {auc:.3f} on plain radiographs."
    )
    axes = Axes(canvas, 72, 76, 540, 336)
    axes.frame("false alarms (1 − specificity)", "sensitivity", TENTHS, TENTHS)
    axes.curve([0, 1], [0, 1], stroke=LINE, width=1.5, dash="3 4")
    drawn = curve(plain.labels, plain.logits, bootstrap_weights(plain.patients, 300))
    _band(axes, drawn.false_alarms, drawn.sensitivity)
    entries = []
    for name, sample in samples.items():
        words, colour, dash = _STYLE[name]
        whole = curve(sample.labels, sample.logits)
        axes.curve(whole.false_alarms, whole.sensitivity, stroke=colour, dash=dash)
        entries.append((f"{words}: AUC {float(whole.auc()):.3f}", colour, dash))
    lowest = 0.0
    for name, point in card.operating_points.items():  # from the highest on the page to the lowest
        for cut, hollow in ((point.cuts.rule_out, True), (point.cuts.rule_in, False)):
            positive = plain.probabilities >= cut
            px, py = axes.at(*(float(positive[plain.labels == label].mean()) for label in (0, 1)))
            canvas.dot(px, py, 5, fill=INK, hollow=hollow)
        lowest = max(py + 12, lowest + 15)  # beside its point, but not over the name before
        canvas.text(px + 12, lowest, TITLES[name], size=12)
    canvas.legend(272, 350, entries)
    return canvas.svg()


def _band(axes: Axes, across: Floats, up: Floats) -> None:
    """The middle 95 % of bootstrap curves, (draws, thresholds) each."""
    grid = np.linspace(0, 1, 201)
    lines = np.array([np.interp(grid, x, y) for x, y in zip(across, up, strict=True)])
    low, high = np.percentile(lines, [2.5, 97.5], axis=0)
    edge = [axes.at(x, y) for x, y in zip(grid, high, strict=True)]
    axes.canvas.area(edge + [axes.at(x, y) for x, y in zip(grid[::-1], low[::-1], strict=True)], fill=PRIMARY)


def precision_recall(samples: Two, card: PopulationCard) -> str:
    """Precision against sensitivity with a 95 % band by patient; guessing reaches the share of pneumonia."""
    plain = samples["plain"]
    share = float(plain.labels.mean())
    canvas = _head("Precision against sensitivity", _note(plain), "Precision-recall curve.")
    floor = float(np.floor(10 * min(share, 0.9)) / 10)
    axes = Axes(canvas, 72, 76, 540, 336, y=(floor, 1.0))
    axes.frame("sensitivity (recall)", "precision", TENTHS, np.round(np.arange(floor, 1.001, 0.1), 1).tolist())
    axes.curve([0, 1], [share, share], stroke=SOFT, width=1.5, dash="3 4")
    drawn = curve(plain.labels, plain.logits, bootstrap_weights(plain.patients, 300))
    _band(axes, drawn.sensitivity[:, 1:], np.maximum(drawn.precision[:, 1:], floor))
    entries = []
    for name, sample in samples.items():
        words, colour, dash = _STYLE[name]
        whole = curve(sample.labels, sample.logits)
        axes.curve(whole.sensitivity[1:], whole.precision[1:], stroke=colour, dash=dash)
        entries.append((f"{words}: average precision {float(whole.average_precision()):.3f}", colour, dash))
    entries.append((f"calling every radiograph pneumonia: {_percent(share)}", SOFT, "3 4"))
    canvas.legend(92, 270, entries)
    return canvas.svg()


def calibration(samples: Two, card: PopulationCard) -> str:
    """Reliability diagram: of the films given a probability, how many had pneumonia; counts and intervals beside it."""
    plain = samples["plain"]
    canvas = _head(
        "What a probability is worth",
        f"{len(plain.labels)} radiographs, weighted to a prevalence of {100 * card.prevalence:.0f} %; "
        "bars: 95 % by patient",
        "Reliability diagram.",
    )
    axes = Axes(canvas, 72, 76, 540, 260)
    axes.frame("", "share with pneumonia", TENTHS, TENTHS)
    axes.curve([0, 1], [0, 1], stroke=SOFT, width=1.5, dash="3 4")
    entries = []
    for name, sample in samples.items():
        words, colour, dash = _STYLE[name]
        table = reliability_table(sample, card)
        for row in table:
            aside = 0.006 if dash else -0.006  # both sets have the same bins: their bars would cover each other
            (x, low), (_, high) = axes.at(row["stated"] + aside, row["ci"][0]), axes.at(0, row["ci"][1])
            canvas.line([(x, low), (x, high)], stroke=colour, width=1.5, dash=dash)
            canvas.dot(x, axes.at(0, row["observed"])[1], 4, fill=colour, hollow=bool(dash))
        weights = balanced_weights(sample.labels, card.prevalence)
        error = reliability(sample.labels, sample.probabilities, weights).expected_error
        entries.append((f"{words}: expected error {_percent(error)}", colour, dash))
    canvas.legend(232, 298, entries)
    for name, y in (("plain", 386), ("shifted", 416)):
        if name not in samples:
            continue
        words, colour, _dash = _STYLE[name]
        canvas.text(72, y - 12, f"in each bin: {words}", size=10.5, fill=colour)
        for row in reliability_table(samples[name], card):
            middle = axes.at((row["low"] + row["high"]) / 2, 0)[0]
            canvas.text(middle, y, str(row["films"]), size=11, anchor="middle", fill=colour)
    canvas.text(342, 446, "calibrated probability of pneumonia", anchor="middle")
    return canvas.svg()


def confusion(samples: Two, card: PopulationCard) -> str:
    """Truth × finding at each operating point."""
    plain = samples["plain"]
    canvas = _head("What each operating point does to these radiographs", _note(plain), "Truth against finding.")
    shown_as = {"normal": "normal", "indeterminate": "indeterm.", "pneumonia": "pneumonia"}
    for column, (name, point) in enumerate(card.operating_points.items()):
        left = 92 + 182 * column
        found = findings(plain.probabilities, point.cuts)
        cuts = f"below {_percent(point.cuts.rule_out)} · from {_percent(point.cuts.rule_in)}"
        canvas.text(left + 86, 96, TITLES[name], anchor="middle", bold=True, size=15)
        canvas.text(left + 86, 115, cuts, anchor="middle", size=10.5, fill=SOFT)
        for across, finding in enumerate(FINDINGS):
            x = left + 58 * across
            canvas.text(x + 27, 146, shown_as[finding], anchor="middle", size=9.5, fill=SOFT)
            for row, (truth, colour) in enumerate(((1, PNEUMONIA), (0, NORMAL))):
                of_truth = plain.labels == truth
                count, total = int(np.sum(of_truth & (found == finding))), int(of_truth.sum())
                right = finding == ("pneumonia" if truth else "normal")
                y = 156 + 116 * row
                shade = 0.14 + 0.3 * count / max(total, 1)
                canvas.box(x, y, 54, 112, fill=colour if right else SOFT, opacity=shade, radius=6)
                canvas.text(x + 27, y + 54, str(count), anchor="middle", size=18, bold=right)
                canvas.text(x + 27, y + 76, _percent(count / max(total, 1)), anchor="middle", size=10.5, fill=SOFT)
    canvas.text(76, 212, "with pneumonia", anchor="middle", size=12, turned=True)
    canvas.text(76, 328, "without", anchor="middle", size=12, turned=True)
    return canvas.svg()


def scores(samples: Two, card: PopulationCard) -> str:
    """Probabilities by true class, pneumonia upwards and normal downwards, with what each point leaves open."""
    plain = samples["plain"]
    canvas = _head("Probabilities by true class", _note(plain) + "; root scale", "Histogram of probabilities.")
    axes = Axes(canvas, 72, 92, 540, 320, y=(-1.0, 1.0))
    shares = {}
    for truth in (0, 1):
        counts, edges = np.histogram(plain.probabilities[plain.labels == truth], bins=25, range=(0, 1))
        shares[truth] = counts / max(counts.sum(), 1)
    top = float(np.sqrt(max(shares[0].max(), shares[1].max())))
    axes.frame("calibrated probability of pneumonia", "share of the class", TENTHS, [0.0], form="{:g}")
    for truth, colour, sign in ((1, PNEUMONIA, 1), (0, NORMAL, -1)):
        for share, left in zip(shares[truth], edges, strict=False):
            x, y = axes.at(left, sign * float(np.sqrt(share)) / top)
            _, zero = axes.at(0, 0)
            canvas.box(x + 1, min(y, zero), 540 / 25 - 2, abs(zero - y), fill=colour, opacity=0.75)
    for row, (name, point) in enumerate(card.operating_points.items()):
        low, high = (axes.at(cut, 0)[0] for cut in (point.cuts.rule_out, point.cuts.rule_in))
        y = 330 + 26 * row
        canvas.box(low, y, max(high - low, 2), 12, fill=INK, opacity=0.28, radius=3)
        canvas.text(high + 6, y + 10, TITLES[name], size=12)
    canvas.text(72, 82, "▲ with pneumonia", fill=PNEUMONIA, bold=True)
    canvas.text(212, 82, "▼ without", fill=NORMAL, bold=True)
    canvas.text(612, 82, "grey bars: indeterminate", anchor="end", size=12, fill=SOFT)
    return canvas.svg()


def robustness(table: Sequence[Mapping[str, Any]], plain: Mapping[str, Any]) -> str:
    """AUC under each shift at three strengths, against the same films unshifted."""
    names = list(dict.fromkeys(str(line["shift"]) for line in table))
    base = float(plain["auc"]["value"])
    lowest = min([base, *(float(line["auc"]["value"]) for line in table)])
    floor = float(np.floor(lowest * 20 - 0.2) / 20)
    canvas = _head(
        "When radiographs look different",
        "AUC on the same radiographs, changed on purpose; larger dots: stronger",
        "Robustness.",
    )
    axes = Axes(canvas, 172, 72, 440, 348, x=(floor, 1.0))
    step = 0.01 if 1 - floor < 0.12 else 0.05 if 1 - floor < 0.45 else 0.1
    ticks = np.round(np.arange(floor, 1.001, step), 2).tolist()
    axes.frame("AUC", "", ticks, [])
    x, _ = axes.at(base, 0)
    canvas.line([(x, axes.top), (x, axes.top + axes.height)], stroke=SOFT, width=1.5, dash="3 4")
    step = axes.height / len(names)
    for row, name in enumerate(names):
        y = axes.top + step * (row + 0.5)
        canvas.text(162, y + 4, name, size=12, anchor="end")
        places = [
            (axes.at(float(line["auc"]["value"]), 0)[0], int(line["strength"]))
            for line in table
            if line["shift"] == name
        ]
        canvas.line([(min(p for p, _ in places), y), (max(p for p, _ in places), y)], stroke=LINE, width=3)
        for place, strength in sorted(places, key=lambda entry: -entry[1]):
            canvas.dot(place, y, 1.5 + 1.5 * strength, fill=PRIMARY, hollow=strength < 3)
    canvas.text(x - 6, axes.top - 4, "unchanged", size=11, anchor="end", fill=SOFT)
    return canvas.svg()


def learning(histories: Sequence[Sequence[Mapping[str, float]]]) -> str:
    """Learning curves of each network that the model averages: AUC on validation films, and the losses."""
    epochs = max(len(history) for history in histories)
    many = f"{len(histories)} networks, " if len(histories) > 1 else ""
    canvas = _head("Learning", f"{many}{epochs} epochs; averaged weights are what is validated", "Learning curves.")
    losses = (("loss", "training, augmented", INK, ""), ("val_loss", *_STYLE["shifted"]))
    _panel(canvas, 92, histories, "AUC", (("val_auc_plain", *_STYLE["plain"]), ("val_auc", *_STYLE["shifted"])))
    _panel(canvas, 292, histories, "loss", losses)
    return canvas.svg()


def _panel(
    canvas: Canvas,
    top: float,
    histories: Sequence[Sequence[Mapping[str, float]]],
    label: str,
    lines: Sequence[tuple[str, str, str, str]],
) -> None:
    series: list[tuple[Floats, str, str]] = [
        (np.array([float(epoch.get(key, np.nan)) for epoch in history]), colour, dash)
        for history in histories
        for key, _, colour, dash in lines
    ]
    values = np.concatenate([line for line, _, _ in series])
    values = values[np.isfinite(values)]
    if not len(values):
        return
    # The first epochs would squeeze everything that matters into a corner.
    low, high = np.percentile(values, [8, 100]) if label == "AUC" else np.percentile(values, [0, 96])
    pad = 0.05 * (high - low) or 0.01
    last = max(2, *(len(line) for line, _, _ in series))
    axes = Axes(canvas, 84, top, 528, 130, x=(1, last), y=(float(low - pad), float(high + pad)))
    ticks = np.unique(np.linspace(1, last, 6).astype(int)).tolist()
    axes.frame("epoch" if label == "loss" else "", label, ticks, np.linspace(low, high, 4).tolist(), form="{:.3g}")
    for line, colour, dash in series:
        kept = np.isfinite(line)
        axes.curve(1 + np.flatnonzero(kept), line[kept], stroke=colour, dash=dash, width=2)
    canvas.legend(
        350, top + (92 if label == "AUC" else 20), [(words, colour, dash) for _, words, colour, dash in lines]
    )
