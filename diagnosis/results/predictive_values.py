"""What a finding is worth where this person works: predictive values at their own prevalence.

PPV and NPV follow from Bayes' theorem in odds:

    odds(PPV) = prevalence / (1 − prevalence) · sensitivity / (1 − specificity)
    odds(NPV) = (1 − prevalence) / prevalence · specificity / (1 − sensitivity)

Their 95 % intervals come from the card's intervals of sensitivity and specificity (bootstrapped by patient) by the
method of variance estimates recovery for a ratio of two shares (Zou and Donner 2008, Statistics in Medicine 27:1693),
on the logarithmic scale. The prevalence is taken as it was entered, without error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from diagnosis.results.intervals import Interval
from ml import OperatingPoint


@dataclass(frozen=True, slots=True)
class PredictiveValues:
    """At one prevalence and operating point: shares with intervals, and what they mean in 100 films."""

    prevalence: float
    ppv: Interval
    npv: Interval
    sick_of_100: float
    missed_of_100: Interval
    false_alarms_of_100: Interval


def predictive_values(point: OperatingPoint, prevalence: float) -> PredictiveValues:
    """Work out PPV and NPV of an operating point.

    Args:
        point: with its measured sensitivity and specificity and their intervals.
        prevalence: share of the films that show pneumonia, strictly inside (0, 1).
    """
    sensitivity = Interval(point.sensitivity, *point.sensitivity_ci)
    specificity = Interval(point.specificity, *point.specificity_ci)
    odds = prevalence / (1 - prevalence)
    return PredictiveValues(
        prevalence=prevalence,
        ppv=_from_odds(odds, _ratio(sensitivity, _rest(specificity))),
        npv=_from_odds(1 / odds, _ratio(specificity, _rest(sensitivity))),
        sick_of_100=100 * prevalence,
        missed_of_100=_times(100 * prevalence, _rest(sensitivity)),
        false_alarms_of_100=_times(100 * (1 - prevalence), _rest(specificity)),
    )


def moved_to(probability: float, calibrated_at: float, prevalence: float) -> float:
    """Carry a probability over to another prevalence: the prior odds change, what the film says does not (Bayes).

    All three lie strictly inside (0, 1). Holds as far as films with and without pneumonia look as they did where the
    probability was calibrated.
    """
    odds = probability / (1 - probability) * (1 - calibrated_at) / calibrated_at * prevalence / (1 - prevalence)
    return odds / (1 + odds)


def _rest(share: Interval) -> Interval:
    return Interval(1 - share.value, 1 - share.high, 1 - share.low)


def _times(factor: float, share: Interval) -> Interval:
    return Interval(factor * share.value, factor * share.low, factor * share.high)


def _log(share: float) -> float:
    return math.log(share) if share > 0 else -math.inf


def _ratio(above: Interval, below: Interval) -> Interval:
    """The logarithm of above / below with its interval; infinite where a share is nought."""
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
