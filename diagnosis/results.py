"""What a result page says around a prediction: measured error rates, population, limits. Numbers come from the card
of the model version that judged, never from today's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from diagnosis.models import ModelVersion, Prediction, Study
from ml import ModelCard, OperatingPoint, parse_card

POINT_NAMES: dict[str, Promise] = {
    "screening": _("Screening"),
    "balanced": _("Balanced"),
    "rule_in": _("Rule-in"),
}
POINT_MEANINGS: dict[str, Promise] = {
    "screening": _("Misses little, at the price of more false alarms."),
    "balanced": _("Weighs missed films and false alarms alike."),
    "rule_in": _("Raises few false alarms, at the price of missing more."),
}


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


def explain(study: Study) -> dict[str, Any]:
    """Template context of a result page beside the study itself."""
    prediction = study.prediction
    if prediction is None:
        active = ModelVersion.objects.filter(active=True).values_list("sha256", flat=True).first()
        return {"prediction": None, "card": _card(active) if active else None}
    card = card_of(prediction)
    return {
        "prediction": prediction,
        "card": card,
        "judged_by": consequences(card, prediction.operating_point),
        "points": [consequences(card, name) for name in card.operating_points],
        "warnings": [*study.notices, *prediction.warnings],
    }
