"""The lines of the history, made so that a page of them is cheap: they were three quarters of what it cost.

What is the same for many lines (a finding with its icon, the words of a review) is rendered once for each language and
kept; a line itself is one ``format_html``, not a template of thirty nodes a hundred times a page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Concat
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from diagnosis.models import Preferences, Review, State, Study, StudyQuerySet, TagNames
from diagnosis.results.context import stated_probability

SEEN = (  # by a row; each further column is read and converted for nothing
    "label", "label_key", "created_at", "queued_at", "finished_at", "state", "finding", "probability", "warned",
    "population", "predicted_by__sha256", "predicted_by__version",
)  # fmt: skip
PLACE = UUID(int=0)  # stands for any study in an address


@dataclass(frozen=True, slots=True)
class Row:
    """One study as the list shows it."""

    id: str
    key: str
    url: str
    thumbnail: str
    name: str
    choose: str
    finding: SafeString
    probability: str
    review: SafeString
    when: str
    moment: str
    tags: list[tuple[str, str]]  # name, query that shows all that bear it
    unread: bool
    html: SafeString | str = ""  # the whole line


def with_my_review(user: User, rows: StudyQuerySet) -> StudyQuerySet:
    """With this person's own current review, in the same query."""
    mine = Review.objects.filter(study=OuterRef("pk"), author=user, is_current=True)
    return rows.annotate(
        my_agreement=Subquery(mine.values("agreement")[:1]), my_finding=Subquery(mine.values("finding")[:1])
    )


def rows_for(user: User, rows: StudyQuerySet) -> StudyQuerySet:
    """What a row of the history shows beside the study itself, in the same query."""
    mine = Review.objects.filter(study=OuterRef("pk"), author=user, is_current=True)
    return (
        rows.with_hidden(user)
        .select_related("predicted_by")
        .only(*SEEN)
        .annotate(
            my_review=Subquery(mine.values(review=Concat("finding", Value(" "), "agreement"))[:1]),
            tag_names=TagNames.of_study(),
        )
    )


OOB, UNREAD = mark_safe(' hx-swap-oob="true"'), mark_safe(' class="is-unread"')
LINE = """<tr id="study-{id}"{oob}{unread}>
<td class="cell-choose"><input class="form-check-input" type="checkbox" name="study" value="{key}" form="selection" aria-label="{choose}"></td>
<td class="cell-film"><img class="thumb" src="{thumbnail}" width="40" height="40" alt="" loading="lazy" decoding="async"></td>
<td class="cell-name"><a href="{url}">{name}</a>{unread_word}{tags}</td>
<td class="cell-finding" data-label="{finding_word}">{finding}</td>
<td class="cell-probability num" data-label="{probability_word}">{probability}</td>
<td class="cell-review" data-label="{review_word}">{review}</td>
<td class="cell-when" data-label="{when_word}"><time datetime="{moment}" data-local="short">{when}</time></td>
<td class="cell-actions"><a class="icon-button" href="{url}tags/" data-tags="{key}" aria-label="{tags_word}: {name}" title="{tags_word}">{tag_icon}</a></td>
</tr>"""  # noqa: E501  (a row of the table in studies/_list.html)


def _words() -> dict[str, str]:
    """The words that every line bears, in the active language, fit for HTML."""
    plain = {
        "unread": _("unread"),
        "finding": _("Finding"),
        "probability": _("Probability"),
        "review": _("My review"),
        "when": _("Submitted"),
        "tags": _("Tags"),
    }
    return {name: conditional_escape(words) for name, words in plain.items()}


def prepare(studies: Iterable[Study], user: User, *, oob: bool = False) -> list[Row]:
    """The lines of these studies, which come from :func:`rows_for`; with ``oob``, to replace those that are there."""
    words = _words()
    language, preferences = get_language() or "", Preferences.of(user)
    page, thumbnail = (reverse(name, args=[PLACE]) for name in ("study", "study_thumbnail"))
    choose, unnamed = _("Choose %(name)s"), _("Study %s")
    rows = [_row(study, language, preferences, page, thumbnail, choose, unnamed) for study in studies]
    return [replace(row, html=_line(row, words, oob)) for row in rows]


