"""What the operating points mean: error rates, and their consequences in 100 patients."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from diagnosis.models import OperatingPointName
from diagnosis.results.intervals import Interval
from ml import ModelCard, OperatingPoint

POINT_NAMES: dict[str, Promise] = {point.value: point.label for point in OperatingPointName}


POINT_MEANINGS: dict[str, Promise] = {
    "screening": _("Misses little, at the price of more false alarms."),
    "balanced": _("Weighs missed films and false alarms alike."),
    "rule_in": _("Raises few false alarms, at the price of missing more."),
}


@dataclass(frozen=True, slots=True)
class Errors:
    """Of 100 films, how many are judged wrongly, from a measured share of right ones.

    Where none was wrong, what is known is no more than the end of the interval: ``at_most`` says it then.
    """

    of_100: int
    at_most: int | None

    @classmethod
    def of(cls, right: Interval) -> Errors:
        """The rest of a share, in films."""
        # The end rounds up, to the side that claims less; the film of slack is for what floats make of 3.0000000001.
        return cls(
            round(100 * (1 - right.value)), math.ceil(100 * (1 - right.low) - 1e-9) if right.value >= 1 else None
        )

    def __str__(self) -> str:
        """In words: "about 6", "0, at most 4"."""
        if self.at_most is not None:
            return gettext("0, at most %d") % self.at_most
        return gettext("about %d") % self.of_100 if self.of_100 else gettext("fewer than 1")


@dataclass(frozen=True, slots=True)
class Rates:
    """What was measured at an operating point on one set of films."""

    sensitivity: Interval
    specificity: Interval

    @property
    def missed(self) -> Errors:
        """Of 100 films with pneumonia, how many are called normal."""
        return Errors.of(self.sensitivity)

    @property
    def false_alarms(self) -> Errors:
        """Of 100 films without pneumonia, how many are called pneumonia."""
        return Errors.of(self.specificity)


@dataclass(frozen=True, slots=True)
class Consequences:
    """What an operating point means in films, from figures measured on patients on whom nothing was chosen."""

    point: OperatingPoint
    name: Promise
    meaning: Promise
    rates: Rates

    @property
    def altered(self) -> Rates | None:
        """The same on the same films, altered as other machines and archives might, where the card says it.

        Simulated: better figures than on the plain films do not promise better ones at another site.
        """
        try:
            return Rates(*(_interval(self.point.shifted[name]) for name in ("sensitivity", "specificity")))
        except (KeyError, TypeError, ValueError):
            return None


def _interval(figure: Mapping[str, Any]) -> Interval:
    low, high = figure["ci"]
    return Interval(float(figure["value"]), float(low), float(high))


def consequences(card: ModelCard, point: str) -> Consequences:
    """Describe one operating point of a card.

    Raises:
        KeyError: the card has no such point.
    """
    measured = card.operating_points[point]
    rates = Rates(
        Interval(measured.sensitivity, *measured.sensitivity_ci),
        Interval(measured.specificity, *measured.specificity_ci),
    )
    return Consequences(measured, POINT_NAMES[point], POINT_MEANINGS[point], rates)
