"""What a result page says around a prediction: measured error rates, population, limits. Numbers come from the card
of the model version that predicted, never from today's."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any, NamedTuple

from django.utils.functional import SimpleLazyObject

from diagnosis.models import Finding, ModelVersion, Prediction, Preferences, State, Study
from diagnosis.prepared import Prepared
from diagnosis.results.error_rates import Consequences, consequences
from diagnosis.results.formatting import percent
from diagnosis.results.gate_checks import checks, without_repetition
from diagnosis.results.predictive_values import predictive_values
from diagnosis.results.stated_probability import StatedProbability, stated
from ml import ModelCard, PopulationCard, parse_card

# What may be wrong with a card kept in the database by another version of the program (see ml.parse_card).
CARD_ERRORS = (KeyError, TypeError, ValueError, AttributeError)

PREDICTIONS = Prepared(
    lambda study: (
        Prediction.objects.filter(study_id=study)
        .select_related("model_version")
        .defer("model_version__card")
        .order_by("-created_at", "-pk")
    )
)


@lru_cache(maxsize=16)
def _card(sha256: str, version: str) -> ModelCard:
    return parse_card(ModelVersion.objects.values_list("card", flat=True).get(sha256=sha256, version=version))


def card_of(version: ModelVersion) -> ModelCard:
    """The card of a version; cached, as a published card never changes."""
    return _card(version.sha256, version.version)


def population_card(study: Study, version: ModelVersion) -> PopulationCard:
    """What the card of the version that predicted says of this study's population.

    Studies of the time before populations were kept are of the first one: there was no other.
    """
    return card_part(version.sha256, version.version, study.population)


def card_part(sha256: str, version: str, population: str) -> PopulationCard:
    """The same by the names of version and population."""
    card = _card(sha256, version)
    return card.populations.get(population, card.first)


def active_card() -> ModelCard | None:
    """The card of the version that predicts now, if there is one."""
    active = ModelVersion.objects.filter(active=True).defer("card").first()
    return card_of(active) if active else None


def stated_probability(study: Study, preferences: Preferences | None = None) -> StatedProbability | None:
    """A done study's probability as it is shown to this person, on every page, in every list and on paper."""
    if study.probability is None or study.predicted_by is None:
        return None
    population = population_card(study, study.predicted_by)
    return stated(population, study.probability, preferences.prevalence if preferences else None)


_rules: dict[int, tuple[PopulationCard, dict[str, Consequences]]] = {}


def rules_of(population: PopulationCard) -> dict[str, Consequences]:
    """What each operating point of a card's part means; remembered with the part, which never changes."""
    known = _rules.get(id(population))
    if known is None:
        if len(_rules) >= 32:
            _rules.clear()
        rules = {name: consequences(population, name) for name in population.operating_points}
        known = _rules[id(population)] = population, rules
    return known[1]


class PointAnswer(NamedTuple):
    """What one operating point means, whether it is the one in force, and what it would find."""

    rule: Consequences
    used: bool
    finding: Finding


def explain(study: Study, preferences: Preferences | None = None, *, hidden: bool = False) -> dict[str, Any]:
    """Template context of a result page beside the study itself; for the person whose preferences these are.

    ``hidden`` (see ``diagnosis.reviews.readings.hidden_from``) leaves out the model's answer, as if it had not
    been asked.
    """
    earlier: list[Prediction] = []
    if study.state == State.DONE and not hidden:  # all in one query: there is seldom more than one
        every = PREDICTIONS(study.pk)
        for one in every:
            one.study = study
        study.current_predictions = [one for one in every if one.is_current]
        earlier = [one for one in every if not one.is_current]
    prediction = None if hidden else study.prediction
    if prediction is None:
        told: dict[str, Any] = {"prediction": None, "warnings": study.notices}
        if study.state == State.REJECTED:
            codes = (study.reason_code, *(notice["code"] for notice in study.notices))
            told |= _checked(codes, refused=True, population=study.population)
        return told
    population, p = population_card(study, prediction.model_version), prediction.probability
    own = preferences.prevalence if preferences else None
    shown = stated(population, p, own)
    notices = [*study.notices, *prediction.warnings]
    rules = rules_of(population)
    meant = rules[prediction.operating_point]
    table = meant.point.table
    points = tuple(
        PointAnswer(rule, name == prediction.operating_point, Finding(population.finding(p, name)))
        for name, rule in rules.items()
    )
    version = prediction.model_version
    cuts = prediction.rule_out, prediction.rule_in
    rule_key = (version.sha256, version.version, population.name, prediction.operating_point)
    return {
        "prediction": prediction,
        "population": population,
        "stated": shown,
        "stated_words": str(shown),
        "at_reference": str(stated(population, p)) if own else "",
        "own_prevalence": own,
        "p": percent(p),
        "rule": meant,
        "points": points,
        # What parts of the page depend on, as a published card never changes.
        "rule_key": rule_key,
        "answer_key": (*rule_key, *cuts, prediction.finding, bool(notices), bool(own), study.population),
        "accuracy_key": (*rule_key, shown.supported is None, shown.one_sided, shown.bin),
        "points_key": (*rule_key, *(one.finding for one in points)),
        "prevalence_key": (*rule_key, shown.prevalence, own, prediction.finding),
        "facts_key": (*rule_key, *cuts, study.intended_use_version),
        "worth": SimpleLazyObject(lambda: predictive_values(table, shown.prevalence) if table else None),
        "warnings": without_repetition(notices),
        **_checked(tuple(one["code"] for one in notices), refused=False, population=study.population),
        "earlier": earlier,
    }


def _checked(codes: tuple[str, ...], **facts: Any) -> dict[str, Any]:
    """The checks of a film, made only where they are not remembered, and what they depend on."""
    return {"checks": partial(checks, codes, **facts), "checks_key": (codes, *facts.values())}
