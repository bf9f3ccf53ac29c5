"""The lines of the history, made so that a page of them is cheap: they were three quarters of what it cost.

A line is a template like any other (``studies/_row.html``), but it is not rendered for each study: lines differ in a
handful of kinds (finding, warned, read or not …) and in a handful of values (name, day …). It is rendered once for each
kind and language with places in it for the values, and ``str.format`` fills them in for each study.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import cache, lru_cache
from html import escape
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Case, F, FilteredRelation, OuterRef, Q, Subquery, When
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from diagnosis.access import stand_in
from diagnosis.history.filters import ORDERS
from diagnosis.models import PENDING, ModelVersion, Preferences, Study, StudyQuerySet, TagNames
from diagnosis.prepared import Prepared
from diagnosis.results.context import card_part
from diagnosis.results.stated_probability import stated

SEEN = (  # by a line; each further column is read and converted for nothing
    "pk", "label", "label_key", "created_at", "state", "finding", "probability", "warned", "population",
    "predicted_by_id",
)  # fmt: skip
FOUND = ("answer_hidden", "version_sha256", "version_name", "my_agreement", "my_finding")  # beside the study itself
KEY = UUID(int=0)  # stands for any study in an address
PLACES = {name: f"{{{name}}}" for name in ("id", "name", "probability", "moment", "when", "tags")}


class Kind(NamedTuple):
    """What a line says in words and icons. ``again``: it replaces the one that is there."""

    state: str
    finding: str
    warned: bool
    hidden: bool
    has_read: bool
    agreement: str
    again: bool


def with_my_review(user: User, rows: StudyQuerySet) -> StudyQuerySet:
    """With this person's own current review, in the same query; there is one at most."""
    mine = Q(reviews__author=user, reviews__is_current=True)
    return rows.annotate(my_review=FilteredRelation("reviews", condition=mine)).annotate(
        my_agreement=F("my_review__agreement"), my_finding=F("my_review__finding")
    )


def rows_for(user: User, rows: StudyQuerySet, *, tagged: bool = True) -> StudyQuerySet:
    """What a row of the history shows beside the study itself, in the same query; ``tagged``: this person has tags.

    The model version is looked up for each row. Joined beside the review, it led SQLite to sort all studies of a person
    for a page of 25.
    """
    version = ModelVersion.objects.filter(pk=OuterRef("predicted_by"))
    seen = with_my_review(user, rows.with_hidden(user).only(*SEEN)).annotate(
        version_sha256=Subquery(version.values("sha256")), version_name=Subquery(version.values("version"))
    )
    return seen.annotate(tag_names=TagNames.of_study()) if tagged else seen


def lines_of(user: User, rows: StudyQuerySet, *, tagged: bool) -> Any:
    """As :func:`rows_for`, as tuples with names: a page makes no model instances. ``waits_since`` if it is pending."""
    waiting = Case(When(state__in=PENDING, then="queued_at"))
    names = (*SEEN, *FOUND, "waits_since", *(["tag_names"] if tagged else []))
    return rows_for(user, rows, tagged=tagged).annotate(waits_since=waiting).values_list(*names, named=True)


@cache
def newest(number: int, *, reads_first: bool, tagged: bool) -> Prepared[Any]:
    """Lines of somebody's newest studies, by their key: the first page of a history of which nothing else is asked."""

    def query(pk: int) -> Any:
        user = stand_in(pk, reads_first)
        return ORDERS["newest"].sort(lines_of(user, Study.objects.visible_to(user), tagged=tagged))[:number]

    return Prepared(query)


def prepare(studies: Iterable[Any], user: User, *, again: bool = False) -> list[SafeString]:
    """The lines of these studies, from :func:`lines_of` or :func:`rows_for`; ``again``, to replace those there."""
    page = _Page(
        get_language() or "", timezone.get_current_timezone(), Preferences.of(user).prevalence, _("Study %s"), again
    )
    return [_line(study, page) for study in studies]


class _Page(NamedTuple):
    """What is the same for all lines of a page."""

    language: str
    zone: dt.tzinfo
    prevalence: float | None
    unnamed: str
    again: bool


def _line(study: Any, page: _Page) -> SafeString:
    key, hidden, version = str(study.pk), study.answer_hidden, (study.version_sha256, study.version_name)
    shown = ""
    if study.finding and not hidden:
        shown = _probability(version, study.population, study.probability, page.prevalence, page.language)
    kind = Kind(
        study.state, study.finding, study.warned, hidden, bool(study.my_finding), study.my_agreement or "", page.again
    )
    # As format_html, which asks of each value whether it is safe; here what is no key, moment or tag is escaped.
    html = pattern(kind, page.language).format(
        id=study.pk.hex,
        key=key,
        name=escape(study.label or page.unnamed % key[:8]),
        probability=shown,
        moment=study.created_at.astimezone(dt.UTC).isoformat(timespec="seconds"),
        when=_when(study.created_at.astimezone(page.zone).replace(second=0, microsecond=0, tzinfo=None), page.language),
        tags=_tags(getattr(study, "tag_names", None)),
    )
    return SafeString(html)


@lru_cache(maxsize=1024)
def pattern(kind: Kind, language: str) -> str:
    """``studies/_row.html`` for ``str.format``, in the active language, which must be ``language``."""
    row = {**kind._asdict(), **PLACES, "key": KEY}
    return render_to_string("studies/_row.html", {"row": row}).strip().replace(str(KEY), "{key}")


@lru_cache(maxsize=4096)  # a history is read again and again, and a published card never changes
def _probability(
    version: tuple[str, str], population: str, probability: float, prevalence: float | None, _language: str
) -> str:
    return escape(str(stated(card_part(*version, population), probability, prevalence)))


@lru_cache(maxsize=4096)  # films of one submission share their minute, and a history is read again and again
def _when(minute: dt.datetime, _language: str) -> str:
    return escape(date_format(minute, "SHORT_DATETIME_FORMAT"))


def _tags(names: str | None) -> SafeString:
    if not names:
        return SafeString("")
    tags = sorted(names.split("\n"), key=str.casefold)
    return format_html_join("", ' <a class="tag" href="?{}">{}</a>', ((urlencode({"tag": tag}), tag) for tag in tags))
