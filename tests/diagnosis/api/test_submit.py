"""Submitting by program: each file for itself, the same rules as the page, and once however often it is sent."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from diagnosis.models import IdempotentRequest, Study
from diagnosis.storage import delete_studies
from tests.studies import drawn_film

pytestmark = pytest.mark.django_db
SUBMIT = "/api/v1/studies/"


def film(seed: int = 0, name: str = "film.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, drawn_film(seed))


def send(client: Client, *films: SimpleUploadedFile, key: str = "", **fields: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(SUBMIT, {"films": films, "intended_use": "true", **fields}, headers=headers)


@pytest.fixture
def client(program: Callable[..., Client]) -> Client:
    return program(may_read=False, may_delete=False)


def test_each_file_is_taken_or_refused_for_itself(client: Client, owner: User) -> None:
    response = send(client, film(1), SimpleUploadedFile("note.txt", b"hello"), film(2), label="ward 7")
    assert response.status_code == 201
    first, note, second = response.json()["outcomes"]
    assert [one["study"]["state"] for one in (first, second)] == ["queued", "queued"]
    assert note["study"] is None
    assert note["error"]["code"] == "UNKNOWN_FORMAT" or note["error"]["detail"]
    assert Study.objects.filter(owner=owner, label="ward 7").count() == 2


def test_a_zip_counts_as_the_files_in_it(client: Client) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.png", drawn_film(1))
        archive.writestr("b.png", drawn_film(2))
    response = send(client, SimpleUploadedFile("films.zip", packed.getvalue()))
    assert len(response.json()["outcomes"]) == 2


def test_known_pixels_give_the_earlier_study(client: Client) -> None:
    first = send(client, film()).json()["outcomes"][0]
    again = send(client, film())
    assert again.status_code == 200
    assert again.json()["outcomes"][0]["already_known"]
    assert again.json()["outcomes"][0]["study"]["id"] == first["study"]["id"]
    assert send(client, film(), again="true").status_code == 201


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"intended_use": "false"}, "intended_use"),
        ({"intended_use": ""}, "intended_use"),
        ({"label": "x" * 121}, "label"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(client: Client, fields: dict[str, str], field: str) -> None:
    response = send(client, film(), **fields)
    assert (response.status_code, response.json()["code"]) == (400, "INVALID")
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert not Study.objects.exists()


def test_none_taken_is_422_with_every_reason(client: Client) -> None:
    response = send(client, SimpleUploadedFile("a.txt", b"hello"), SimpleUploadedFile("b.png", b""))
    body = response.json()
    assert (response.status_code, body["code"]) == (422, "NO_FILE_TAKEN")
    assert [error["file"] for error in body["errors"]] == ["a.txt", "b.png"]
    assert client.post(SUBMIT, {"intended_use": "true"}).status_code == 400
    assert client.post(SUBMIT, {"x": 1}, content_type="application/json").status_code == 415


def test_too_many_files_and_too_large_a_body_are_413(client: Client, settings: Any) -> None:
    settings.MAX_FILES_PER_SUBMISSION = 1
    assert send(client, film(1), film(2)).json()["code"] == "TOO_MANY_FILES"
    settings.MAX_REQUEST_BYTES = 1000
    large = client.post(SUBMIT, {"films": [SimpleUploadedFile("a", b"x" * 200_000)], "intended_use": "true"})
    assert (large.status_code, large["Content-Type"]) == (413, "application/problem+json")
    stranger = Client().post(SUBMIT, {"films": [SimpleUploadedFile("a", b"x" * 200_000)]})
    assert (stranger.status_code, stranger["Content-Type"]) == (413, "application/problem+json")


def test_the_same_key_acts_once_and_is_answered_alike(client: Client) -> None:
    first = send(client, film(), key="a-1")
    again = send(client, film(), key="a-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert Study.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_a_deleted_study_the_kept_answer_says_nothing_and_its_key_submits_nothing(
    client: Client, owner: User
) -> None:
    first = send(client, film(1, "a-name.png"), film(2, "other.png"), key="a-1", label="ward 7")
    gone = Study.objects.get(pk=first.json()["outcomes"][0]["study"]["id"])
    digest = gone.pixel_hash
    delete_studies(Study.objects.filter(pk=gone.pk))
    kept = json.dumps(IdempotentRequest.objects.get().body)
    assert str(gone.pk) not in kept
    assert "a-name.png" not in kept
    assert digest not in kept
    again = send(client, film(1, "a-name.png"), film(2, "other.png"), key="a-1", label="ward 7")
    assert again["Idempotency-Replayed"] == "true"
    told, other = again.json()["outcomes"]
    assert (told["study"], told["error"]["code"]) == (None, "DELETED")
    assert other == first.json()["outcomes"][1]
    assert Study.objects.count() == 1


def test_the_same_key_with_another_body_is_422(client: Client) -> None:
    send(client, film(1), key="a-1")
    for other in (send(client, film(2), key="a-1"), send(client, film(1), key="a-1", label="x")):
        assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert Study.objects.count() == 1


def test_a_key_whose_request_still_runs_is_409_until_its_process_must_be_gone(client: Client) -> None:
    send(client, film(), key="a-1")
    IdempotentRequest.objects.update(status=None)
    running = send(client, film(), key="a-1")
    assert (running.status_code, running.json()["code"], running["Retry-After"]) == (409, "STILL_RUNNING", "2")
    IdempotentRequest.objects.update(created_at=timezone.now() - dt.timedelta(minutes=6))
    again = send(client, film(), key="a-1")
    assert again.status_code in (200, 201)
    assert Study.objects.count() == 1, "the key is also the submission's token: no second study"


def test_a_refused_request_leaves_its_key_free(client: Client) -> None:
    assert send(client, film(), key="a-1", intended_use="false").status_code == 400
    assert send(client, film(), key="a-1").status_code == 201
    assert send(client, film(), key="x" * 256).status_code == 400


def test_keys_of_two_people_are_two_keys(client: Client, stranger: User, program: Callable[..., Client]) -> None:
    assert send(client, film(), key="a-1").status_code == 201
    assert send(program(stranger), film(), key="a-1").status_code == 201
