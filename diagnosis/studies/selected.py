"""What can be done with the studies that were chosen in the history: tag, compare, download, delete."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from diagnosis.access import person, study_or_404
from diagnosis.accounts.data_export import archive
from diagnosis.history import exports
from diagnosis.history.live import legible_ids
from diagnosis.models import PENDING, Preferences, Study, StudyQuerySet, Tag
from diagnosis.report.content import compose
from diagnosis.report.layout import as_one_pdf
from diagnosis.studies.deletion import ask, delete_chosen

REPORTS_IN_ONE = 50  # each takes about a quarter of a second to set
Answer = HttpResponseBase | None


@require_POST
@never_cache
def studies_selected(request: HttpRequest) -> HttpResponseBase:
    """Do something with the chosen studies: ``do`` names it. Without any, or where it cannot be done, say so."""
    back = _way_back(request)
    ids = legible_ids(request.POST.getlist("study"))
    rows = Study.objects.visible_to(request.user).filter(pk__in=ids)
    act = ACTIONS.get(request.POST.get("do", ""))
    if act is None or not rows.exists():
        gone = act is not None and ids
        messages.warning(
            request,
            _("What you have chosen has been deleted meanwhile.") if gone else _("Choose at least one study first."),
        )
        return redirect(back)
    return act(request, rows, ids, back) or redirect(back)


def _download(request: HttpRequest, rows: StudyQuerySet, _ids: list[UUID], _back: str) -> Answer:
    return exports.stream(rows, request.POST["do"], person(request))


def _compare(request: HttpRequest, _rows: StudyQuerySet, ids: list[UUID], _back: str) -> Answer:
    if len(ids) == 2:
        return redirect(f"{reverse('studies_compare')}?a={ids[0]}&b={ids[1]}")
    messages.warning(request, _("Choose exactly two studies to compare them."))
    return None


def _tag(request: HttpRequest, rows: StudyQuerySet, _ids: list[UUID], _back: str) -> Answer:
    name = Tag.clean_name(request.POST.get("tag", ""))
    keys = list(rows.values_list("pk", flat=True))
    if not name:
        messages.warning(request, _("Enter a tag first."))
    elif (number := Tag.put(person(request), name, keys)) is None:
        messages.warning(request, _("You have as many tags as one may (%d): take one off first.") % Tag.MOST)
    else:
        text = ngettext("%(count)d study is tagged “%(tag)s”.", "%(count)d studies are tagged “%(tag)s”.", number)
        messages.success(request, text % {"count": number, "tag": name})
    return None


def _untag(request: HttpRequest, rows: StudyQuerySet, _ids: list[UUID], back: str) -> Answer:
    name = Tag.clean_name(request.POST.get("tag", ""))
    bore = Tag.take_off(person(request), name, rows.values_list("pk", flat=True))
    number = len(bore)
    text = ngettext("The tag “%(tag)s” is off %(count)d study.", "The tag “%(tag)s” is off %(count)d studies.", number)
    context = {"text": text % {"count": number, "tag": name}, "tag": name, "studies": bore, "back": back}
    messages.success(request, render_to_string("studies/_untagged.html", context, request))
    return None


def _pdf(request: HttpRequest, rows: StudyQuerySet, _ids: list[UUID], _back: str) -> Answer:
    user = person(request)
    ready = rows.answers_shown_to(user).exclude(state__in=PENDING).order_by("-created_at", "-id")
    found = list(ready[: REPORTS_IN_ONE + 1])
    if not found or len(found) > REPORTS_IN_ONE:
        messages.warning(
            request,
            _("Choose at most %d studies for one PDF.") % REPORTS_IN_ONE
            if found
            else _("None of these has a report yet: they wait, or are to be read first."),
        )
        return None
    prevalence = Preferences.of(user).prevalence
    reports = []
    for study in found:
        try:
            reports.append(compose(study, by=user.get_username(), author_id=user.pk, prevalence=prevalence))
        except FileNotFoundError:
            continue  # its stored radiograph is gone
    name = f"pneumoweb-reports-{timezone.localdate():%Y-%m-%d}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(as_one_pdf(reports), content_type="application/pdf", headers=headers) if reports else None


def _zip(request: HttpRequest, rows: StudyQuerySet, _ids: list[UUID], _back: str) -> Answer:
    name = f"pneumoweb-studies-{timezone.localdate():%Y-%m-%d}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(archive(person(request), rows), content_type="application/zip", headers=headers)


def _delete(request: HttpRequest, rows: StudyQuerySet, _ids: list[UUID], back: str) -> Answer:
    if request.POST.get("confirmed") != "yes":
        return ask(request, rows, back)
    delete_chosen(request, rows)
    return None


ACTIONS: dict[str, Callable[[HttpRequest, StudyQuerySet, list[UUID], str], Answer]] = {
    "csv": _download,
    "json": _download,
    "compare": _compare,
    "tag": _tag,
    "untag": _untag,
    "pdf": _pdf,
    "zip": _zip,
    "delete": _delete,
}


def _way_back(request: HttpRequest) -> str:
    """The list one came from, if it is this site's history; its place in the list may be gone, its filters stay."""
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        parts = urlsplit(target)
        try:
            if resolve(parts.path).url_name in ("studies", "study_tags"):
                return f"{parts.path}?{parts.query}" if parts.query else parts.path
        except Resolver404:
            pass
    return reverse("studies")


@require_safe
@never_cache
def study_tags(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The tags of one study, to add to and to take off."""
    study = study_or_404(request, pk, with_hidden=False)
    borne = Tag.objects.filter(taggings__study=study).order_by("name")
    mine = Tag.objects.filter(owner=person(request)).exclude(taggings=None).order_by("name")
    context = {"study": study, "borne": borne, "tags": mine.values_list("name", flat=True).distinct()}
    return render(request, "studies/tags.html", context)
