"""The pages of studies: submit, result, history, delete. One job each."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from diagnosis import storage
from diagnosis.accounts.adapter import person
from diagnosis.accounts.preferences import PrevalenceForm
from diagnosis.history.filters import ORDERS
from diagnosis.history.keyset import neighbours
from diagnosis.history.live import live_context, poll_seconds
from diagnosis.history.summary import forget
from diagnosis.models import Preferences, State, Study
from diagnosis.results.context import explain
from diagnosis.results.translation import said_error
from diagnosis.reviews.readings import reading_context
from diagnosis.submission.forms import LabelForm, SubmissionForm
from diagnosis.submission.submit import Outcome, Ticket, ask_again
from diagnosis.submission.uploads import take_in
from diagnosis.worker.reanalysis import may_ask_again


def _get_study_for_user(request: HttpRequest, pk: UUID) -> Study:
    """The study if it is this person's, else 404: a stranger does not learn that it exists."""
    rows = Study.objects.visible_to(request.user).with_hidden(request.user).select_related("owner")
    return get_object_or_404(rows, pk=pk)


@require_http_methods(["GET", "POST"])
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
    if request.method == "GET":
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
        again=form.cleaned_data["again"],
        operating_point=mine.operating_point,
    )
    outcomes = take_in(ticket, form.cleaned_data["films"])
    if wants_json:
        return JsonResponse({"outcomes": [_as_json(outcome) for outcome in outcomes]})
    if len(outcomes) == 1 and outcomes[0].study is not None:
        if outcomes[0].already_known and outcomes[0].study.submission != ticket.token:
            messages.info(request, _("You have submitted this film before; this is its result."))
        return redirect(outcomes[0].study)
    if not any(outcome.study for outcome in outcomes):
        for outcome in outcomes:
            form.add_error("films", f"{outcome.name}: {said_error(outcome.error)}")
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
        return {"name": outcome.name, "error": said_error(outcome.error)}
    return {
        "name": outcome.name,
        "url": outcome.study.get_absolute_url(),
        "id": outcome.study.pk.hex,
        "known": outcome.already_known,
    }


@require_GET
@never_cache
def study(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The result page: film, answer, the person's own reading. In reader-first mode the answer comes after theirs."""
    found = _get_study_for_user(request, pk)
    mine = Preferences.of(request.user)
    hidden = found.answer_hidden
    context = {"study": found, "preferences": mine, "may_ask_again": may_ask_again(found)}
    context["has_original"] = storage.has_original(found)
    mine_all = Study.objects.visible_to(request.user).only("pk")
    context["newer"], context["older"] = neighbours(mine_all, ORDERS["newest"], found)
    context |= explain(found, mine, hidden=hidden)
    if found.state == State.DONE:
        context |= reading_context(person(request), found, hidden)
        context["prevalence_form"] = PrevalenceForm(initial={"prevalence": mine.prevalence})
    return render(request, "studies/study.html", context)


@login_not_required
@require_GET
@never_cache
def study_status(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The fragment a waiting page polls; it says itself when to ask again, and to load the result when it is there.

    An expired session gets 403: redirecting a poll would put a sign-in page inside the page.
    """
    if not request.user.is_authenticated:
        return render(request, "studies/_signed_out.html", {"pk": pk}, status=403)
    found = _get_study_for_user(request, pk)
    context = {"study": found, "poll_seconds": poll_seconds(found), "may_ask_again": may_ask_again(found)}
    response = render(request, "studies/_status.html", context)
    if not found.is_pending and request.headers.get("HX-Request"):
        response["HX-Refresh"] = "true"  # the viewer and the disclaimers belong to the whole page
    return response


@require_POST
def study_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Have a study without an answer analysed again."""
    found = _get_study_for_user(request, pk)
    if ask_again(found):
        forget(request.user.pk)
    else:
        messages.info(request, _("This film cannot be analysed again at the moment."))
    return redirect(found)


@require_http_methods(["GET", "POST"])
@never_cache
def study_label(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give a study another label."""
    found = _get_study_for_user(request, pk)
    form = LabelForm(request.POST or None, initial={"label": found.label})
    if request.method == "POST" and form.is_valid():
        Study.objects.filter(pk=found.pk).update(label=form.cleaned_data["label"])
        messages.success(request, _("The label is changed."))
        return redirect(found)
    return render(request, "studies/label.html", {"study": found, "form": form})


@require_http_methods(["GET", "POST"])
@never_cache
def study_delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Delete one study with its files and predictions; GET asks first."""
    found = _get_study_for_user(request, pk)
    if request.method == "GET":
        return render(request, "studies/delete.html", {"study": found})
    storage.delete_studies(Study.objects.filter(pk=found.pk))
    forget(request.user.pk)
    messages.success(request, _("The study, its film and its predictions are deleted."))
    return redirect("studies")
