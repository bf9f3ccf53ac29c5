"""What a result page says around a prediction: measured error rates, population, limits. Numbers come from the card
of the model version that judged, never from today's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from diagnosis.models import Finding, ModelVersion, OperatingPointName, Prediction, Preferences, Study
from diagnosis.prevalence import moved_to, predictive_values
from diagnosis.scale import Scale
from ml import ModelCard, OperatingPoint, parse_card

POINT_NAMES: dict[str, Promise] = {point.value: point.label for point in OperatingPointName}
POINT_MEANINGS: dict[str, Promise] = {
    "screening": _("Misses little, at the price of more false alarms."),
    "balanced": _("Weighs missed films and false alarms alike."),
    "rule_in": _("Raises few false alarms, at the price of missing more."),
}


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The same figures on the same films as another site might deliver them (other machines, archives, scanners)."""

    sensitivity: float
    specificity: float

    @property
    def missed_of_100(self) -> int:
        """Of 100 films with pneumonia, how many are called normal."""
        return round(100 * (1 - self.sensitivity))

    @property
    def false_alarms_of_100(self) -> int:
        """Of 100 films without pneumonia, how many are called pneumonia."""
        return round(100 * (1 - self.specificity))


@dataclass(frozen=True, slots=True)
class Consequences:
    """What an operating point means in films, from figures measured on patients on whom nothing was chosen."""

    point: OperatingPoint
    name: Promise
    meaning: Promise

    @property
    def missed_of_100(self) -> int:
        """Of 100 films with pneumonia, how many are called normal."""
        return round(100 * (1 - self.point.sensitivity))

    @property
    def false_alarms_of_100(self) -> int:
        """Of 100 films without pneumonia, how many are called pneumonia."""
        return round(100 * (1 - self.point.specificity))

    @property
    def elsewhere(self) -> Elsewhere | None:
        """What to expect at another site, where the card says it."""
        try:
            shifted = self.point.shifted
            return Elsewhere(float(shifted["sensitivity"]["value"]), float(shifted["specificity"]["value"]))
        except (KeyError, TypeError, ValueError):
            return None


def consequences(card: ModelCard, point: str) -> Consequences:
    """Describe one operating point of a card.

    Raises:
        KeyError: the card has no such point.
    """
    return Consequences(card.operating_points[point], POINT_NAMES[point], POINT_MEANINGS[point])


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

    ``hidden`` (see ``diagnosis.reviews.hidden_from``) leaves out all that the model said, as if it had not been asked.
    """
    prediction = None if hidden else study.prediction
    if prediction is None:
        return {"prediction": None, "card": active_card(), "warnings": study.notices}
    card = card_of(prediction)
    prevalence = preferences.prevalence if preferences else None
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
        "warnings": [*study.notices, *prediction.warnings],
        "earlier": study.predictions.filter(is_current=False).select_related("model_version").defer("heatmap"),
    }
