"""Reviews and confirmed diagnoses: what is asked, what is refused, what is kept."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from diagnosis.models import Reference, Review
from tests.diagnosis.reviews.drawn_readings import reading
from tests.studies import analysed, submitted

pytestmark = pytest.mark.django_db


def answers(**fields: str) -> dict[str, str]:
    return {f"review-{name}": value for name, value in {"certainty": "medium", **fields}.items()}


def test_who_agrees_need_not_repeat_the_finding(owner: User, owner_client: Client) -> None:
    study = analysed(owner, finding="pneumonia")
    response = owner_client.post(reverse("study_review", args=[study.pk]), answers(agreement="agree", comment="Clear."))
    assert response["Location"] == f"{study.get_absolute_url()}#review"
    review = Review.objects.get()
    assert (review.agreement, review.finding, review.comment) == ("agree", "pneumonia", "Clear.")
    assert not review.before_answer


@pytest.mark.parametrize(
    "answer",
    [
        {"agreement": "disagree"},  # says not what else
        {"agreement": "disagree", "finding": "pneumonia"},  # the model's own
        {"agreement": "agree", "finding": "normal"},  # another than the model's
        {"finding": "normal"},  # says not whether they agree
        {"agreement": "agree", "certainty": "quite"},
        {"agreement": "agree", "comment": "x" * 2001},
    ],
)
def test_an_answer_that_contradicts_itself_is_refused_and_shown_again(
    owner: User, owner_client: Client, answer: dict[str, str]
) -> None:
    response = owner_client.post(reverse("study_review", args=[analysed(owner).pk]), answers(**answer))
    assert response.status_code == 422
    assert "choices-error" in response.content.decode()
    assert not Review.objects.exists()


def test_a_tab_that_had_not_seen_the_newest_review_is_told_of_it(owner: User, owner_client: Client) -> None:
    study = analysed(owner)
    address = reverse("study_review", args=[study.pk])
    assert 'name="after" value=""' in owner_client.get(address).text
    first = owner_client.post(address, {**answers(agreement="agree"), "after": ""}, follow=True).text
    assert "Your review is saved." in first
    assert "another tab" not in first
    other = owner_client.post(address, {**answers(agreement="unsure"), "after": ""}, follow=True).text
    assert "One that you saved meanwhile in another tab is kept as an older version." in other
    assert Review.objects.count() == 2
    newest = Review.objects.get(is_current=True)
    assert f'name="after" value="{newest.pk}"' in other


def test_each_save_adds_a_version_and_the_newest_is_current(owner: User, owner_client: Client) -> None:
    study = analysed(owner)
    address = reverse("study_review", args=[study.pk])
    owner_client.post(address, answers(agreement="agree"))
    owner_client.post(address, answers(agreement="disagree", finding="normal", comment="On second thoughts"))
    assert [row.agreement for row in Review.objects.filter(is_current=True)] == ["disagree"]
    page = owner_client.get(address).content.decode()
    assert page.index("On second thoughts") < page.rindex("Agree")


def test_the_database_takes_one_current_review_and_no_blind_agreement(owner: User) -> None:
    study = analysed(owner)
    first = reading(study, owner, "normal", agreement="disagree")
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.create(study=study, author=owner, prediction=study.prediction, finding="normal",
                              certainty="low", agreement="agree")  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.filter(pk=first.pk).update(before_answer=True)


def test_a_study_without_an_answer_cannot_be_reviewed(owner: User, owner_client: Client) -> None:
    assert owner_client.get(reverse("study_review", args=[submitted(owner).pk])).status_code == 404


@pytest.mark.parametrize("page", ["study_review", "study_reference"])
def test_a_stranger_can_neither_read_nor_write(owner: User, stranger_client: Client, page: str) -> None:
    address = reverse(page, args=[analysed(owner).pk])
    assert stranger_client.post(address, answers(agreement="agree")).status_code == 404
    assert not Review.objects.exists()


def test_a_confirmed_diagnosis_is_entered_corrected_and_withdrawn(owner: User, owner_client: Client) -> None:
    study = analysed(owner)
    address = reverse("study_reference", args=[study.pk])
    owner_client.post(address, {"reference-diagnosis": "pneumonia", "reference-source": "ct"})
    owner_client.post(address, {"reference-diagnosis": "normal", "reference-source": "follow_up"})
    assert Reference.objects.count() == 2
    assert Reference.objects.get(is_current=True).diagnosis == "normal"
    assert "Clinical follow-up" in owner_client.get(study.get_absolute_url()).content.decode()
    owner_client.post(address, {"withdraw": "1"})
    assert not Reference.objects.filter(is_current=True).exists()


def test_a_diagnosis_without_its_source_is_refused(owner: User, owner_client: Client) -> None:
    address = reverse("study_reference", args=[analysed(owner).pk])
    assert owner_client.post(address, {"reference-diagnosis": "pneumonia"}).status_code == 422


def test_comments_are_text_never_markup(owner: User, owner_client: Client) -> None:
    study = analysed(owner)
    owner_client.post(
        reverse("study_review", args=[study.pk]), answers(agreement="agree", comment="<script>x</script>")
    )
    assert "<script>x" not in owner_client.get(study.get_absolute_url()).content.decode()
