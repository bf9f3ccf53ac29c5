"""The upload page."""

from __future__ import annotations

from dataclasses import replace

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from diagnosis.access import person
from diagnosis.history.live import live_context
from diagnosis.models import Preferences, Study
from diagnosis.results.translation import translate_error
from diagnosis.submission.forms import SubmissionForm
from diagnosis.submission.submit import Outcome, Ticket
from diagnosis.submission.uploads import submit_files


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def study_new(request: HttpRequest) -> HttpResponse:
    """Submit films. One accepted film leads to its page; several, or refused ones, to a list of what became of each."""
    mine = Preferences.of(request.user)
    limits = {
        "max_bytes": settings.MAX_UPLOAD_BYTES,
        "max_mb": settings.MAX_UPLOAD_BYTES // 1_000_000,
        "max_files": settings.MAX_FILES_PER_SUBMISSION,
    }
    page = {"limits": limits, "preferences": mine}
    if request.method != "POST":
        return render(request, "studies/new.html", {**page, "form": SubmissionForm()})
    data = request.POST
    form = SubmissionForm(data, {"films": request.FILES.getlist("films")})
    wants_json = not request.accepts("text/html")
    if not form.is_valid():
        if wants_json:
            return JsonResponse({"errors": [error for errors in form.errors.values() for error in errors]}, status=422)
        return render(request, "studies/new.html", {**page, "form": form})
    ticket = Ticket(
        owner=person(request),
        token=form.cleaned_data["token"],
        confirmed_at=timezone.now(),
        label=form.cleaned_data["label"],
        patient_code=form.cleaned_data["patient_code"],
        population=form.cleaned_data["population"],
        again=form.cleaned_data["again"],
        operating_point=mine.operating_point,
    )
    outcomes = submit_files(ticket, form.cleaned_data["films"])
    if wants_json:
        return JsonResponse({"outcomes": [_as_json(outcome) for outcome in outcomes]})
    if len(outcomes) == 1 and outcomes[0].study is not None:
        if outcomes[0].already_known and outcomes[0].study.submission != ticket.token:
            messages.info(request, _("You have submitted this film before; this is its result."))
        return redirect(outcomes[0].study)
    if not any(outcome.study for outcome in outcomes):
        for outcome in outcomes:
            form.add_error("films", f"{outcome.name}: {translate_error(outcome.error)}")
        return render(request, "studies/new.html", {**page, "form": form})
    ids = [outcome.study.pk for outcome in outcomes if outcome.study]
    now = Study.objects.visible_to(request.user).with_hidden(request.user).in_bulk(ids)  # earlier ones have answers
    outcomes = [
        replace(outcome, study=now.get(outcome.study.pk, outcome.study)) if outcome.study else outcome
        for outcome in outcomes
    ]
    waiting = [found for found in now.values() if found.is_pending]
    return render(request, "studies/submitted.html", {"outcomes": outcomes, **live_context(waiting, "badge")})


def _as_json(outcome: Outcome) -> dict[str, str | bool]:
    """What the page's own script is told of one file."""
    if outcome.study is None:
        return {"name": outcome.name, "error": translate_error(outcome.error)}
    return {
        "name": outcome.name,
        "url": outcome.study.get_absolute_url(),
        "id": outcome.study.pk.hex,
        "known": outcome.already_known,
    }
