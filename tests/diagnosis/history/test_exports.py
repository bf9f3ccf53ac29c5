"""CSV, JSON and ZIP: what is in them opens elsewhere, carries the page's filters, and is only one's own."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from PIL import Image

from diagnosis.history.exports import COLUMNS
from diagnosis.models import Reference, Study
from ml import Cuts, decide
from tests.diagnosis.history.rows import study
from tests.diagnosis.reviews.drawn_readings import read_first, reading, with_heat
from tests.studies import submitted

pytestmark = pytest.mark.django_db


def download(client: Client, name: str, **query: str) -> bytes:
    """The whole of a streamed file."""
    response = client.get(reverse(name), query)
    assert response.status_code == 200
    assert response.streaming
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]


def lines(client: Client, **query: str) -> list[dict[str, str]]:
    """The CSV as a spreadsheet reads it."""
    return list(csv.DictReader(io.StringIO(download(client, "studies_export_csv", **query).decode("utf-8-sig"))))


def test_csv_says_all_there_is_to_say(owner: User, owner_client: Client) -> None:
    row = study(owner, label='Ärger, "quoted"\nline', probability=0.9)
    reading(row, owner, "normal", agreement="disagree", comment="no")
    Reference.record(study=row, author=owner, diagnosis="normal", source="ct")
    study(owner, "rejected", age=3, header={"pixel_spacing_mm": 0.2})
    answered, refused = lines(owner_client)
    assert list(answered) == list(COLUMNS)
    assert answered["label"] == 'Ärger, "quoted"\nline'
    assert answered["submitted_at"] == "2026-11-10T12:00:00+00:00"
    assert (answered["finding"], answered["probability"]) == ("pneumonia", "0.9")
    cuts = Cuts(float(answered["rule_out"]), float(answered["rule_in"]))
    assert decide(float(answered["probability"]), cuts) == answered["finding"], "from the row alone"
    assert float(answered["probability_low"]) <= float(answered["probability_high"])
    assert (answered["my_agreement"], answered["my_finding"], answered["my_comment"]) == ("disagree", "normal", "no")
    assert (answered["confirmed_diagnosis"], answered["confirmed_by"]) == ("normal", "ct")
    assert len(answered["model_sha256"]) == 64
    assert (answered["pixel_spacing_mm"], refused["pixel_spacing_mm"]) == ("", "0.2")
    assert (refused["state"], refused["reason_code"], refused["probability"]) == ("rejected", "NOT_A_FILM", "")


@pytest.mark.parametrize("label", ["=1+1", "+49", "-2", "@SUM(A1)", " =1", "＝1"])
def test_a_label_is_never_a_formula(owner: User, owner_client: Client, label: str) -> None:
    study(owner, label=label)
    assert lines(owner_client)[0]["label"] == f"'{label}"


@pytest.mark.parametrize(
    ("label", "cell"), [("\t=1", "'\t'=1"), ("\r=1", "'\r'=1"), ("a;=1", "a;'=1"), ("a\t=1", "a\t'=1")]
)
def test_nor_is_a_part_of_it(owner: User, owner_client: Client, label: str, cell: str) -> None:
    study(owner, label=label)
    assert lines(owner_client)[0]["label"] == cell


def test_a_number_stays_a_number(owner: User, owner_client: Client) -> None:
    study(owner, label="1-2")
    assert lines(owner_client)[0]["label"] == "1-2"


def test_the_filters_and_the_order_of_the_page_hold(owner: User, owner_client: Client) -> None:
    for label, probability in (("a", 0.6), ("b", 0.9), ("c", 0.1)):
        study(owner, label=label, probability=probability)
    assert [row["label"] for row in lines(owner_client, finding="pneumonia", sort="highest")] == ["b", "a"]


def test_a_mistyped_filter_exports_nothing(owner: User, owner_client: Client) -> None:
    study(owner)
    assert owner_client.get(reverse("studies_export_csv"), {"finding": "pnuemonia"}).status_code == 400


def test_json_explains_itself(owner: User, owner_client: Client) -> None:
    study(owner, label="x")
    document = json.loads(download(owner_client, "studies_export_json", q="x"))
    assert document["filters"] == {"q": "x"}
    assert set(document["columns"]) == set(document["studies"][0])
    assert document["studies"][0]["probability"] == 0.8
    assert "not a diagnosis" in document["disclaimer"] or "nothing here is a diagnosis" in document["disclaimer"]


def test_nothing_stored_is_an_empty_list_not_an_error(owner_client: Client) -> None:
    assert json.loads(download(owner_client, "studies_export_json"))["studies"] == []
    assert lines(owner_client) == []


def test_many_rows_cost_few_queries(owner: User, owner_client: Client, django_assert_max_num_queries: Any) -> None:
    for age in range(40):
        study(owner, age=age)
    with django_assert_max_num_queries(9):
        assert len(lines(owner_client)) == 40


def test_chosen_studies_only(owner: User, stranger: User, owner_client: Client) -> None:
    mine, _other, theirs = study(owner), study(owner), study(stranger)
    response = owner_client.post(
        reverse("studies_selected"), {"do": "json", "study": [str(mine.pk), str(theirs.pk), "x"]}
    )
    document = json.loads(b"".join(response.streaming_content))  # type: ignore[attr-defined]
    assert [row["id"] for row in document["studies"]] == [str(mine.pk)]


def test_what_is_to_be_read_first_is_left_out(owner: User, owner_client: Client) -> None:
    read_first(owner)
    with_heat(owner)
    row = lines(owner_client)[0]
    assert (row["answer_hidden"], row["finding"], row["probability"]) == ("true", "", "")
    assert "UNLIKE_TRAINING" not in row["warnings"]
    archive = zipfile.ZipFile(io.BytesIO(download(owner_client, "account_export")))
    assert not [name for name in archive.namelist() if name.startswith(("heatmaps/", "lungs/"))]
    assert json.loads(archive.read("studies.json"))[0]["predictions"] == []


def test_the_zip_holds_everything_of_one_person(owner: User, stranger: User, owner_client: Client) -> None:
    analysed, waits = with_heat(owner), submitted(owner, seed=1)
    reading(analysed, owner, "normal", agreement="disagree", comment="first")
    reading(analysed, owner, "pneumonia", agreement="agree", comment="second")
    submitted(stranger, seed=2)
    archive = zipfile.ZipFile(io.BytesIO(download(owner_client, "account_export")))
    assert archive.testzip() is None
    films = {name.split("/")[1].split(".")[0]: name for name in archive.namelist() if name.startswith("films/")}
    assert set(films) == {str(analysed.pk), str(waits.pk)}
    with Image.open(archive.open(films[str(analysed.pk)])) as film:
        assert film.size == (analysed.width, analysed.height)
    with Image.open(archive.open(f"heatmaps/{analysed.pk}-1.png")) as heat:
        assert heat.size == (7, 7)
    with Image.open(archive.open(f"lungs/{analysed.pk}-1.png")) as lungs:
        assert lungs.size == (144, 144)
    stored = {row["id"]: row for row in json.loads(archive.read("studies.json"))}
    assert [review["comment"] for review in stored[str(analysed.pk)]["reviews"]] == ["second", "first"]
    assert stored[str(analysed.pk)]["predictions"][0]["probability"] == 0.87
    assert json.loads(archive.read("account.json"))["username"] == owner.username
    assert len(list(csv.DictReader(io.TextIOWrapper(archive.open("history.csv"), "utf-8-sig")))) == 2
    assert b"password" not in archive.read("studies.json")


def test_a_lost_film_does_not_cost_the_rest(owner: User, owner_client: Client) -> None:
    study(owner)  # a row without files
    submitted(owner)
    archive = zipfile.ZipFile(io.BytesIO(download(owner_client, "account_export")))
    assert len([name for name in archive.namelist() if name.startswith("films/")]) == 1


@pytest.mark.parametrize("name", ["studies_export_csv", "studies_export_json", "account_export", "account_delete"])
def test_who_is_not_signed_in_is_sent_to_sign_in(client: Client, name: str) -> None:
    response = client.get(reverse(name))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_the_page_of_columns_names_each(owner_client: Client) -> None:
    text = owner_client.get(reverse("studies_export_columns")).content.decode()
    assert [name for name in COLUMNS if f"<code>{name}</code>" not in text] == []
    assert Study.objects.count() == 0
