"""Whose film it is, through intake, image check and model as shipped; and films that were turned or inverted."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from numpy.typing import NDArray
from PIL import Image
from pytest_django import Settings

from diagnosis.models import State, Study
from diagnosis.submission.submit import Ticket, submit
from diagnosis.worker.analysis import analyse
from diagnosis.worker.model_registry import Room
from diagnosis.worker.reanalysis import may_reanalyse
from ml import ModelCard, Predictor, load_card, phantom
from tests.dicom_files import as_file, film_object
from tests.phantoms import film

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def _networks_loaded_once() -> Iterator[None]:
    """Each test's database is new to the worker, which would load the same networks for it once more."""
    load, loaded = Predictor.serve, dict[tuple[str, int | None], Predictor]()

    def serve(card: ModelCard, *, threads: int | None = None) -> Predictor:
        key = (card.sha256, threads)
        loaded[key] = loaded.get(key) or load(card, threads=threads)
        return loaded[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Predictor, "serve", serve)
        yield


def analysed(owner: User, data: bytes, **ticket: str) -> Study:
    press = Ticket(owner=owner, token=uuid.uuid4(), confirmed_at=timezone.now(), **ticket)  # type: ignore[arg-type]
    study = submit(press, 0, "film", lambda: data, len(data)).study
    assert study is not None
    analyse(study)
    study.refresh_from_db()
    return study


@pytest.fixture
def children_alone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site that leaves the network for adults out."""
    settings.POPULATIONS = ["child"]
    monkeypatch.setattr("diagnosis.worker.analysis.room", Room())


def dicom(age: str, seed: int = 3) -> bytes:
    grey = film(seed, width=500, height=420, opacity=True).astype(np.uint16) * 16
    return as_file(film_object(grey, 12, PatientAge=age, Modality="DX", BodyPartExamined="CHEST"))


@pytest.mark.parametrize(
    ("age", "population", "words"),
    [("015Y", "outside", "15 years"), ("009Y", "outside", "9 years"), ("006M", "outside", "6 months")],
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


def test_each_population_is_answered_by_its_own_network_and_rule(owner: User) -> None:
    child, adult = analysed(owner, dicom("003Y")), analysed(owner, dicom("081Y", seed=4))
    assert [(study.state, study.population) for study in (child, adult)] == [("done", "child"), ("done", "adult")]
    assert child.probability != adult.probability
    assert child.predicted_by == adult.predicted_by, "one version answers for both"
    for study in (child, adult):
        assert study.prediction is not None
        cuts = load_card().populations[study.population].operating_points["balanced"].cuts
        assert (study.prediction.rule_out, study.prediction.rule_in) == (cuts.rule_out, cuts.rule_in)
        assert study.prediction.lungs, "both show where the lungs are"
        assert "LOOKS_ADULT" not in [warning["code"] for warning in study.prediction.warnings]


def test_a_site_may_leave_adults_out(owner: User, owner_client: Client, children_alone: None) -> None:
    study = analysed(owner, dicom("081Y"), population="child")
    assert (study.state, study.reason_code) == (State.REJECTED, "OUTSIDE_POPULATIONS")
    assert (study.population, study.population_known_by) == ("adult", "header")
    assert study.probability is None
    page = owner_client.get(study.get_absolute_url()).text
    assert "81 years" in page
    assert "answers for children aged 1 to 5 years alone" in page
    card = owner_client.get(reverse("about_model")).text
    assert "population-adult" not in card
    assert "non-commercial" not in card


def test_taking_adults_in_leaves_earlier_predictions_as_they_were(
    owner: User, owner_client: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.POPULATIONS = ["child"]
    monkeypatch.setattr("diagnosis.worker.analysis.room", Room())
    before = analysed(owner, dicom("003Y"))
    settings.POPULATIONS = ["child", "adult"]
    monkeypatch.setattr("diagnosis.worker.analysis.room", Room())
    after = analysed(owner, dicom("004Y", seed=4))
    children = load_card(populations=("child",))
    assert before.predicted_by is not None
    assert after.predicted_by is not None
    assert (before.predicted_by.sha256, before.predicted_by.version) == (children.sha256, children.version)
    assert after.predicted_by.sha256 == load_card().sha256 != children.sha256
    assert after.predicted_by.active
    page = owner_client.get(before.get_absolute_url()).text
    assert children.sha256[:16] in page
    assert 'class="finding-card' in page


def test_an_adult_s_film_refused_before_adults_were_answered_for_may_be_analysed_now(
    owner: User, owner_client: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.POPULATIONS = ["child"]
    monkeypatch.setattr("diagnosis.worker.analysis.room", Room())
    study = analysed(owner, dicom("081Y"))
    assert not may_reanalyse(study)
    settings.POPULATIONS = ["child", "adult"]
    monkeypatch.setattr("diagnosis.worker.analysis.room", Room())
    analysed(owner, dicom("003Y", seed=4))
    assert may_reanalyse(study)
    again = analysed(owner, dicom("081Y"))
    assert (again.state, again.population) == (State.DONE, "adult")
    assert again.pk != study.pk


def test_a_child_of_three_years_gets_a_finding(owner: User) -> None:
    study = analysed(owner, dicom("003Y"))
    assert (study.state, study.population, study.population_known_by) == (State.DONE, "child", "header")


def test_what_was_stated_against_the_header_is_reported(owner: User) -> None:
    study = analysed(owner, dicom("003Y"), population="adult")
    assert study.state == State.DONE
    assert study.prediction is not None
    assert "STATED_OTHERWISE" in [warning["code"] for warning in study.prediction.warnings]
    assert study.warned


def test_stated_otherwise_the_same_film_is_analysed_again(owner: User, children_alone: None) -> None:
    data = phantom.png(film(5, width=500, height=420))
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
    upright = film(11, width=500, height=420, opacity=True)
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
