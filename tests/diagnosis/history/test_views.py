"""The history page: what is listed, in which order, how it is filtered, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from diagnosis.models import ModelVersion, SavedFilter, Study, Tag
from tests.diagnosis.history.rows import study
from tests.diagnosis.reviews.drawn_readings import read_first, reading

pytestmark = pytest.mark.django_db
Show = Callable[..., list[str]]


@pytest.fixture
def show(owner_client: Client) -> Show:
    """The labels on the page that a query gives, in order."""

    def labels(**query: Any) -> list[str]:
        response = owner_client.get(reverse("studies"), query)
        assert response.status_code == 200
        return [row.label for row in response.context["page"].rows]

    return labels


def test_newest_come_first_and_only_ones_own(owner: User, stranger: User, show: Show) -> None:
    study(owner, label="old", age=9)
    study(owner, label="new", age=1)
    study(stranger, label="not mine")
    assert show() == ["new", "old"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"finding": "pneumonia"}, ["sure"]),
        ({"finding": "indeterminate"}, ["unsure"]),
        ({"state": "pending"}, ["waits"]),
        ({"state": "rejected"}, ["hand"]),
        ({"state": "done", "q": "UR"}, ["sure", "unsure"]),
        ({"q": "100%"}, []),
        ({"since": "2026-11-10"}, ["sure", "unsure", "waits"]),
        ({"until": "2026-11-09"}, ["hand"]),
        ({"since": "2026-11-09", "until": "2026-11-09"}, ["hand"]),
        ({"model": "never used-" + "0" * 12}, []),
    ],
)
def test_filters(owner: User, show: Show, query: dict[str, str], found: list[str]) -> None:
    study(owner, label="sure", probability=0.9, age=0)
    study(owner, label="unsure", probability=0.5, finding="indeterminate", age=1)
    study(owner, "queued", label="waits", age=2)
    study(owner, "rejected", label="hand", age=24)
    ModelVersion.objects.create(sha256="0" * 64, version="never used", card={})
    assert show(**query) == found


def test_filter_by_what_i_answered(owner: User, show: Show) -> None:
    agreed, blind, none = (study(owner, label=label) for label in ("agreed", "blind", "none"))
    reading(agreed, owner, "pneumonia", agreement="agree")
    reading(blind, owner, "pneumonia")
    answers = {name: set(show(review=name)) for name in ("agree", "disagree", "blind", "any", "none")}
    assert answers == {
        "agree": {"agreed"}, "disagree": set(), "blind": {"blind"}, "any": {"agreed", "blind"}, "none": {none.label},
    }  # fmt: skip


def test_orders(owner: User, show: Show) -> None:
    study(owner, label="b", probability=0.2, age=1)
    study(owner, label="a", probability=0.9, age=2)
    study(owner, "queued", label="", age=0)
    assert show(sort="oldest") == ["a", "b", ""]
    assert show(sort="highest") == ["a", "b"]
    assert show(sort="lowest") == ["b", "a"]
    assert show(sort="label") == ["a", "b"]


def test_a_filter_that_means_nothing_says_so_and_filters_nothing(owner: User, owner_client: Client) -> None:
    study(owner)
    response = owner_client.get(reverse("studies"), {"finding": "<script>", "since": "yesterday"})
    assert len(response.context["page"].rows) == 1
    assert b"Select a valid choice" in response.content
    assert b"<script>" not in response.content.replace(b"<script src", b"")


def test_no_studies_and_no_match_are_told_apart(owner: User, owner_client: Client) -> None:
    assert b"No studies yet" in owner_client.get(reverse("studies")).content
    study(owner)
    assert b"No study matches" in owner_client.get(reverse("studies"), {"q": "nowhere"}).content


def test_cards_or_table_is_in_the_address_and_stays_with_the_filters(owner: User, owner_client: Client) -> None:
    for _number in range(26):
        study(owner)
    table, cards = (
        owner_client.get(reverse("studies"), query).text for query in ({}, {"view": "cards", "state": "done"})
    )
    assert "as-cards" not in table
    assert 'href="?view=cards"' in table
    assert 'class="table-frame history-table as-cards"' in cards
    assert 'name="view" value="cards"' in cards, "sent along with the filters"
    assert "?view=cards&amp;state=done&amp;after=" in cards, "the next page"
    assert 'href="?state=done" aria-current' not in cards
    assert 'href="?state=done"' in cards, "the way to the table keeps the filter"


def test_a_label_is_text(owner: User, owner_client: Client) -> None:
    study(owner, label='"><img src=x onerror=alert(1)>')
    assert b"<img src=x" not in owner_client.get(reverse("studies")).content


def test_what_is_to_be_read_first_shows_and_matches_nothing_of_the_answer(
    owner: User, owner_client: Client, show: Show
) -> None:
    hidden = study(owner, label="hidden", probability=0.87)
    read_first(owner)
    Study.objects.filter(pk=hidden.pk).update(created_at=owner.preferences.updated_at)
    text = owner_client.get(reverse("studies")).content.decode()
    assert "Read the radiograph first" in text
    assert "87\N{NO-BREAK SPACE}%" not in text
    for query in (
        {"finding": "pneumonia"},
        {"sort": "highest"},
        {"model": f"{hidden.predicted_by.version}-{hidden.predicted_by.sha256[:12]}"},
    ):
        assert show(**query) == []
    numbers = owner_client.get(reverse("studies")).context["counts"].numbers
    assert (numbers["unread"], numbers["pneumonia"]) == (1, 0)
    counts = owner_client.get(reverse("studies_overview")).context["summary"].counts
    assert (counts["unread"], counts["pneumonia"]) == (1, 0)


@pytest.mark.parametrize("number", [3, 60])
def test_a_page_costs_at_most_five_queries_however_many_rows(
    owner: User, owner_client: Client, django_assert_max_num_queries: Any, number: int
) -> None:
    for age in range(number):
        row = study(owner, "done" if age % 3 else "queued", age=age, label=f"film {age}")
        if age % 4 == 1 and row.state == "done":
            reading(row, owner, "normal", agreement="disagree")
        if age % 5 == 0:
            Tag.put(owner, f"tag {age % 2}", [row.pk])
    SavedFilter.keep(owner, "mine", "review=none")
    owner_client.get(reverse("studies"))
    filtered = (
        {"finding": "pneumonia", "q": "film", "size": "25"},
        {"sort": "highest", "review": "any", "tag": "tag 0"},
    )
    for most, query in ((5, {}), *((6, query) for query in filtered)):  # one more counts what matches
        with django_assert_max_num_queries(most):
            owner_client.get(reverse("studies"), query)
