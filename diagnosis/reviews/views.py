"""A person's reading of a film, and the diagnosis confirmed later: one address each, with or without JavaScript."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from diagnosis.access import person, study_or_404
from diagnosis.models import Reference, Review, State, Study
from diagnosis.reviews.forms import ReferenceForm, ReviewForm
from diagnosis.reviews.readings import reading_context, save_review


def _get_finished_study(request: HttpRequest, pk: UUID) -> Study:
    study = study_or_404(request, pk)
    if study.state != State.DONE:
        raise Http404("Only a finished study can be reviewed.")
    return study


def _page(request: HttpRequest, study: Study, sent: str = "", form: Form | None = None) -> HttpResponse:
    """With the form that was sent (``sent`` names which) instead of a fresh one, where something is wrong with it."""
    context = {"study": study, "sent": sent, **reading_context(person(request), study, study.answer_hidden)}
    if sent:
        context |= {f"{sent}_form": form, f"{sent}_fields": ()}
    return render(request, "studies/review.html", context, status=422 if sent else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def study_review(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give one's own reading; GET shows the form with the earlier reviews."""
    study = _get_finished_study(request, pk)
    if request.method != "POST":
        return _page(request, study)
    form = ReviewForm(request.POST, study=study, hidden=study.answer_hidden)
    newest = Review.objects.filter(study=study, author_id=request.user.pk, is_current=True).first()
    overtaken = newest is not None and request.POST.get("after", str(newest.pk)) != str(newest.pk)
    if not form.is_valid():
        if overtaken:  # what is wrong may be that the answer has been shown since
            messages.warning(request, _("You have saved a review of this study in another tab meanwhile."))
        return _page(request, study, "review", form)
    save_review(study, person(request), form)
    if overtaken:
        text = _("Your review is saved. One that you saved meanwhile in another tab is kept as an older version.")
        messages.warning(request, text)
        return redirect(f"{study.get_absolute_url()}#review")
    if study.answer_hidden:
        messages.success(request, _("Your reading is saved. The model’s answer is shown now."))
        return redirect(f"{study.get_absolute_url()}#answer")
    messages.success(request, _("Your review is saved."))
    return redirect(f"{study.get_absolute_url()}#review")


@require_POST
def study_reference(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Enter, correct or withdraw the confirmed diagnosis."""
    study = _get_finished_study(request, pk)
    if "withdraw" in request.POST:
        Reference.objects.filter(study=study, author_id=request.user.pk, is_current=True).update(is_current=False)
        messages.success(request, _("The confirmed diagnosis is withdrawn."))
        return redirect(f"{study.get_absolute_url()}#review")
    form = ReferenceForm(request.POST)
    if not form.is_valid():
        return _page(request, study, "reference", form)
    Reference.record(study=study, author=request.user, **form.cleaned_data)
    messages.success(request, _("The confirmed diagnosis is saved."))
    return redirect(f"{study.get_absolute_url()}#review")
