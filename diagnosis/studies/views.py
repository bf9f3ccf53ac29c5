"""The pages of studies: result, state, label. One job each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from diagnosis import VERSION, storage
from diagnosis.access import person, study_or_404
from diagnosis.accounts.preferences import PrevalenceForm
from diagnosis.history.counts import forget
from diagnosis.history.keyset import with_neighbours
from diagnosis.history.live import poll_seconds
from diagnosis.models import Preferences, State, Study, StudyQuerySet
from diagnosis.results.context import explain
from diagnosis.reviews.readings import reading_context, with_is_read
from diagnosis.submission.forms import LabelForm
from diagnosis.worker.reanalysis import may_reanalyse, reanalyse_for_owner

SAME_IMAGE = 5  # other studies of the same DICOM image that are named


@require_safe
@never_cache
def study(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The result page: film, answer, the person's own reading. In reader-first mode the answer comes after theirs."""
    found = study_or_404(request, pk, more=_for_its_page)
    mine = Preferences.of(request.user)
    hidden = found.answer_hidden
    context: dict[str, Any] = {"study": found, "preferences": mine, "may_reanalyse": may_reanalyse(found)}
    context["as_submitted"] = "?as=submitted" if found.corrected and request.GET.get("as") == "submitted" else ""
    context["shown_size"] = (found.width, found.height) if context["as_submitted"] else found.shown_size
    context["has_original"] = storage.has_original(found)
    if found.uid_hash:
        context["same_image"] = found.same_image()[:SAME_IMAGE]
    if found.patient_code:
        context["earlier_study"] = found.same_patient().filter(created_at__lt=found.created_at).first()
    context |= explain(found, mine, hidden=hidden)
    predicted_by = context["prediction"] and context["prediction"].model_version
    if predicted_by and predicted_by.active:  # then the foot need not look it up
        context["product"] = {"version": VERSION, "model_version": predicted_by.version}
    if found.state == State.DONE:
        context |= reading_context(person(request), found, hidden)
        context["prevalence_form"] = SimpleLazyObject(lambda: PrevalenceForm(initial={"prevalence": mine.prevalence}))
    context["film_key"] = _film_key(found, context)
    context["film_facts_key"] = _film_facts_key(found)
    has_report = bool(context["prediction"]) or found.state in (State.REJECTED, State.FAILED)
    context["actions_key"] = has_report, context["has_original"], bool(context.get("earlier_study"))
    return render(request, "studies/study.html", context)


def _for_its_page(rows: StudyQuerySet) -> StudyQuerySet:
    return with_is_read(with_neighbours(rows))


def _film_key(study: Study, context: dict[str, Any]) -> tuple[Any, ...] | None:
    """What the viewer's part of the page depends on beside address and size; None where it is seldom the same."""
    if study.corrected or study.header.get("pixel_spacing_mm") or context.get("marks"):
        return None
    prediction = context["prediction"]
    heat, lungs = bool(prediction and prediction.heatmap), bool(prediction and prediction.lungs)
    return heat, lungs, context.get("takes_marks", False), study.source_format


def _film_facts_key(study: Study) -> tuple[str, ...] | None:
    """What the facts of the radiograph depend on beside its size; None where that is seldom the same."""
    header = study.header
    if study.patient_code or header.get("age_years") is not None or header.get("pixel_spacing_mm"):
        return None
    return study.source_format, study.population, study.population_known_by, study.stated_population


@login_not_required
@require_safe
@never_cache
def study_status(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The fragment a waiting page polls; it says itself when to poll next, and to load the result when it is there.

    An expired session gets 403: redirecting a poll would put a sign-in page inside the page.
    """
    if not request.user.is_authenticated:
        return render(request, "studies/_signed_out.html", {"pk": pk}, status=403)
    found = study_or_404(request, pk)
    context = {"study": found, "poll_seconds": poll_seconds(found), "may_reanalyse": may_reanalyse(found)}
    response = render(request, "studies/_status.html", context)
    if not found.is_pending and request.headers.get("HX-Request"):
        response["HX-Refresh"] = "true"  # the viewer and the disclaimers belong to the whole page
    return response


@require_POST
def study_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Have a study without an answer reanalysed."""
    found = study_or_404(request, pk)
    if reanalyse_for_owner(found):
        forget(request.user.pk)
    else:
        messages.info(request, _("This radiograph cannot be reanalysed at the moment."))
    return redirect(found)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def study_label(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give a study another label and patient code."""
    found = study_or_404(request, pk)
    form = LabelForm(request.POST or None, initial={"label": found.label, "patient_code": found.patient_code})
    if request.method == "POST" and form.is_valid():
        found.relabel(**{"label": found.label, "patient_code": found.patient_code, **form.changed()})
        messages.success(request, _("Label and patient code are saved."))
        return redirect(found)
    return render(request, "studies/label.html", {"study": found, "form": form})
