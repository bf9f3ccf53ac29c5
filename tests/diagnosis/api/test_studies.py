"""Studies for programs: list, retrieve, wait, relabel, review, reanalyse, delete, pictures and report."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diagnosis.api.serializers import StudySerializer
from diagnosis.history.exports import COLUMNS
from diagnosis.models import Preferences, State, Study
from tests.studies import analysed, submitted

pytestmark = pytest.mark.django_db
LIST = "/api/v1/studies/"


@pytest.fixture
def client(program: Callable[..., Client]) -> Client:
    return program()


def one(study: Study, name: str = "api_study") -> str:
    return reverse(name, args=[study.pk])


def test_a_study_is_described_as_in_the_exports(client: Client, owner: User) -> None:
    study = analysed(owner, probability=0.87)
    body = client.get(one(study)).json()
    assert set(StudySerializer._declared_fields) == set(body) == {*COLUMNS, "url", "page", "reason", "advice"}
    assert (body["finding"], body["probability"], body["state"]) == ("pneumonia", 0.87, "done")
    assert body["url"].endswith(one(study))


def test_pages_are_followed_by_cursor_and_hold_each_study_once(client: Client, owner: User) -> None:
    made = {str(submitted(owner, seed).pk) for seed in range(27)}
    seen: list[str] = []
    address: str | None = f"{LIST}?size=25&sort=oldest"
    while address:
        page = client.get(address).json()
        seen += [study["id"] for study in page["results"]]
        address = page["next"]
    assert sorted(seen) == sorted(made)


def test_the_list_has_the_filters_of_the_history(client: Client, owner: User) -> None:
    ill, well = analysed(owner, 1), analysed(owner, 2, finding="normal", probability=0.1)
    submitted(owner, 3, label="ward 7")
    ids = lambda query: [study["id"] for study in client.get(f"{LIST}?{query}").json()["results"]]  # noqa: E731
    assert ids("finding=normal") == [str(well.pk)]
    assert ids("sort=highest") == [str(ill.pk), str(well.pk)]
    assert len(ids("q=ward")) == 1
    assert len(ids("state=pending")) == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("finding=maybe", "finding"),
        ("size=1000000", "size"),
        ("since=yesterday", "since"),
        ("colour=red", "colour"),
        ("after=forged", "after"),
        ("before=WyJ4IiwgInkiXQ", "before"),
        ("sort=label&after=WzEsIDJd", "after"),
    ],
)
def test_a_query_that_means_nothing_is_refused_by_its_field(client: Client, query: str, field: str) -> None:
    response = client.get(f"{LIST}?{query}")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_a_stranger_gets_404_everywhere(owner: User, stranger: User, program: Callable[..., Client]) -> None:
    study, other = analysed(owner), program(stranger)
    for name in ("api_study", "api_image", "api_thumbnail", "api_heatmap", "api_lungs", "api_report", "api_reviews"):
        assert other.get(one(study, name)).status_code == 404, name
    assert other.patch(one(study), {"label": "x"}, content_type="application/json").status_code == 404
    assert other.delete(one(study)).status_code == 404
    for name in ("api_reanalyse", "api_reviews"):
        assert other.post(one(study, name), {"certainty": "low"}, content_type="application/json").status_code == 404
    assert other.get(LIST).json()["results"] == []
    assert Study.objects.filter(pk=study.pk).exists()


def test_relabel_keeps_to_its_bounds(client: Client, owner: User) -> None:
    study = submitted(owner)
    change = lambda body: client.patch(one(study), body, content_type="application/json")  # noqa: E731
    assert change({"label": " ward 7 "}).json()["label"] == "ward 7"
    for wrong in ({"label": "x" * 121}, {}, {"label": "x", "state": "done"}, {"label": None}, []):
        assert change(wrong).status_code == 400, wrong
    study.refresh_from_db()
    assert study.label == "ward 7"


def test_delete_takes_the_study_and_its_files(client: Client, owner: User) -> None:
    study = analysed(owner)
    assert client.delete(one(study)).status_code == 204
    assert client.get(one(study)).status_code == 404


def test_only_a_study_without_an_answer_is_reanalysed(client: Client, owner: User) -> None:
    study = analysed(owner, 1)
    response = client.post(one(study, "api_reanalyse"))
    assert (response.status_code, response.json()["code"]) == (409, "CANNOT_REANALYSE")
    failed = submitted(owner, 2)
    attempt = failed.claim()
    assert attempt is not None
    failed.fail(attempt, "ERROR", "It went wrong.")
    response = client.post(one(failed, "api_reanalyse"))
    assert (response.status_code, response.json()["state"]) == (202, "queued")


def test_reader_first_hides_the_answer_until_a_review(client: Client, owner: User) -> None:
    Preferences.objects.create(user=owner, reader_first_since=timezone.now())
    study = analysed(owner)
    body = client.get(one(study)).json()
    assert (body["answer_hidden"], body["finding"], body["probability"]) == (True, None, None)
    assert body["warnings"] == [notice["code"] for notice in study.notices], "those of the file, none of the model's"
    for overlay in ("api_heatmap", "api_lungs"):
        assert client.get(one(study, overlay)).status_code == 404
    assert client.get(one(study, "api_report")).json()["code"] == "ANSWER_HIDDEN"
    assert client.get(f"{LIST}?finding=pneumonia").json()["results"] == []
    send = lambda body: client.post(one(study, "api_reviews"), body, content_type="application/json")  # noqa: E731
    assert send({"finding": "normal", "certainty": "low", "agreement": "agree"}).status_code == 400
    assert send({"certainty": "low"}).status_code == 400
    assert send({"finding": "normal", "certainty": "high"}).status_code == 201
    assert client.get(one(study)).json()["finding"] == "pneumonia"
    (review,) = client.get(one(study, "api_reviews")).json()
    assert (review["finding"], review["before_answer"]) == ("normal", True)


BOX = {"kind": "box", "x1": 10, "y1": 20, "x2": 60, "y2": 70}
ARROW = {"kind": "arrow", "x1": 5, "y1": 5, "x2": 30, "y2": 40}


def test_marks_are_kept_with_a_review_as_those_drawn_on_the_page(client: Client, owner: User) -> None:
    study = analysed(owner)
    body = {"finding": "pneumonia", "certainty": "high", "agreement": "agree", "marks": [BOX, ARROW]}
    answer = client.post(one(study, "api_reviews"), body, content_type="application/json")
    assert (answer.status_code, answer.json()["marks"]) == (201, [BOX, ARROW])
    assert client.get(one(study, "api_reviews")).json()[0]["marks"] == [BOX, ARROW]
    assert client.get(one(study)).json()["my_marks"] == ["box 10 20 60 70", "arrow 5 5 30 40"]


@pytest.mark.parametrize(
    "marks",
    [
        [{**BOX, "kind": "circle"}],
        [{**BOX, "x1": -1}],
        [{**BOX, "x2": 100_000}],
        [{**BOX, "x1": "10"}],
        [{**BOX, "x1": 1.5}],
        [{**BOX, "x1": True}],
        [{**BOX, "colour": "red"}],
        [{"kind": "box"}],
        [BOX] * 21,
        {"kind": "box"},
        "box",
    ],
)
def test_marks_that_no_viewer_draws_are_refused_with_their_field(client: Client, owner: User, marks: Any) -> None:
    study = analysed(owner)
    body = {"finding": "pneumonia", "certainty": "high", "agreement": "agree", "marks": marks}
    answer = client.post(one(study, "api_reviews"), body, content_type="application/json")
    assert answer.status_code == 400
    assert {error["field"].partition(".")[0].partition("[")[0] for error in answer.json()["errors"]} == {"marks"}
    assert client.get(one(study, "api_reviews")).json() == []


def test_pictures_have_etags_and_the_report_is_a_pdf(client: Client, owner: User) -> None:
    study = analysed(owner)
    for name in ("api_image", "api_thumbnail"):
        first = client.get(one(study, name), headers={"Accept": "image/png"})
        assert (first.status_code, first["Content-Type"].split("/")[0]) == (200, "image")
        again = client.get(one(study, name), headers={"If-None-Match": first["ETag"]})
        assert again.status_code == 304
    report = client.get(one(study, "api_report"))
    assert (report["Content-Type"], report.content[:5]) == ("application/pdf", b"%PDF-")
    assert client.get(one(submitted(owner, 5), "api_report")).status_code == 409


def test_wait_answers_at_once_when_there_is_nothing_to_wait_for(client: Client, owner: User) -> None:
    began = time.monotonic()
    assert client.get(f"{one(analysed(owner))}?wait=20").json()["state"] == "done"
    assert time.monotonic() - began < 5
    pending = one(submitted(owner, 2))
    waiting = client.get(f"{pending}?wait=1")
    assert (waiting.json()["state"], waiting["Retry-After"]) == ("queued", "2")
    Study.objects.update(queued_at=timezone.now() - dt.timedelta(seconds=99))
    assert client.get(pending)["Retry-After"] == "10", "who has waited long is in no hurry"
    for wrong in ("21", "-1", "x", "1.5", "٣"):
        assert client.get(f"{one(submitted(owner, 3))}?wait={wrong}").status_code == 400


@pytest.mark.django_db(transaction=True)
def test_wait_ends_with_the_answer(client: Client, owner: User) -> None:
    study = submitted(owner)

    def reject() -> None:
        time.sleep(0.6)
        attempt = study.claim()
        assert attempt is not None
        study.reject(attempt, "NOT_CHEST", "No chest.")
        connection.close()

    worker = threading.Thread(target=reject)
    worker.start()
    body: dict[str, Any] = client.get(f"{one(study)}?wait=15").json()
    worker.join()
    assert (body["state"], body["reason_code"], body["reason"]) == (State.REJECTED, "NOT_CHEST", "No chest.")
