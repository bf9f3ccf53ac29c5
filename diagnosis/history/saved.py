"""Filters under a name of the person's own."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from diagnosis.access import person
from diagnosis.history.filters import StudyFilter
from diagnosis.models import SavedFilter, Study

LONGEST = 500  # of a query


@require_POST
def filter_save(request: HttpRequest) -> HttpResponse:
    """Keep the query of a history's address under a name; only what is a filter, and means something."""
    user = person(request)
    name = " ".join(request.POST.get("name", "").split())[:40]
    given = QueryDict(request.POST.get("query", "")[:LONGEST])
    form = StudyFilter(given, Study.objects.none(), request=request).form
    form.is_valid()
    kept = QueryDict(mutable=True)
    for field, value in form.cleaned_data.items():
        if value and field != "size":
            kept[field] = given[field]
    query = kept.urlencode()
    if not name or not query:
        messages.warning(request, _("Choose a filter first, and a name for it."))
    elif SavedFilter.keep(user, name, query) is None:
        messages.warning(
            request, _("You have as many saved filters as one may (%d): delete one first.") % SavedFilter.MOST
        )
    else:
        messages.success(request, _("The filter “%s” is saved.") % name)
    return redirect(f"{reverse('studies')}?{query}")


@require_POST
def filter_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a saved filter. It stays in force, so that it can be saved again at once."""
    found = get_object_or_404(SavedFilter, pk=pk, owner=person(request))
    found.delete()
    messages.success(
        request, _("The filter “%s” is deleted; below it is still in force, so you can save it again.") % found
    )
    return redirect(f"{reverse('studies')}?{found.query}")
