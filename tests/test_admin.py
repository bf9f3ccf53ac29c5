"""The admin that staff work in: finding studies, analysing again, switching models, and what nobody may change."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from diagnosis.models import ModelVersion, Prediction, State, Study
from tests.studies import judged, model_version, submitted

pytestmark = pytest.mark.django_db
STUDIES = "admin:diagnosis_study_changelist"


def test_the_first_page_counts_studies_by_state(owner: User, admin_client: Client) -> None:
    submitted(owner)
    page = admin_client.get(reverse("admin:index")).content.decode()
    assert "How the site is doing" in page
    assert f'href="{reverse(STUDIES)}?state__exact=queued">1</a>' in page
    assert "broker down" in page, "no Redis runs in this test, and the page says so instead of failing"


@pytest.mark.parametrize("query", ["state__exact=done", "finding__exact=pneumonia", "q=owner", "reason_code=X"])
def test_studies_can_be_filtered_and_searched(owner: User, admin_client: Client, query: str) -> None:
    judged(owner)
    assert admin_client.get(f"{reverse(STUDIES)}?{query}").status_code == 200


def test_the_list_costs_the_same_number_of_queries_for_one_study_and_for_five(
    owner: User, admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    for seed in range(5):
        judged(owner, seed)
    admin_client.get(reverse(STUDIES))
    with django_assert_max_num_queries(9):
        admin_client.get(reverse(STUDIES))


def test_staff_can_have_a_study_analysed_again(owner: User, admin_client: Client) -> None:
    done, waiting = judged(owner), submitted(owner, 1)
    chosen = {"action": "analyse_again", "_selected_action": [str(done.pk), str(waiting.pk)]}
    page = admin_client.post(reverse(STUDIES), chosen, follow=True).content.decode()
    assert "1 study is queued" in page
    done.refresh_from_db()
    assert done.state == State.QUEUED


def test_predictions_are_read_only(owner: User, admin_client: Client) -> None:
    prediction = judged(owner).predictions.get()
    assert admin_client.get(reverse("admin:diagnosis_prediction_add")).status_code == 403
    address = reverse("admin:diagnosis_prediction_change", args=[prediction.pk])
    assert admin_client.get(address).status_code == 200
    assert admin_client.post(address, {"probability": "0.01"}).status_code == 403
    assert admin_client.post(reverse("admin:diagnosis_prediction_delete", args=[prediction.pk])).status_code == 403
    assert Prediction.objects.get().probability == prediction.probability


def test_deleting_a_study_in_the_admin_takes_its_files_along(
    owner: User, admin_client: Client, data_dir: Any, django_capture_on_commit_callbacks: Any
) -> None:
    study = judged(owner)
    with django_capture_on_commit_callbacks(execute=True):
        admin_client.post(reverse("admin:diagnosis_study_delete", args=[study.pk]), {"post": "yes"})
    assert not Study.objects.exists()
    assert not [path for path in data_dir.rglob("*") if path.is_file()]


def test_one_model_version_is_activated_at_a_time_and_all_can_be_paused(admin_client: Client) -> None:
    shipped = model_version()
    other = ModelVersion.objects.create(sha256="b" * 64, version="other", card=shipped.card)
    address = reverse("admin:diagnosis_modelversion_changelist")
    admin_client.post(address, {"action": "activate", "_selected_action": [other.pk]})
    assert [version.pk for version in ModelVersion.objects.filter(active=True)] == [other.pk]
    admin_client.post(address, {"action": "activate", "_selected_action": [other.pk, shipped.pk]})
    assert [version.pk for version in ModelVersion.objects.filter(active=True)] == [other.pk]
    admin_client.post(address, {"action": "deactivate", "_selected_action": [other.pk]})
    assert not ModelVersion.objects.filter(active=True).exists()


def test_people_without_staff_rights_do_not_get_in(owner_client: Client) -> None:
    assert owner_client.get(reverse("admin:index")).status_code in (302, 403)
