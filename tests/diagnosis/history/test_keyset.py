"""Paging by place, not by number: nothing twice, nothing missed, whatever is submitted or deleted meanwhile."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from diagnosis.history import keyset
from diagnosis.history.filters import ORDERS
from diagnosis.history.keyset import Cursor
from diagnosis.models import Study
from tests.diagnosis.history.rows import study

pytestmark = pytest.mark.django_db


def made(owner: User, number: int) -> list[Study]:
    """Studies of which several share a time, a probability and a label, so that ids must break the ties."""
    return [
        study(owner, age=index // 3, probability=0.1 + 0.1 * (index % 4), label=f"l{index % 5}")
        for index in range(number)
    ]


@pytest.mark.parametrize("name", list(ORDERS))
def test_forth_and_back_through_all_pages(owner: User, name: str) -> None:
    order, mine = ORDERS[name], Study.objects.visible_to(owner)
    made(owner, 23)
    everything = [row.pk for row in order.sort(mine)]
    forth, page = [], keyset.page(mine, order, 5)
    assert page.previous == ""
    while True:
        forth.append([row.pk for row in page.rows])
        if not page.next:
            break
        page = keyset.page(mine, order, 5, after=page.next)
    assert [pk for rows in forth for pk in rows] == everything
    back = [forth[-1]]
    while page.previous:
        page = keyset.page(mine, order, 5, before=page.previous)
        back.insert(0, [row.pk for row in page.rows])
    assert back == forth


def test_each_row_knows_its_neighbours_and_nobody_else_s(owner: User, stranger: User) -> None:
    made(owner, 12)
    made(stranger, 12)
    mine = Study.objects.visible_to(owner)
    rows = [None, *ORDERS["newest"].sort(mine), None]
    for before, here, after in zip(rows, rows[1:], rows[2:], strict=False):
        assert here is not None
        found: Any = keyset.with_neighbours(mine).get(pk=here.pk)
        assert (found.newer, found.older) == (before and before.pk, after and after.pk)


@pytest.mark.parametrize("name", list(ORDERS))
def test_batches_give_every_row_once(owner: User, name: str) -> None:
    made(owner, 12)
    for size in (1, 4, 5, 12, 100):
        rows = [row.pk for batch in keyset.batches(Study.objects.all(), ORDERS[name], size) for row in batch]
        assert rows == [row.pk for row in ORDERS[name].sort(Study.objects.all())]


def test_what_is_submitted_meanwhile_shifts_nothing(owner: User) -> None:
    made(owner, 10)
    order = ORDERS["newest"]
    first = keyset.page(Study.objects.all(), order, 5)
    study(owner, age=-5)
    second = keyset.page(Study.objects.all(), order, 5, after=first.next)
    assert not {row.pk for row in first.rows} & {row.pk for row in second.rows}
    assert len(second.rows) == 5


def test_back_to_a_beginning_that_has_grown_shows_a_full_page(owner: User) -> None:
    rows = made(owner, 8)
    newest = ORDERS["newest"]
    third = newest.sort(Study.objects.all())[2]
    page = keyset.page(Study.objects.all(), newest, 5, before=newest.cursor(third).encode())
    assert len(page.rows) == 5
    assert page.previous == ""
    assert len(rows) == 8


@pytest.mark.parametrize("text", ["", "x", "W10", "💥", "WyJhIiwiYiJd", "W251bGwsbnVsbF0", "WzEsMl0", "a" * 999])
def test_an_illegible_cursor_is_no_cursor(owner: User, owner_client: Client, text: str) -> None:
    study(owner)
    assert Cursor.decode(text, ORDERS["newest"]) is None
    response = owner_client.get(reverse("studies"), {"after": text})
    assert len(response.context["page"].rows) == 1


@pytest.mark.parametrize("value", ["\0", "\ud800", 1, None])
def test_a_cursor_that_no_database_takes_is_no_cursor(owner: User, owner_client: Client, value: Any) -> None:
    row = study(owner, label="x")
    assert Cursor.decode(Cursor(value, row.pk).encode(), ORDERS["label"]) is None
    text = Cursor(value, row.pk).encode()
    assert owner_client.get(reverse("studies"), {"sort": "label", "after": text}).status_code == 200


def test_filters_stay_in_the_links(owner: User, owner_client: Client) -> None:
    for age in range(30):
        study(owner, age=age, label="x & y")
    text = owner_client.get(reverse("studies"), {"q": "x & y", "size": "25", "finding": ""}).content.decode()
    assert re.search(r'rel="next" href="\?q=x\+%26\+y&amp;size=25&amp;after=', text)
    assert 'export.csv?q=x+%26+y&amp;size=25"' in text
