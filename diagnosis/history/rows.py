"""The lines of the history, made so that a page of them is cheap: they were three quarters of what it cost.

A line is a template like any other (``studies/_row.html``), but it is not rendered for each study: lines differ in a
handful of kinds (finding, warned, read or not …) and in a handful of values (name, day …). It is rendered once for each
kind and language with places in it for the values, and ``str.format`` fills them in for each study.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from html import escape
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import F, FilteredRelation, OuterRef, Q, Subquery
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from diagnosis.access import stand_in
from diagnosis.history.filters import ORDERS
from diagnosis.models import ModelVersion, Preferences, Study, StudyQuerySet, TagNames
from diagnosis.prepared import Prepared
from diagnosis.results.context import stated_probability

SEEN = (  # by a row; each further column is read and converted for nothing
    "label", "label_key", "created_at", "queued_at", "finished_at", "state", "finding", "probability", "warned",
    "population", "predicted_by",
)  # fmt: skip
KEY = UUID(int=0)  # stands for any study in an address
PLACES = {name: f"{{{name}}}" for name in ("id", "name", "probability", "moment", "when", "tags")}


@dataclass(frozen=True, slots=True)
class Row:
    """One study as the list shows it."""

    key: str
    name: str
    html: SafeString  # the whole line


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


@cache
def newest(number: int, *, reads_first: bool, tagged: bool) -> Prepared[Study]:
    """Lines of somebody's newest studies, by their key: the first page of a history of which nothing else is asked."""

    def query(pk: int) -> StudyQuerySet:
        user = stand_in(pk, reads_first)
        rows = rows_for(user, Study.objects.visible_to(user), tagged=tagged)
        return ORDERS["newest"].sort(rows)[:number]

    return Prepared(query)


def prepare(studies: Iterable[Study], user: User, *, again: bool = False) -> list[Row]:
    """The lines of these studies, which come from :func:`rows_for`; ``again``, to replace those that are there."""
    page = _Page(get_language() or "", Preferences.of(user), _("Study %s"), again, {})
    return [_row(study, page) for study in studies]


class _Page(NamedTuple):
    """What is the same for all lines of a page."""

    language: str
    preferences: Preferences
    unnamed: str
    again: bool
    versions: dict[int, ModelVersion]


def _row(study: Any, page: _Page) -> Row:
    key, hidden = str(study.pk), study.answer_hidden
    if (version := study.predicted_by_id) is not None:
        if version not in page.versions:
            named = {"sha256": study.version_sha256, "version": study.version_name}
            page.versions[version] = ModelVersion(version, **named)
        study.predicted_by = page.versions[version]
    name = study.label or page.unnamed % key[:8]
    shown = None if hidden or not study.finding else stated_probability(study, page.preferences)
    kind = Kind(
        study.state, study.finding, study.warned, hidden, bool(study.my_finding), study.my_agreement or "", page.again
    )
    # As format_html, which asks of each value whether it is safe; here what is no key, moment or tag is escaped.
    html = pattern(kind, page.language).format(
        id=study.pk.hex,
        key=key,
        name=escape(name),
        probability="" if shown is None else escape(str(shown)),
        moment=study.created_at.astimezone(dt.UTC).isoformat(timespec="seconds"),
        when=_when(timezone.localtime(study.created_at).replace(second=0, microsecond=0, tzinfo=None), page.language),
        tags=_tags(getattr(study, "tag_names", None)),
    )
    return Row(key, name, SafeString(html))


@lru_cache(maxsize=1024)
def pattern(kind: Kind, language: str) -> str:
    """``studies/_row.html`` for ``str.format``, in the active language, which must be ``language``."""
    row = {**kind._asdict(), **PLACES, "key": KEY}
    return render_to_string("studies/_row.html", {"row": row}).strip().replace(str(KEY), "{key}")


@lru_cache(maxsize=4096)  # films of one submission share their minute, and a history is read again and again
def _when(minute: dt.datetime, _language: str) -> str:
    return escape(date_format(minute, "SHORT_DATETIME_FORMAT"))


def _tags(names: str | None) -> SafeString:
    if not names:
        return SafeString("")
    tags = sorted(names.split("\n"), key=str.casefold)
    return format_html_join("", ' <a class="tag" href="?{}">{}</a>', ((urlencode({"tag": tag}), tag) for tag in tags))
