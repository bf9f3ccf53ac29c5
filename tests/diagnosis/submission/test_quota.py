"""What one person may submit in a day: the same count for pages and programs, exact under a race."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from diagnosis.models import DailyUse, Study
from diagnosis.submission import quota
from tests.studies import drawn_film, submitted

pytestmark = pytest.mark.django_db


def send(client: Client, *seeds: int) -> Any:
    films = [SimpleUploadedFile(f"{seed}.png", drawn_film(seed)) for seed in seeds]
    return client.post("/api/v1/studies/", {"films": films, "intended_use": "true"})


def test_a_program_is_told_what_is_left_and_when_to_come_back(program: Callable[..., Client], settings: Any) -> None:
    settings.QUOTA_FILMS_PER_DAY = 2
    client = program()
    first = send(client, 1)
    assert (first.status_code, first["Quota-Films-Left"]) == (201, "1")
    mixed = send(client, 2, 3)
    assert [bool(one["study"]) for one in mixed.json()["outcomes"]] == [True, False]
    spent = send(client, 3)
    assert (spent.status_code, spent.json()["code"]) == (429, "QUOTA_SPENT")
    assert 0 < int(spent["Retry-After"]) <= 24 * 3600 + 1
    assert Study.objects.count() == 2


def test_the_page_counts_too_and_says_what_to_do(owner_client: Client, owner: User, settings: Any) -> None:
    settings.QUOTA_BYTES_PER_DAY = 10
    film = SimpleUploadedFile("a.png", drawn_film(1))
    page = owner_client.post(reverse("study_new"), {"films": [film], "intended_use": "on"}).content.decode()
    assert "as much as one person may in a day" in page
    assert not Study.objects.exists()


def test_a_new_day_and_another_person_have_their_own(owner: User, stranger: User, settings: Any) -> None:
    settings.QUOTA_FILMS_PER_DAY = 1
    assert quota.take(owner, 5)
    assert not quota.take(owner, 5)
    assert quota.take(stranger, 5)
    DailyUse.objects.update(day=quota.today() - dt.timedelta(days=1))
    assert quota.take(owner, 5)
    assert quota.rest(owner) == quota.Rest(0, settings.QUOTA_BYTES_PER_DAY - 5)


def test_an_import_by_whoever_runs_the_site_is_not_counted(owner: User, settings: Any) -> None:
    settings.QUOTA_FILMS_PER_DAY = 1
    for seed in (1, 2):
        submitted(owner, seed, bulk=True)
    assert not DailyUse.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_requests_at_once_do_not_pass_together(owner: User, settings: Any) -> None:
    settings.QUOTA_FILMS_PER_DAY = 5
    taken: list[bool] = []

    def press() -> None:
        taken.extend(quota.take(owner, 1) for _ in range(4))
        connection.close()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (taken.count(True), DailyUse.objects.get().films) == (5, 5)
