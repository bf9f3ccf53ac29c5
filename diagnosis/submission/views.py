"""The upload page."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from diagnosis.access import person
from diagnosis.history.live import legible_ids, live_context
from diagnosis.models import Preferences, Study
from diagnosis.results.translation import translate_error
from diagnosis.submission import intended_use
from diagnosis.submission.forms import SubmissionForm
from diagnosis.submission.submit import Outcome, Ticket
from diagnosis.submission.uploads import submit_files

MAX_LIST = 500  # files in the page's own list, which sends each by itself


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def study_new(request: HttpRequest) -> HttpResponse:
    """Submit films. One accepted film leads to its page; several, or refused ones, to a list of what became of each."""
    mine = Preferences.of(request.user)
    limits = {
        "max_bytes": settings.MAX_UPLOAD_BYTES,
        "max_mb": settings.MAX_UPLOAD_BYTES // 1_000_000,
        "max_list": MAX_LIST,
    }
    confirmed = mine.intended_use_version == intended_use.VERSION
    page = {"limits": limits, "preferences": mine, "statement": intended_use.STATEMENT}
    if request.method != "POST":
        return render(request, "studies/new.html", {**page, "form": SubmissionForm(confirmed=confirmed)})
    data = request.POST
    form = SubmissionForm(data, {"films": request.FILES.getlist("films")}, confirmed=confirmed)
    wants_json = not request.accepts("text/html")
    if not form.is_valid():
        if wants_json:
            return JsonResponse({"errors": [error for errors in form.errors.values() for error in errors]}, status=422)
        return render(request, "studies/new.html", {**page, "form": form})
    ticket = Ticket(
        owner=person(request),
        token=form.cleaned_data["token"],
        confirmed_at=mine.confirm_intended_use(intended_use.VERSION),
        label=form.cleaned_data["label"],
        patient_code=form.cleaned_data["patient_code"],
        population=form.cleaned_data["population"],
        again=form.cleaned_data["again"],
        operating_point=mine.operating_point,
    )
    outcomes = submit_files(ticket, form.cleaned_data["films"])
    if wants_json:
        return JsonResponse({"outcomes": [_as_json(outcome, ticket.token) for outcome in outcomes]})
    if not any(outcome.study for outcome in outcomes):
        for outcome in outcomes:
            form.add_error("films", f"{outcome.name}: {translate_error(outcome.error)}")
        return render(request, "studies/new.html", {**page, "form": form})
    return _where_they_are(request, ticket, outcomes)


def _where_they_are(request: HttpRequest, ticket: Ticket, outcomes: list[Outcome]) -> HttpResponse:
    """The page of the one study, or the list of what became of each file; at least one of them is a study."""
    if len(outcomes) == 1 and outcomes[0].study is not None:
        if outcomes[0].already_known and outcomes[0].study.submission != ticket.token:
            messages.info(request, _("You have submitted this radiograph before; this is its result."))
        return redirect(outcomes[0].study)
    ids = [outcome.study.pk for outcome in outcomes if outcome.study]
    now = Study.objects.visible_to(request.user).with_hidden(request.user).in_bulk(ids)  # earlier ones have answers
    outcomes = [
        replace(outcome, study=now.get(outcome.study.pk, outcome.study)) if outcome.study else outcome
        for outcome in outcomes
    ]
    waiting = [found for found in now.values() if found.is_pending]
    return render(
        request,
        "studies/submitted.html",
        {"outcomes": outcomes, **live_context([(study.pk, study.queued_at) for study in waiting], "badge")},
    )


def _as_json(outcome: Outcome, token: UUID) -> dict[str, str | bool]:
    """What the page's own script is told of one file. A study that this very press made is not "known" to it."""
    if outcome.study is None:
        code = outcome.error.code if outcome.error else ""
        return {"name": outcome.name, "error": translate_error(outcome.error), "code": code}
    known = outcome.already_known and outcome.study.submission != token
    return {**_place(outcome.study), "name": outcome.name, "known": known}


def _place(study: Study) -> dict[str, str]:
    return {"url": study.get_absolute_url(), "id": study.pk.hex}


@require_safe
@never_cache
def studies_arrived(request: HttpRequest) -> JsonResponse:
    """Which of these presses of the button have become studies: asked after a lost connection, before sending again."""
    tokens = legible_ids(request.GET.get("tokens", "").split(","))
    found = Study.objects.visible_to(request.user).filter(submission__in=tokens)
    return JsonResponse({str(study.submission): _place(study) for study in found.only("pk", "submission")})
