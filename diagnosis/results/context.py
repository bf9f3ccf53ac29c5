"""What a result page says around a prediction: measured error rates, population, limits. Numbers come from the card
of the model version that judged, never from today's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from diagnosis.models import Finding, ModelVersion, OperatingPointName, Prediction, Preferences, State, Study
from diagnosis.results.gate_checks import checks, without_repetition
from diagnosis.results.intervals import Interval
from diagnosis.results.predictive_values import moved_to, predictive_values
from diagnosis.results.probability_scale import Scale
from ml import ModelCard, OperatingPoint, parse_card

# What may be wrong with a card kept in the database by another version of the program (see ml.parse_card).
CARD_ERRORS = (KeyError, TypeError, ValueError, AttributeError)

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


@lru_cache(maxsize=16)
def _card(sha256: str) -> ModelCard:
    return parse_card(ModelVersion.objects.values_list("card", flat=True).get(sha256=sha256))


def card_of(prediction: Prediction) -> ModelCard:
    """The card of the version that judged; cached by its hash, as a published card never changes."""
    return _card(prediction.model_version.sha256)


def active_card() -> ModelCard | None:
    """The card of the version that judges now, if there is one."""
    active = ModelVersion.objects.filter(active=True).values_list("sha256", flat=True).first()
    return _card(active) if active else None


def _at_prevalence(card: ModelCard, probability: float, prevalence: float) -> float | None:
    """The probability among films of which another share show pneumonia than among those it was calibrated on."""
    calibrated_at = card.calibration.get("prevalence")
    return None if calibrated_at is None else moved_to(probability, float(calibrated_at), prevalence)


def explain(study: Study, preferences: Preferences | None = None, *, hidden: bool = False) -> dict[str, Any]:
    """Template context of a result page beside the study itself; for the person whose preferences these are.

    ``hidden`` (see ``diagnosis.reviews.readings.hidden_from``) leaves out all that the model said, as if it had not
    been asked.
    """
    prediction = None if hidden else study.prediction
    if prediction is None:
        told = {"prediction": None, "card": active_card(), "warnings": study.notices}
        if study.state == State.REJECTED:
            codes = [study.reason_code, *(notice["code"] for notice in study.notices)]
            told["checks"] = checks(codes, refused=True)
        return told
    card = card_of(prediction)
    prevalence = preferences.prevalence if preferences else None
    said = [*study.notices, *prediction.warnings]
    return {
        "prediction": prediction,
        "card": card,
        "scale": Scale.of(card, prediction.operating_point, prediction.probability),
        "judged_by": consequences(card, prediction.operating_point),
        "points": [
            {
                "said": consequences(card, name),
                "used": name == prediction.operating_point,
                "finding": Finding(card.finding(prediction.probability, name)),
            }
            for name in card.operating_points
        ],
        "at_home": predictive_values(card.operating_points[prediction.operating_point], prevalence)
        if prevalence
        else None,
        "probability_at_home": _at_prevalence(card, prediction.probability, prevalence) if prevalence else None,
        "calibrated_at": card.calibration.get("prevalence"),
        "warnings": without_repetition(said),
        "checks": checks((warning["code"] for warning in said), refused=False),
        "earlier": study.predictions.filter(is_current=False).select_related("model_version").defer("heatmap"),
    }
