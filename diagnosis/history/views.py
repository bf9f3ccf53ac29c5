"""The history: a person's own studies, filtered, sorted, kept up to date and compared."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from diagnosis import VERSION
from diagnosis.access import person, study_or_404
from diagnosis.history import keyset
from diagnosis.history.counts import count
from diagnosis.history.filters import ORDERS
from diagnosis.history.links import columns, query_without
from diagnosis.history.links import views as quick_views
from diagnosis.history.live import live_context
from diagnosis.history.query import HistoryQuery
from diagnosis.history.rows import lines_of, newest, prepare
from diagnosis.history.summary import summarise
from diagnosis.models import Preferences, Review, State, Study, StudyQuerySet

COUNTED = 1_000  # matches of a filter are counted up to here, then it is "more than"


@require_safe
@never_cache
def studies(request: HttpRequest) -> HttpResponse:
    """A person's own studies: filters, order, page size and place are all in the address."""
    user = person(request)
    query = HistoryQuery(request)
    order = query.order
    page = _page(request, query)
    counts = count(user)
    filters = query.in_force()
    narrowed = bool(filters) or order.key != "created_at"
    matches = _count_up_to(query.rows, COUNTED) if narrowed and (page.next or page.previous) else len(page.rows)
    search, *fields = query.fields()
    views = quick_views(request, counts)
    context = {
        "page": page,
        "lines": SafeString("".join(prepare(page.rows, user))),
        "search": search,
        "fields": fields,
        "fields_key": query.fields_key(),
        "order": order,
        "table_key": None if request.GET else (),
        "path": request.get_full_path(),
        "columns": SimpleLazyObject(lambda: columns(request, query.order_name)),
        "filters": [(label, words, query_without(request, name)) for name, label, words in filters],
        "in_a_view": any(view.is_current for view in views),
        "more_open": bool(query.errors),
        "narrowed": narrowed,
        "matches": matches if narrowed else counts.total,
        "most": COUNTED,
        "counts": counts,
        "views": views,
        "saved": query.choices.saved,
        "tags": query.choices.tags,
        "query": query_without(request),
        "view": "cards" if request.GET.get("view") == "cards" else "table",
        "as_table": query_without(request, "view"),
        "as_cards": query_without(request, "view", view="cards"),
        "product": {"version": VERSION, "model_version": query.choices.active_version},
        **live_context([(row.pk, row.waits_since) for row in page.rows if row.waits_since], "row"),
    }
    return render(request, "studies/studies.html", context)


def _page(request: HttpRequest, query: HistoryQuery) -> keyset.Page:
    user, tagged, size = person(request), bool(query.choices.tags), query.page_size
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    if query.given or after or before:
        rows = lines_of(user, query.rows, tagged=tagged)
        return keyset.page(rows, query.order, size, after=after, before=before)
    first = newest(size + 1, reads_first=Preferences.of(user).reader_first, tagged=tagged)
    return keyset.first_page(first(user.pk), query.order, size)


def _count_up_to(rows: StudyQuerySet, most: int) -> int:
    """How many there are, but stop counting after ``most`` + 1."""
    return rows.order_by()[: most + 1].count()


@require_safe
@never_cache
def studies_overview(request: HttpRequest) -> HttpResponse:
    """How many studies of each kind, and how many over time."""
    return render(request, "studies/overview.html", {"summary": summarise(person(request))})


@require_safe
@never_cache
def study_unread(request: HttpRequest, pk: UUID, way: str) -> HttpResponse:
    """To the next (older) or previous (newer) study that this person has not reviewed, or back to the unread ones.

    Looked up when asked for, so that a result page costs nothing for its links.
    """
    here = study_or_404(request, pk, with_hidden=False)
    mine = Review.objects.filter(author_id=request.user.pk, study=OuterRef("pk"), is_current=True)
    rows = Study.objects.visible_to(request.user).filter(~Exists(mine), state=State.DONE)
    order, back = ORDERS["newest"], way == "previous"
    found = order.sort(order.beyond(rows, order.cursor(here), backwards=back), backwards=back).first()
    if found is not None:
        return redirect(found)
    messages.info(request, _("No newer study is unread.") if back else _("No older study is unread."))
    return redirect(f"{reverse('studies')}?review=none")
