"""What a finding is worth where this person works: predictive values of all three, at their own prevalence.

They follow from Bayes' theorem in odds, from the rates of the rule in force (truth against finding):

    odds(pneumonia | finding) = prevalence / (1 − prevalence) · share of the sick with it / share of the well with it

Their 95 % intervals come from the card's intervals of both shares (by patient) by the method of variance estimates
recovery for a ratio of two shares (Zou and Donner 2008, Statistics in Medicine 27:1693), on the logarithmic scale. The
prevalence is taken as it was entered, without error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from diagnosis.models import Finding
from diagnosis.results.error_rates import as_interval
from diagnosis.results.intervals import Interval
from ml import FINDINGS, FindingTable


@dataclass(frozen=True, slots=True)
class Worth:
    """What one finding is worth at a prevalence.

    ``sick`` and ``well`` are the shares of those who get it that have pneumonia and that have none; ``of_100`` says how
    many of 100 such patients get it, and how many of these have pneumonia.
    """

    finding: Finding
    sick: Interval
    well: Interval
    of_100: float
    sick_of_100: float
    well_of_100: float


@dataclass(frozen=True, slots=True)
class PredictiveValues:
    """At one prevalence and operating point: positive, negative and indeterminate predictive value."""

    prevalence: float
    worths: tuple[Worth, ...]

    def of(self, finding: str) -> Worth:
        """What that finding is worth."""
        return next(worth for worth in self.worths if worth.finding == finding)

    @property
    def sick_of_100(self) -> float:
        """Of 100 such patients, how many have pneumonia."""
        return 100 * self.prevalence


def predictive_values(table: FindingTable, prevalence: float) -> PredictiveValues:
    """Work out what each finding is worth.

    Args:
        table: Truth against finding, with intervals.
        prevalence: Share of the patients who have pneumonia, strictly inside (0, 1).
    """
    odds = prevalence / (1 - prevalence)
    worths = []
    for finding in FINDINGS:
        sick, well = (as_interval(table.row(truth).shares[finding]) for truth in ("pneumonia", "normal"))
        sick_of_100, well_of_100 = 100 * prevalence * sick.value, 100 * (1 - prevalence) * well.value
        worths.append(
            Worth(
                Finding(finding),
                sick=_from_odds(odds, _ratio(sick, well)),
                well=_from_odds(1 / odds, _ratio(well, sick)),
                of_100=sick_of_100 + well_of_100,
                sick_of_100=sick_of_100,
                well_of_100=well_of_100,
            )
        )
    return PredictiveValues(prevalence, tuple(worths))


def moved_to(probability: float, calibrated_at: float, prevalence: float) -> float:
    """Carry a probability over to another prevalence: the prior odds change, what the film says does not (Bayes).

    All three lie strictly inside (0, 1). Holds as far as films with and without pneumonia look as they did where the
    probability was calibrated.
    """
    odds = probability / (1 - probability) * (1 - calibrated_at) / calibrated_at * prevalence / (1 - prevalence)
    return odds / (1 + odds)


def _log(share: float) -> float:
    return math.log(share) if share > 0 else -math.inf


def _ratio(above: Interval, below: Interval) -> Interval:
    """The logarithm of above / below with its interval; infinite where a share is 0."""
    top, bottom = _log(above.value), _log(below.value)
    if math.isinf(top) or math.isinf(bottom):  # distances from the estimate are not defined: take the widest bounds
        value = 0.0 if top == bottom else top - bottom
        low = -math.inf if above.low <= 0 else _log(above.low) - _log(below.high)
        high = math.inf if below.low <= 0 else _log(above.high) - _log(below.low)
        return Interval(value, low, high)
    low = top - bottom - math.hypot(top - _log(above.low), _log(below.high) - bottom)
    high = top - bottom + math.hypot(_log(above.high) - top, bottom - _log(below.low))
    return Interval(top - bottom, low, high)


def _from_odds(prior: float, log_ratio: Interval) -> Interval:
    def share(log_likelihood_ratio: float) -> float:
        return 1 / (1 + math.exp(-min(700.0, max(-700.0, math.log(prior) + log_likelihood_ratio))))

    return Interval(share(log_ratio.value), share(log_ratio.low), share(log_ratio.high))
