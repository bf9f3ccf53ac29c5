"""Reader-first mode: nothing of the model's answer leaks before the person has given theirs."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diagnosis.models import Preferences, Review, Study
from diagnosis.reviews.readings import hidden_from
from tests.diagnosis.reviews.drawn_readings import read_first, reading, with_heat
from tests.studies import analysed, predicted, submitted

pytestmark = pytest.mark.django_db
LEAKS = ("finding finding-", "87\N{NO-BREAK SPACE}%", "finding-card", "data-heat", "Unlike the films", "/heatmap/")
READING = {"review-finding": "normal", "review-certainty": "high"}


def test_the_result_page_shows_the_film_and_asks_first(owner: User, owner_client: Client) -> None:
    read_first(owner)
    text = owner_client.get(with_heat(owner).get_absolute_url()).content.decode()
    body = text[text.index("<main") : text.index("</main")]
    assert "Read the radiograph first" in body
    assert "data-film" in body
    assert [leak for leak in LEAKS if leak in body] == []


@pytest.mark.parametrize("overlay", ["study_heatmap", "study_lungs"])
def test_what_is_laid_over_the_film_is_kept_back_until_it_is_read(
    owner: User, owner_client: Client, overlay: str
) -> None:
    read_first(owner)
    study = with_heat(owner)
    address = reverse(overlay, args=[study.pk])
    assert owner_client.get(address).status_code == 404
    reading(study, owner, "normal")
    assert owner_client.get(address).status_code == 200


def test_no_fragment_tells_the_answer(owner: User, owner_client: Client) -> None:
    read_first(owner)
    study = with_heat(owner)
    status = owner_client.get(reverse("study_status", args=[study.pk])).content.decode()
    live = owner_client.get(reverse("studies_live"), {"pending": study.pk.hex, "as": "badge"}).content.decode()
    assert "Read the film first" in live
    assert [leak for leak in (*LEAKS, "pneumonia") if leak in status + live] == []


def test_the_history_does_not_tell_the_answer(owner: User, owner_client: Client) -> None:
    read_first(owner)
    with_heat(owner)
    text = owner_client.get(reverse("studies")).content.decode()
    assert "finding-pneumonia" not in text
    assert "87\N{NO-BREAK SPACE}%" not in text
    assert owner_client.get(reverse("studies") + "?finding=pneumonia").content.count(b"study_thumbnail") == 0


def test_a_reading_given_blind_is_kept_as_such_and_shows_the_answer(owner: User, owner_client: Client) -> None:
    read_first(owner)
    study = with_heat(owner)
    response = owner_client.post(reverse("study_review", args=[study.pk]), READING, follow=True)
    assert "finding-card" in response.content.decode()
    review = Review.objects.get()
    assert review.before_answer
    assert (review.agreement, review.finding) == ("", "normal")
    assert "Does the answer change what you think?" in response.content.decode()


def test_a_blind_reading_cannot_claim_to_agree(owner: User, owner_client: Client) -> None:
    read_first(owner)
    study = with_heat(owner)
    owner_client.post(reverse("study_review", args=[study.pk]), {**READING, "review-agreement": "agree"})
    assert Review.objects.get().agreement == ""


def test_who_has_seen_the_same_pixels_analysed_does_not_read_blind(owner: User, owner_client: Client) -> None:
    seen = analysed(owner)
    Study.objects.filter(pk=seen.pk).update(created_at=timezone.now() - dt.timedelta(days=1))
    read_first(owner)
    study = submitted(owner, again=True)
    attempt = study.claim()
    assert attempt is not None
    prediction = seen.prediction
    assert prediction is not None
    study.complete(attempt, model_version=prediction.model_version, milliseconds=1.0, **predicted(0.87, "pneumonia"))
    assert hidden_from(owner, study)
    owner_client.post(reverse("study_review", args=[study.pk]), READING)
    assert not Review.objects.get().before_answer


def test_films_from_before_the_mode_stay_as_they_were(owner: User) -> None:
    study = analysed(owner)
    mine = Preferences.of(owner)
    mine.set_reader_first(True)
    mine.save()
    assert not hidden_from(owner, study)


def test_the_mode_of_one_person_hides_nothing_from_another(owner: User, stranger: User) -> None:
    read_first(stranger)
    assert not hidden_from(owner, analysed(owner))


def test_the_annotation_and_the_function_agree(owner: User) -> None:
    read_first(owner)
    hidden, read = analysed(owner, 1), analysed(owner, 2)
    waiting = submitted(owner, 3)
    reading(read, owner, "normal")
    rows = {row.pk: row.answer_hidden for row in Study.objects.with_hidden(owner)}
    assert rows == {hidden.pk: True, read.pk: False, waiting.pk: False}
    assert [hidden_from(owner, study) for study in (hidden, read, waiting)] == [True, False, False]
    assert set(Study.objects.answers_shown_to(owner)) == {read, waiting}
