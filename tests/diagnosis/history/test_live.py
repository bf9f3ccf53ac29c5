"""The one poll of a list: cheap while nothing happens, and it ends."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diagnosis.models import Study
from tests.diagnosis.history.rows import study, waiting
from tests.studies import model_version, predicted

pytestmark = pytest.mark.django_db
ANSWER = {**predicted(0.1, "normal"), "milliseconds": 1.0}


def poll(client: Client, *studies: Study, part: str = "row") -> str:
    """What the poll answers."""
    query = {"pending": ",".join(study.pk.hex for study in studies), "as": part}
    response = client.get(reverse("studies_live"), query)
    assert response.status_code == 200
    return response.content.decode()


def finish(row: Study) -> None:
    """Give it its answer."""
    attempt = row.claim()
    assert attempt is not None
    assert row.complete(attempt, model_version=model_version(), **ANSWER)


def test_a_page_asks_once_for_all_that_is_pending(owner: User, owner_client: Client) -> None:
    rows = [waiting(owner) for _ in range(3)]
    study(owner)
    text = owner_client.get(reverse("studies")).content.decode()
    assert text.count("hx-get") == 1
    assert all(row.pk.hex in text.split("hx-get", 1)[1].split('"', 2)[1] for row in rows)


def test_a_page_with_nothing_pending_does_not_ask(owner: User, owner_client: Client) -> None:
    study(owner)
    assert "hx-get" not in owner_client.get(reverse("studies")).content.decode()


def test_one_query_while_nothing_happens(owner: User, owner_client: Client, django_assert_max_num_queries: Any) -> None:
    rows = [waiting(owner) for _ in range(20)]
    poll(owner_client, *rows)
    with django_assert_max_num_queries(4):  # the session, the person, their preferences; and one for all studies
        text = poll(owner_client, *rows)
    assert "<tr" not in text
    assert "delay:1s" in text


def test_the_finished_row_comes_and_the_rest_is_asked_about_again(owner: User, owner_client: Client) -> None:
    ready, other = waiting(owner, label="ready"), waiting(owner)
    finish(ready)
    text = poll(owner_client, ready, other)
    assert f'id="study-{ready.pk.hex}" hx-swap-oob="true"' in text
    assert f"pending={other.pk.hex}" in text
    assert 'id="count-unread" hx-swap-oob="true">1<' in text
    assert "ready: No signs of pneumonia." in text  # for who hears the page


def test_a_script_of_ours_can_read_what_is_left_and_when_to_ask(owner: User, owner_client: Client) -> None:
    ready, other = waiting(owner), waiting(owner)
    finish(ready)
    text = poll(owner_client, ready, other, part="badge")
    assert f'id="badge-{ready.pk.hex}"' in text
    assert f'data-pending="{other.pk.hex}" data-seconds="1"' in text


def test_it_ends_when_all_are_finished_or_gone(owner: User, owner_client: Client) -> None:
    ready, gone = waiting(owner), waiting(owner)
    finish(ready)
    Study.objects.filter(pk=gone.pk).delete()
    assert "hx-get" not in poll(owner_client, ready, gone)
    assert "hx-get" not in poll(owner_client, ready, part="badge")


def test_a_row_that_another_tab_has_deleted_leaves_the_list(owner: User, owner_client: Client) -> None:
    row, stays = waiting(owner), waiting(owner)
    page = owner_client.get(reverse("studies")).text
    gone = Study(pk=row.pk)
    row.delete()
    text = poll(owner_client, gone, stays)
    assert f'id="study-{gone.pk.hex}" hx-swap-oob="delete"' in text
    assert f'id="study-{gone.pk.hex}"' in page
    assert f"study-{stays.pk.hex}" not in text
    assert 'id="count-all" hx-swap-oob="true">1<' in text


def test_it_backs_off(owner: User, owner_client: Client) -> None:
    row = waiting(owner)
    Study.objects.filter(pk=row.pk).update(queued_at=timezone.now() - dt.timedelta(seconds=95))
    assert "delay:10s" in poll(owner_client, row)
    Study.objects.filter(pk=row.pk).update(queued_at=timezone.now() - dt.timedelta(days=1))
    assert "delay:30s" in poll(owner_client, row)


def test_an_ended_session_gets_403_and_no_sign_in_page(owner: User, client: Client) -> None:
    response = client.get(reverse("studies_live"), {"pending": waiting(owner).pk.hex})
    assert response.status_code == 403
    assert b"<form" not in response.content


def test_a_stranger_learns_nothing(owner: User, stranger_client: Client) -> None:
    row = waiting(owner, label="secret")
    finish(row)
    text = poll(stranger_client, row)
    assert "secret" not in text
    assert "<tr" not in text


def test_nonsense_is_no_error(owner_client: Client) -> None:
    assert owner_client.get(reverse("studies_live"), {"pending": "x,,💥," + "f" * 500}).status_code == 200
