"""Links above the list: quick views with their numbers, and columns that it can be sorted by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qsl, urlencode

from django.http import HttpRequest, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from diagnosis.history.counts import Counts

NO_FILTER = ("after", "before", "view", "sort", "size")  # in the address, and choose no studies
COLUMNS: dict[str, tuple[Promise, tuple[str, str]]] = {  # of the table: its words, orders: the one a first click gives
    "study": (gettext_lazy("Study"), ("label", "label_last")),
    "probability": (gettext_lazy("Probability"), ("highest", "lowest")),
    "when": (gettext_lazy("Submitted"), ("newest", "oldest")),
}
DESCENDING = ("label_last", "highest", "newest")


@dataclass(frozen=True, slots=True)
class Column:
    """A column that the list can be sorted by: where a click leads, and how it is sorted now."""

    words: str
    query: str
    sorted: str  # for aria-sort; empty where it is not


@dataclass(frozen=True, slots=True)
class View:
    """A quick view: all, unread, …"""

    kind: str
    words: str
    query: str
    number: int
    is_current: bool


def query_without(request: HttpRequest, *names: str, **extra: str) -> str:
    """This address's query without the place in the list, these names and what is empty; with something more."""
    if not request.GET:
        return urlencode(extra)
    query = request.GET.copy()
    for name in list(query):
        if name in ("after", "before", *names) or not query[name]:
            del query[name]
    for name, value in extra.items():
        query[name] = value
    return query.urlencode()


def narrowing(query: QueryDict | dict[str, str]) -> dict[str, str]:
    """The part of an address that chooses studies."""
    return {name: str(value) for name, value in query.items() if value and name not in NO_FILTER}


@cache
def _narrowing_of(query: str) -> dict[str, str]:
    return narrowing(dict(parse_qsl(query)))


def views(request: HttpRequest, counts: Counts) -> list[View]:
    """The quick views; the current one is that whose filter is the only one in force."""
    now = narrowing(request.GET)
    return [
        View(kind, str(words), query, number, _narrowing_of(query) == now)
        for kind, words, query, number in counts.views
    ]


def columns(request: HttpRequest, order: str) -> dict[str, Column]:
    """The sortable columns."""
    found = {}
    for name, (words, orders) in COLUMNS.items():
        there = orders[1] if order == orders[0] else orders[0]
        now = "" if order not in orders else "descending" if order in DESCENDING else "ascending"
        found[name] = Column(str(words), query_without(request, "sort", sort=there), now)
    return found
