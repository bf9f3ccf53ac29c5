"""The history: a person's own studies, filtered, sorted, kept up to date, compared and deleted."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from diagnosis import storage
from diagnosis.access import person
from diagnosis.history import exports, keyset
from diagnosis.history.filters import filter_for
from diagnosis.history.live import legible_ids, live_context, rows_for
from diagnosis.history.summary import forget, summarise
from diagnosis.models import Review, Study, StudyQuerySet

COUNTED = 1_000  # matches of a filter are counted up to here, then it is "more than"
SHOWN_BEFORE_DELETION = 24
UNSEEN = (
    "header",
    "notices",
    "reason",
    "advice",
    "reason_parameters",
    "pixel_hash",
    "submission",
)  # of a study, by a row of the list


@require_safe
@never_cache
def studies(request: HttpRequest) -> HttpResponse:
    """A person's own studies: filters, order, page size and place are all in the address."""
    user = person(request)
    chosen = filter_for(request)
    rows, order = chosen.rows()
    page = keyset.page(
        rows_for(user, rows).defer(*UNSEEN), order, chosen.page_size,
        after=request.GET.get("after", ""), before=request.GET.get("before", ""),
    )  # fmt: skip
    summary = summarise(user)
    filters = chosen.chosen()
    narrowed = bool(filters) or order.key != "created_at"
    matches = _count_up_to(rows, COUNTED) if narrowed and (page.next or page.previous) else len(page.rows)
    plain = _without(request, "view")
    context = {
        "page": page,
        "form": chosen.form,
        "order": order,
        "filters": [(label, words, _without(request, name)) for name, label, words in filters],
        "more_open": any(name not in ("q", "finding", "state") for name, _label, _words in filters)
        or bool(set(chosen.form.errors) - {"q", "finding", "state"}),
        "narrowed": narrowed,
        "matches": matches if narrowed else summary.total,
        "most": COUNTED,
        "summary": summary,
        "query": _without(request).lstrip("?"),
        "view": "cards" if request.GET.get("view") == "cards" else "table",
        "as_table": plain,
        "as_cards": f"{plain}{'&' if plain != '?' else ''}view=cards",
        **live_context([study for study in page.rows if study.is_pending], "row"),
    }
    return render(request, "studies/studies.html", context)


def _count_up_to(rows: StudyQuerySet, most: int) -> int:
    """How many there are, but stop counting after ``most`` + 1."""
    return rows.order_by()[: most + 1].count()


def _without(request: HttpRequest, *names: str) -> str:
    """This address's query without the place in the list, these names and what is empty."""
    query = request.GET.copy()
    for name in list(query):
        if name in ("after", "before", *names) or not query[name]:
            del query[name]
    return f"?{query.urlencode()}"


@require_POST
@never_cache
def studies_selected(request: HttpRequest) -> HttpResponseBase:
    """Do something with the chosen studies: ``do`` is delete, compare, csv or json."""
    back = _way_back(request)
    ids = legible_ids(request.POST.getlist("study"))
    rows = Study.objects.visible_to(request.user).filter(pk__in=ids)
    do = request.POST.get("do", "")
    if do in ("csv", "json") and ids:
        return exports.stream(rows, do, person(request))
    if do == "compare":
        if len(ids) == 2:
            return redirect(f"{reverse('studies_compare')}?a={ids[0]}&b={ids[1]}")
        messages.warning(request, _("Choose exactly two studies to compare them."))
        return redirect(back)
    if do != "delete" or not rows.exists():
        messages.warning(request, _("Choose at least one study first."))
        return redirect(back)
    if request.POST.get("confirmed") == "yes":
        number = storage.delete_studies(rows)
        forget(request.user.pk)
        text = ngettext(
            "%d study is deleted, with its film, its predictions and its reviews.",
            "%d studies are deleted, with their films, their predictions and their reviews.",
            number,
        )
        messages.success(request, text % number)
        return redirect(back)
    chosen = list(rows.order_by("-created_at", "-id"))
    context = {
        "chosen": chosen,
        "shown": chosen[:SHOWN_BEFORE_DELETION],
        "hidden_count": len(chosen[SHOWN_BEFORE_DELETION:]),
        "pending": sum(study.is_pending for study in chosen),
        "reviews": Review.objects.filter(study__in=rows, is_current=True).count(),
        "back": back,
    }
    return render(request, "studies/delete_many.html", context)


def _way_back(request: HttpRequest) -> str:
    """The list one came from, if it is this site's history; its place in the list may be gone, its filters stay."""
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        parts = urlsplit(target)
        try:
            if resolve(parts.path).url_name == "studies":
                return f"{parts.path}?{parts.query}" if parts.query else parts.path
        except Resolver404:
            pass
    return reverse("studies")
