"""Reader-first mode: nothing of the model's answer leaks before the person has given theirs."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diagnosis.models import Preferences, Review, Study
from diagnosis.reviews.readings import agreed, hidden_from, unread
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
    assert "Read the radiograph first" in live
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


def test_both_readings_stand_next_to_each_other_and_are_counted(owner: User, owner_client: Client) -> None:
    read_first(owner)
    first, second = with_heat(owner, 1), with_heat(owner, 2)
    reading(first, owner, "pneumonia")
    reading(second, owner, "normal")
    text = owner_client.get(second.get_absolute_url()).text
    both = text[text.index("both-readings") :].partition("</section>")[0]
    assert both.index("finding-normal") < both.index("finding-pneumonia"), "yours, then the model's"
    assert "Different findings." in both
    assert "The same in 1 of 2" in both
    assert "The same finding." in owner_client.get(first.get_absolute_url()).text
    assert "<strong>1 of 2</strong>" in owner_client.get(reverse("performance")).text


def test_a_reading_given_with_the_answer_in_view_is_not_counted(owner: User, owner_client: Client) -> None:
    study = with_heat(owner)
    reading(study, owner, "pneumonia", agreement="agree")
    assert "both-readings" not in owner_client.get(study.get_absolute_url()).text
    assert agreed(owner).total == 0


def test_the_next_unread_one_is_offered_before_and_after_a_reading(owner: User, owner_client: Client) -> None:
    read_first(owner)
    first, second, third = (with_heat(owner, seed) for seed in range(3))
    link = 'data-unread href="{}"'
    assert link.format(second.get_absolute_url()) in owner_client.get(first.get_absolute_url()).text
    reading(first, owner, "normal")
    assert link.format(second.get_absolute_url()) in owner_client.get(third.get_absolute_url()).text
    for study in (second, third):
        reading(study, owner, "normal")
    text = owner_client.get(third.get_absolute_url()).text
    assert "data-unread" not in text
    assert "Nothing is left to read." in text


def test_who_does_not_read_first_is_offered_nothing_unread(owner: User) -> None:
    here, _other = with_heat(owner, 1), with_heat(owner, 2)
    assert unread(owner, here) is None
