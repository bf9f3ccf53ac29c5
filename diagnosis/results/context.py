"""What a result page says around a prediction: measured error rates, population, limits. Numbers come from the card
of the model version that judged, never from today's."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from diagnosis.models import Finding, ModelVersion, Prediction, Preferences, State, Study
from diagnosis.results.error_rates import consequences
from diagnosis.results.gate_checks import checks, without_repetition
from diagnosis.results.predictive_values import moved_to, predictive_values
from diagnosis.results.probability_scale import Scale
from ml import ModelCard, parse_card

# What may be wrong with a card kept in the database by another version of the program (see ml.parse_card).
CARD_ERRORS = (KeyError, TypeError, ValueError, AttributeError)


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
