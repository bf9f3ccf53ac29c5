"""The choice of operating points: pairs of cuts, each for a stated aim, on validation patients alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from ml.inference.cards.population_card import Aim
from ml.inference.decision import Cuts
from ml.inference.population import ADULT
from ml.metrics.curves import Floats, Labels, curve
from ml.publishing.calibration import BOUNDS

AIMS = {
    "screening": Aim(missed=0.01, false_alarms=0.05),
    "balanced": Aim(missed=0.025, false_alarms=0.025),
    "rule_in": Aim(missed=0.05, false_alarms=0.01),
}
"""Largest shares of films with pneumonia called normal, and of films without called pneumonia, at each point.

From the first to the last the one may grow and the other must shrink, so both cuts rise and the points are nested."""

ADULT_AIMS = {
    "screening": Aim(missed=0.05, false_alarms=0.20),
    "balanced": Aim(missed=0.10, false_alarms=0.10),
    "rule_in": Aim(missed=0.20, false_alarms=0.03),
}
"""For adults, where the network ranks less well: with the aims for children two films of three would be indeterminate.

Round figures, taken once a first publication had shown how much the aims for children leave open."""


def aims_for(population: str) -> dict[str, Aim]:
    """The aims of a population's operating points."""
    return ADULT_AIMS if population == ADULT else AIMS


def choose_cuts(labels: Labels, probabilities: Floats, weights: Floats, aims: dict[str, Aim] = AIMS) -> dict[str, Cuts]:
    """Choose the pair of each operating point from calibrated probabilities.

    ``rule_out`` is the highest cut that misses no more than aimed at, ``rule_in`` the lowest that raises no more false
    alarms. Where they cross, one cut keeps both promises, and the middle of the two (in log-odds) is both.

    Returns:
        Cuts by name, nested: none falls from a point to the next.
    """
    whole = curve(labels, probabilities, weights)
    # A film is positive from thresholds[i] upwards: the sensitivity and the false alarms of that cut.
    sensitivity, false_alarms = whole.sensitivity[1:], whole.false_alarms[1:]
    chosen = {}
    for name, aim in aims.items():
        rule_out = float(whole.thresholds[np.flatnonzero(sensitivity >= 1 - aim.missed - 1e-12)[0]])
        sparing = np.flatnonzero(false_alarms <= aim.false_alarms + 1e-12)
        rule_in = float(whole.thresholds[sparing[-1]]) if len(sparing) else 1.0
        if rule_out > rule_in:
            odds = (np.log(rule_out / (1 - rule_out)) + np.log(rule_in / (1 - rule_in))) / 2
            rule_out = rule_in = float(1 / (1 + np.exp(-odds)))
        # Beyond the bounds on probabilities no film could ever be normal, or pneumonia.
        low, high = (float(np.clip(at, *BOUNDS)) for at in (rule_out, rule_in))
        chosen[name] = Cuts(low, high)
    return chosen


def in_words(aim: Aim) -> dict[str, Any]:
    """An aim as the card keeps it."""
    return {"missed": aim.missed, "false_alarms": aim.false_alarms}
