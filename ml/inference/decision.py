"""The rule that turns a probability into a finding: the one place in the project where that happens."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Finding = Literal["normal", "indeterminate", "pneumonia"]
FINDINGS: tuple[Finding, ...] = ("normal", "indeterminate", "pneumonia")
"""In rising order: the finding never falls as the probability rises."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """An operating point's pair of calibrated probabilities, 0 < rule_out <= rule_in < 1.

    Below ``rule_out`` a film is normal, from ``rule_in`` upwards it shows pneumonia, between them it is for a person.
    """

    rule_out: float
    rule_in: float

    def __post_init__(self) -> None:
        if not 0 < self.rule_out <= self.rule_in < 1:
            raise ValueError(f"the cuts {self.rule_out}, {self.rule_in} are not in order inside (0, 1)")


def decide(probability: float, cuts: Cuts) -> Finding:
    """Say what a calibrated probability means at an operating point.

    The operating points of a card are nested (:func:`nested`): what screening calls normal every other point calls
    normal, and what rule-in calls pneumonia every other point calls pneumonia.
    """
    if probability < cuts.rule_out:
        return "normal"
    if probability >= cuts.rule_in:
        return "pneumonia"
    return "indeterminate"


def nested(cuts: list[Cuts]) -> bool:
    """Whether both cuts rise (or stay) from each operating point to the next, from the most to the least sensitive."""
    return all(one.rule_out <= other.rule_out and one.rule_in <= other.rule_in for one, other in pairwise(cuts))
