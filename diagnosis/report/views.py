"""The address of the PDF report."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from diagnosis.access import person, study_or_404
from diagnosis.models import Preferences
from diagnosis.report.content import build
from diagnosis.reviews.readings import hidden_from


@require_safe
@never_cache
def study_report(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The report of one finished study; a waiting one, or one to be read first, has none yet.

    Raises:
        Http404: it is not this person's, or its stored film is gone.
    """
    user = person(request)
    study = study_or_404(request, pk)
    if study.is_pending:
        messages.info(request, _("There is no report yet: the radiograph is still waiting or being analysed."))
        return redirect(study)
    if hidden_from(user, study):
        messages.info(request, _("Read the radiograph first: the report contains the model’s answer."))
        return redirect(study)
    try:
        document = build(study, by=user.get_username(), author_id=user.pk, prevalence=Preferences.of(user).prevalence)
    except FileNotFoundError as error:
        raise Http404("The stored film is gone.") from error
    name = slugify(study.label)[:40] or f"{study.pk!s:.8}"
    return HttpResponse(
        document,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="pneumoweb-{name}.pdf"'},
    )
