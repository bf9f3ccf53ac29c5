"""Two radiographs next to each other, zoomed, moved and windowed together; of one patient over time, or any two."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from diagnosis.access import person
from diagnosis.history.live import legible_ids
from diagnosis.history.rows import with_my_review
from diagnosis.models import Preferences, Study
from diagnosis.results.context import population_card, stated_probability
from diagnosis.results.error_rates import consequences
from diagnosis.results.gate_checks import without_repetition

OTHERS = 12  # radiographs of the same patient that are offered


@require_safe
@never_cache
def studies_compare(request: HttpRequest) -> HttpResponse:
    """Two studies, each with its answer (unless it is to be read first).

    Raises:
        Http404: either is not this person's.
    """
    user = person(request)
    ids = legible_ids([request.GET.get("a", ""), request.GET.get("b", "")])
    rows = with_my_review(user, Study.objects.visible_to(user)).with_hidden(user)
    found = rows.with_current_prediction(pictures=True).in_bulk(ids)
    if len(ids) != 2 or len(found) != len(set(ids)):
        raise Http404
    chosen = [found[pk] for pk in ids]
    panes = [_pane(study, Preferences.of(user)) for study in chosen]
    predictions = [pane["prediction"] for pane in panes if pane["prediction"]]
    one_patient = len({study.patient_code for study in chosen}) == 1
    first, second = panes
    context = {
        "panes": panes,
        # What holds for both is told once.
        "shared_warnings": _take_shared(first, second),
        "shared_rule": bool(first.get("rule_of")) and first.get("rule_of") == second.get("rule_of"),
        "versions_differ": len({prediction.model_version_id for prediction in predictions}) > 1,
        "points_differ": len({prediction.operating_point for prediction in predictions}) > 1,
        "any_heat": any(prediction.heatmap for prediction in predictions),
        "any_lungs": any(prediction.lungs for prediction in predictions),
        "swapped": f"?a={ids[1]}&b={ids[0]}",
        # Of the same patient, to be put in place of the second.
        "others": chosen[0].same_patient().exclude(pk=ids[1])[:OTHERS] if one_patient else [],
    }
    return render(request, "studies/compare.html", context)


def _pane(study: Study, mine: Preferences) -> dict[str, Any]:
    prediction = None if study.answer_hidden else study.prediction
    pane: dict[str, Any] = {"study": study, "prediction": prediction}
    if prediction is not None:
        population = population_card(study, prediction.model_version)
        pane |= {
            "rule": consequences(population, prediction.operating_point),
            "rule_of": (population.name, prediction.model_version_id, prediction.rule_out, prediction.rule_in),
            "stated": stated_probability(study, mine),
            "warnings": without_repetition([*study.notices, *prediction.warnings]),
        }
    return pane


def _take_shared(first: dict[str, Any], second: dict[str, Any]) -> list[Any]:
    """The warnings that both panes have, taken out of both."""
    shared = [one for one in first.get("warnings", ()) if one in second.get("warnings", ())]
    for pane in (first, second):
        if shared:
            pane["warnings"] = [one for one in pane["warnings"] if one not in shared]
    return shared
