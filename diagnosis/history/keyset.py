"""Pages of a long list without counting and without skipping: a page starts after (or ends before) a known row.

``OFFSET 99,975`` reads 99,975 rows to throw them away, and ``COUNT(*)`` reads them all; a page here reads its own rows
through an index, wherever in the list it lies. The price: there are neighbours, but no page numbers.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import Q, UUIDField
from django.db.models.expressions import RawSQL

from diagnosis.models import Study, StudyQuerySet


@dataclass(frozen=True, slots=True)
class Order:
    """A total order of studies: by one column, ties by id. There is an index ``(owner, key, id)`` for each in use."""

    key: str
    descending: bool = False

    def sort(self, rows: StudyQuerySet, backwards: bool = False) -> StudyQuerySet:
        """The rows in this order, or in its reverse."""
        sign = "-" if self.descending != backwards else ""
        return rows.order_by(f"{sign}{self.key}", f"{sign}id")

    def beyond(self, rows: StudyQuerySet, cursor: Cursor, backwards: bool = False) -> StudyQuerySet:
        """The rows after the cursor in this order (before it, ``backwards``)."""
        than = "lt" if self.descending != backwards else "gt"
        tie = Q(**{self.key: cursor.value, f"id__{than}": cursor.id})
        # The last condition says what the first implies; without it no planner makes one index range of it.
        return rows.filter(tie | Q(**{f"{self.key}__{than}": cursor.value}), **{f"{self.key}__{than}e": cursor.value})

    def cursor(self, study: Study) -> Cursor:
        """The place of this study in the order."""
        return Cursor(getattr(study, self.key), study.pk)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in an order: the value and the id of a row that was there when the cursor was made."""

    value: dt.datetime | float | str
    id: UUID

    def encode(self) -> str:
        """As text for an address."""
        value = self.value.isoformat() if isinstance(self.value, dt.datetime) else self.value
        return base64.urlsafe_b64encode(json.dumps([value, self.id.hex]).encode()).rstrip(b"=").decode()

    @classmethod
    def decode(cls, text: str, order: Order) -> Cursor | None:
        """Read it back; ``None`` for what is no cursor of this order (mistyped, or the order was changed)."""
        try:
            value, id_ = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            if order.key == "created_at":
                value = dt.datetime.fromisoformat(value)
                if value.tzinfo is None or not 1900 < value.year < 3000:  # at the ends no time zone can be applied
                    return None
            elif order.key == "probability":
                if not isinstance(value, float) or not math.isfinite(value):
                    return None
            elif not isinstance(value, str) or b"\0" in value.encode():  # no database takes it, nor half a character
                return None
            return cls(value, UUID(id_))
        except (binascii.Error, ValueError, TypeError, AttributeError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows and the cursors of the neighbouring pages ("" where there is none)."""

    rows: list[Any]
    previous: str = ""
    next: str = ""


def page(rows: StudyQuerySet, order: Order, size: int, *, after: str = "", before: str = "") -> Page:
    """Fetch one page in one query (two when ``before`` leads to a first page that is not full).

    Args:
        rows: what to page through; any order of its own is replaced.
        order: the order of the list.
        size: rows on a page.
        after: cursor of the row before the page; an illegible one is taken as none.
        before: cursor of the row after the page.
    """
    if before and (end := Cursor.decode(before, order)):
        found = list(order.sort(order.beyond(rows, end, backwards=True), backwards=True)[: size + 1])
        if len(found) > size:
            found = found[:size][::-1]
            return Page(found, order.cursor(found[0]).encode(), order.cursor(found[-1]).encode())
        after = ""  # the beginning of the list: show its first page in full
    start = Cursor.decode(after, order) if after else None
    found = list(order.sort(order.beyond(rows, start) if start else rows)[: size + 1])
    beginning = first_page(found, order, size)
    return replace(beginning, previous=order.cursor(found[0]).encode()) if start and found else beginning


def first_page(found: list[Study], order: Order, size: int) -> Page:
    """The first page of a list, from its first rows, of which one more than fits is wanted."""
    more, found = len(found) > size, found[:size]
    return Page(found, next=order.cursor(found[-1]).encode() if more else "")


NEIGHBOUR = """
SELECT beside.id FROM diagnosis_study beside WHERE beside.owner_id = diagnosis_study.owner_id
AND (beside.created_at, beside.id) {than} (diagnosis_study.created_at, diagnosis_study.id)
ORDER BY beside.created_at {way}, beside.id {way} LIMIT 1
"""


def with_neighbours(rows: StudyQuerySet) -> StudyQuerySet:
    """Annotate ``newer`` and ``older``: the keys of the same owner's studies before and after each, newest first.

    In SQL, since the ORM takes ten times as long to write these two look-ups as a database to answer them.
    """
    return rows.annotate(newer=_neighbour(">", "ASC"), older=_neighbour("<", "DESC"))


def _neighbour(than: str, way: str) -> RawSQL:
    return RawSQL(NEIGHBOUR.format(than=than, way=way), (), UUIDField())  # noqa: S611  (nothing of it comes from outside)


def batches(rows: StudyQuerySet, order: Order, size: int = 500) -> Iterator[list[Study]]:
    """All rows, batch by batch, each its own query: a slow reader of a long download holds no cursor open.

    (An open read on SQLite keeps the write-ahead log from being folded back, for as long as the download lasts.)
    """
    ordered = order.sort(rows)
    batch: list[Any] = list(ordered[:size])
    while batch:
        yield batch
        batch = list(order.beyond(ordered, order.cursor(batch[-1]))[:size]) if len(batch) == size else []
