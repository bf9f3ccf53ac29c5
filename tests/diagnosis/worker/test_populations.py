"""Whose film it is, through intake, image check and model as shipped; and films that were turned or inverted."""

from __future__ import annotations

import io
import uuid

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from numpy.typing import NDArray
from PIL import Image

from diagnosis.models import State, Study
from diagnosis.submission.submit import Ticket, submit
from diagnosis.worker.analysis import analyse
from ml import phantom
from tests.dicom_files import as_file, film_object

pytestmark = pytest.mark.django_db


def analysed(owner: User, data: bytes, **ticket: str) -> Study:
    press = Ticket(owner=owner, token=uuid.uuid4(), confirmed_at=timezone.now(), **ticket)  # type: ignore[arg-type]
    study = submit(press, 0, "film", lambda: data, len(data)).study
    assert study is not None
    analyse(study)
    study.refresh_from_db()
    return study


def dicom(age: str) -> bytes:
    grey = phantom.film(3, width=500, height=420, opacity=True).astype(np.uint16) * 16
    return as_file(film_object(grey, 12, PatientAge=age, Modality="DX", BodyPartExamined="CHEST"))


@pytest.mark.parametrize(
    ("age", "population", "words"),
    [("081Y", "adult", "81 years"), ("009Y", "outside", "9 years"), ("006M", "outside", "6 months")],
)
def test_outside_all_populations_there_is_no_finding_and_the_film_can_be_seen(
    owner: User, owner_client: Client, age: str, population: str, words: str
) -> None:
    study = analysed(owner, dicom(age), population="child")
    assert (study.state, study.reason_code) == (State.REJECTED, "OUTSIDE_POPULATIONS")
    assert (study.population, study.population_known_by) == (population, "header")
    assert study.probability is None
    page = owner_client.get(study.get_absolute_url()).text
    assert words in page
    assert "OUTSIDE_POPULATIONS" not in page
    assert owner_client.get(reverse("study_image", args=[study.pk])).status_code == 200


def test_a_child_of_three_years_gets_a_finding(owner: User) -> None:
    study = analysed(owner, dicom("003Y"))
    assert (study.state, study.population, study.population_known_by) == (State.DONE, "child", "header")


def test_what_was_stated_against_the_header_is_reported(owner: User) -> None:
    study = analysed(owner, dicom("003Y"), population="adult")
    assert study.state == State.DONE
    assert study.prediction is not None
    assert "STATED_OTHERWISE" in [warning["code"] for warning in study.prediction.warnings]
    assert study.warned


def test_stated_otherwise_the_same_film_is_analysed_again(owner: User) -> None:
    data = phantom.png(phantom.film(5, width=500, height=420))
    first, second = analysed(owner, data, population="adult"), analysed(owner, data, population="child")
    assert (first.state, first.reason_code) == (State.REJECTED, "OUTSIDE_POPULATIONS")
    assert second.pk != first.pk
    assert (second.state, second.population_known_by) == (State.DONE, "stated")


def pixels(client: Client, study: Study, **query: str) -> NDArray[np.uint8]:
    response = client.get(reverse("study_image", args=[study.pk]), query)
    return np.asarray(Image.open(io.BytesIO(b"".join(response))))


@pytest.mark.parametrize(("turns", "inverted"), [(1, False), (2, False), (3, False), (0, True)])
def test_a_film_that_was_put_right_is_shown_so_and_as_submitted_one_click_away(
    owner: User, owner_client: Client, turns: int, inverted: bool
) -> None:
    upright = phantom.film(11, width=500, height=420, opacity=True)
    sent = np.ascontiguousarray(np.rot90(255 - upright if inverted else upright, -turns))
    study = analysed(owner, phantom.png(sent), population="child")
    assert (study.state, study.quarter_turns, study.inverted) == (State.DONE, turns, inverted)
    assert np.array_equal(pixels(owner_client, study), upright)
    assert np.array_equal(pixels(owner_client, study, **{"as": "submitted"}), sent)
    small = Image.open(io.BytesIO(b"".join(owner_client.get(reverse("study_thumbnail", args=[study.pk])))))
    assert small.width > small.height, "lists show it upright too"
    page = owner_client.get(study.get_absolute_url()).text
    assert 'width="500" height="420"' in page
    assert "?as=submitted" in page
    heat = Image.open(io.BytesIO(owner_client.get(reverse("study_heatmap", args=[study.pk])).content))
    assert heat.width > heat.height, "the map lies on the film as it is shown"
    back = owner_client.get(study.get_absolute_url(), {"as": "submitted"}).text
    assert f"{reverse('study_heatmap', args=[study.pk])}?as=submitted" in back
