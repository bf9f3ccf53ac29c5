"""Deleting studies: what goes is counted first, then it goes for good. Why it does not wait: docs/decisions.md."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from diagnosis import storage
from diagnosis.access import study_or_404
from diagnosis.history.counts import forget
from diagnosis.models import Prediction, Reference, Review, Study, StudyQuerySet

SHOWN = 24


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def study_delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Delete one study with its files and predictions; GET asks first."""
    found = study_or_404(request, pk)
    rows = Study.objects.filter(pk=found.pk)
    if request.method != "POST":
        return ask(request, rows, found.get_absolute_url(), alone=True)
    storage.delete_studies(rows)
    forget(request.user.pk)
    messages.success(request, _("The study, its radiograph and its predictions are deleted."))
    return redirect("studies")


def ask(request: HttpRequest, rows: StudyQuerySet, back: str, *, alone: bool = False) -> HttpResponse:
    """The page that says what will be gone, with a copy of it to take along first.

    Args:
        request: Of who owns all of them.
        rows: The studies.
        back: Where one goes who keeps them.
        alone: Whether it was asked on a study's own page.
    """
    chosen = list(rows.order_by("-created_at", "-id"))
    context = {
        "chosen": chosen,
        "shown": chosen[:SHOWN],
        "hidden_count": len(chosen[SHOWN:]),
        "pending": sum(study.is_pending for study in chosen),
        "originals": any(storage.has_original(study) for study in chosen),
        "predictions": Prediction.objects.filter(study__in=rows).count(),
        "reviews": Review.objects.filter(study__in=rows).count(),
        "references": Reference.objects.filter(study__in=rows).count(),
        "back": back,
        "alone": alone,
    }
    return render(request, "studies/delete.html", context)


def delete_chosen(request: HttpRequest, rows: StudyQuerySet) -> None:
    """Delete what was chosen in the history, and say how many it were."""
    number = storage.delete_studies(rows)
    forget(request.user.pk)
    text = ngettext(
        "%d study is deleted, with its radiograph, its predictions and its reviews.",
        "%d studies are deleted, with their radiographs, their predictions and their reviews.",
        number,
    )
    messages.success(request, text % number)
