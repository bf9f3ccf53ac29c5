"""Try a sample: a result page for visitors, of a drawn radiograph and a real answer. Stores nothing."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from diagnosis.models import ModelVersion, Prediction
from diagnosis.results.error_rates import consequences
from diagnosis.results.stated_probability import stated
from diagnosis.samples.kept import Kept, Sample, kept
from ml import ArtifactError, load_card


@login_not_required
@require_safe
def sample(request: HttpRequest, name: str = "") -> HttpResponse:
    """One sample with its answer; without a name, the first.

    Raises:
        Http404: there is none of that name.
    """
    all_of_them = kept()
    if all_of_them is None:
        raise Http404("There are no samples.")
    shown = all_of_them.samples.get(name or next(iter(all_of_them.samples)))
    if shown is None:
        raise Http404("There is no such sample.")
    context = {"sample": shown, "kept": all_of_them, "serving": _serving(all_of_them), **_explained(shown, all_of_them)}
    return render(request, "samples/sample.html", context)


def _serving(answers: Kept) -> str:
    """The version that this site would ask now, where it is another than the one that gave these answers."""
    active = ModelVersion.objects.filter(active=True).values_list("sha256", "version").first()
    return active[1] if active and active != (answers.sha256, answers.version) else ""


def _explained(shown: Sample, answers: Kept) -> dict[str, Any]:
    """What the card of the version that answered says around its answer; nothing where another card is here by now."""
    try:
        card = load_card()
    except ArtifactError:
        return {}
    if (card.sha256, card.version) != (answers.sha256, answers.version):
        return {}
    population = card.populations.get(shown.population, card.first)
    if shown.refused:
        return {"population": population}
    answered = Prediction(
        finding=shown.finding,
        probability=shown.probability,
        operating_point=shown.operating_point,
        rule_out=shown.rule_out,
        rule_in=shown.rule_in,
    )
    return {
        "population": population,
        "stated": stated(population, shown.probability),
        "answered": answered,
        "rates": consequences(population, shown.operating_point),
    }