def _row(
    study: Study, language: str, preferences: Preferences, page: str, thumbnail: str, choose: str, unnamed: str
) -> Row:
    key = str(study.pk)
    hidden = study.answer_hidden
    name = study.label or unnamed % key[:8]
    own, _space, agreement = (study.my_review or "").partition(" ")  # type: ignore[attr-defined]  # from rows_for
    tags = sorted(filter(None, (study.tag_names or "").split("\n")), key=str.casefold)  # type: ignore[attr-defined]
    shown = None if hidden or not study.finding else stated_probability(study, preferences)
    return Row(
        id=study.pk.hex,
        key=key,
        url=page.replace(str(PLACE), key),
        thumbnail=thumbnail.replace(str(PLACE), key),
        name=name,
        choose=choose % {"name": name},
        finding=finding_html(study.state, study.finding, study.warned, hidden, language),
        probability="" if shown is None else str(shown),
        review=_review_html(agreement, bool(own), language),
        when=date_format(timezone.localtime(study.created_at), "SHORT_DATETIME_FORMAT"),
        moment=study.created_at.astimezone(dt.UTC).isoformat(timespec="seconds"),
        tags=[(tag, urlencode({"tag": tag})) for tag in tags],
        unread=study.state == State.DONE and not own,
    )


def _line(row: Row, words: dict[str, str], oob: bool) -> SafeString:
    unread = format_html('<span class="visually-hidden">, {}</span>', words["unread"]) if row.unread else ""
    return format_html(
        LINE, id=row.id, key=row.key, url=row.url, thumbnail=row.thumbnail, name=row.name, choose=row.choose,
        finding=row.finding, probability=row.probability, review=row.review, when=row.when, moment=row.moment,
        oob=OOB if oob else "", unread=UNREAD if row.unread else "", unread_word=unread,
        tags=format_html_join("", ' <a class="tag" href="?{}">{}</a>', ((query, tag) for tag, query in row.tags)),
        tag_icon=icon_html("tag"), finding_word=words["finding"], probability_word=words["probability"],
        review_word=words["review"], when_word=words["when"], tags_word=words["tags"],
    )  # fmt: skip


def _stripped(template: str, context: dict[str, Any]) -> SafeString:
    return mark_safe(render_to_string(template, context).strip())  # noqa: S308  (a template's own output)


@lru_cache(maxsize=256)
def finding_html(state: str, finding: str, warned: bool, hidden: bool, language: str) -> SafeString:
    """A study's finding or state with its icon, in the active language, which must be ``language``."""
    context = {"state": state, "finding": finding, "warned": warned, "hidden": hidden}
    return _stripped("studies/_row_finding.html", context)


@lru_cache(maxsize=16)
def icon_html(name: str) -> SafeString:
    """An icon, as the template tag draws it."""
    return _stripped("studies/_icon.html", {"name": name})


@lru_cache(maxsize=64)
def _review_html(agreement: str, has_read: bool, language: str) -> SafeString:
    return _stripped("studies/_row_review.html", {"agreement": agreement, "has_read": has_read})


@lru_cache(maxsize=512)
def select_html(name: str, choices: tuple[tuple[str, str], ...], chosen: str, invalid: bool) -> SafeString:
    """A ``<select>`` of the filter line; Django's own costs a template for each."""
    options = "".join(
        f'<option value="{conditional_escape(value)}"{" selected" if value == chosen else ""}>'
        f"{conditional_escape(words)}</option>"
        for value, words in choices
    )
    wrong = f' aria-invalid="true" aria-describedby="id_{name}_error"' if invalid else ""
    return mark_safe(f'<select name="{name}" id="id_{name}"{wrong}>{options}</select>')  # noqa: S308  (all escaped above)
