"""What is asked once, and what is sent once: the intended use, and a file whose answer was lost."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diagnosis import storage
from diagnosis.models import Preferences, Study
from diagnosis.submission import intended_use
from diagnosis.submission.submit import Ticket, store
from ml import read_radiograph
from tests.studies import drawn_film

pytestmark = pytest.mark.django_db
PAGE = {"accept": "application/json"}


def send(client: Client, seed: int = 0, **data: Any) -> dict[str, Any]:
    """What the page's script is told of one file."""
    films = SimpleUploadedFile(f"{seed}.png", drawn_film(seed))
    return client.post(reverse("study_new"), {"films": films, **data}, headers=PAGE).json()  # type: ignore[no-any-return]


def test_the_intended_use_is_confirmed_once_for_each_version(
    owner: User, owner_client: Client, monkeypatch: Any
) -> None:
    page = reverse("study_new")
    assert 'name="intended_use"' in owner_client.get(page).text
    assert "Please confirm" in send(owner_client)["errors"][0]
    before = timezone.now()
    assert send(owner_client, 1, intended_use="on")["outcomes"][0]["url"]
    confirmed = Preferences.objects.get(user=owner).intended_use_at
    assert confirmed is not None
    assert before <= confirmed <= timezone.now()
    text = owner_client.get(page).text
    assert 'name="intended_use"' not in text
    assert "Intended use confirmed on" in text
    assert str(intended_use.STATEMENT) in text
    assert send(owner_client, 2)["outcomes"][0]["url"]
    kept = Study.objects.values_list("intended_use_version", "intended_use_at")
    assert set(kept) == {(intended_use.VERSION, confirmed)}, "each study bears when its person confirmed it"
    monkeypatch.setattr(intended_use, "VERSION", "a later one")
    assert 'name="intended_use"' in owner_client.get(page).text
    assert "errors" in send(owner_client, 3)


def test_one_person_s_confirmation_is_not_another_s(owner_client: Client, stranger_client: Client) -> None:
    send(owner_client, intended_use="on")
    assert "errors" in send(stranger_client)


def test_a_file_whose_answer_was_lost_has_become_one_study(owner: User, owner_client: Client) -> None:
    token = str(uuid.uuid4())
    first = send(owner_client, intended_use="on", token=token)["outcomes"][0]
    never = str(uuid.uuid4())
    found = owner_client.get(reverse("studies_arrived"), {"tokens": f"{token},{never},x"}).json()
    assert found == {token: {"url": first["url"], "id": first["id"]}}
    again = send(owner_client, token=token)["outcomes"][0]
    assert again == first, "not known: it is what this very press made"
    assert Study.objects.count() == 1
    assert send(owner_client)["outcomes"][0]["known"] is True


def test_the_same_film_from_two_tabs_at_once_is_one_study(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    film, now = read_radiograph(drawn_film(0)), timezone.now()
    here, there = (Ticket(owner=owner, token=uuid.uuid4(), confirmed_at=now) for _tab in range(2))
    write = storage.write

    def write_while_the_other_tab_is_faster(*given: Any) -> None:
        monkeypatch.undo()
        assert not store(there, 0, "film.png", film).already_known
        write(*given)

    monkeypatch.setattr(storage, "write", write_while_the_other_tab_is_faster)
    late = store(here, 0, "film.png", film)
    assert late.already_known
    assert [late.study] == list(Study.objects.filter(owner=owner))
    assert len(list(Path(storage.storage().location).glob("??/*"))) == 1, "the late one's files are gone"


def test_nobody_learns_what_became_of_another_s_files(owner_client: Client, stranger_client: Client) -> None:
    token = str(uuid.uuid4())
    send(owner_client, intended_use="on", token=token)
    assert stranger_client.get(reverse("studies_arrived"), {"tokens": token}).json() == {}


def test_a_refused_file_comes_with_its_code(owner_client: Client) -> None:
    text = SimpleUploadedFile("notes.png", b"no picture")
    answer = owner_client.post(reverse("study_new"), {"films": text, "intended_use": "on"}, headers=PAGE).json()
    assert answer["outcomes"][0]["code"]
