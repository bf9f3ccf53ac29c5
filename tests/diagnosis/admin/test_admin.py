"""The admin that staff work in: finding studies, analysing again, switching models, and what nobody may change."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from diagnosis.admin import dashboard
from diagnosis.models import Diagnosis, ModelVersion, Prediction, Reference, Source, State, Study
from tests.studies import analysed, model_version, submitted

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
    analysed(owner)
    assert admin_client.get(f"{reverse(STUDIES)}?{query}").status_code == 200


def test_the_list_costs_the_same_number_of_queries_for_one_study_and_for_five(
    owner: User, admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    for seed in range(5):
        analysed(owner, seed)
    admin_client.get(reverse(STUDIES))
    with django_assert_max_num_queries(9):
        admin_client.get(reverse(STUDIES))


def test_staff_can_have_a_study_analysed_again(owner: User, admin_client: Client) -> None:
    done, waiting = analysed(owner), submitted(owner, 1)
    chosen = {"action": "reanalyse", "_selected_action": [str(done.pk), str(waiting.pk)]}
    page = admin_client.post(reverse(STUDIES), chosen, follow=True).content.decode()
    assert "1 study is queued" in page
    done.refresh_from_db()
    assert done.state == State.QUEUED


def test_predictions_are_read_only(owner: User, admin_client: Client) -> None:
    prediction = analysed(owner).predictions.get()
    assert admin_client.get(reverse("admin:diagnosis_prediction_add")).status_code == 403
    address = reverse("admin:diagnosis_prediction_change", args=[prediction.pk])
    assert admin_client.get(address).status_code == 200
    assert admin_client.post(address, {"probability": "0.01"}).status_code == 403
    assert admin_client.post(reverse("admin:diagnosis_prediction_delete", args=[prediction.pk])).status_code == 403
    assert Prediction.objects.get().probability == prediction.probability


def test_deleting_a_study_in_the_admin_takes_its_files_along(
    owner: User, admin_client: Client, data_dir: Any, django_capture_on_commit_callbacks: Any
) -> None:
    study = analysed(owner)
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


def test_a_model_version_shows_its_figures_and_leads_to_what_it_predicted(owner: User, admin_client: Client) -> None:
    version = analysed(owner).predictions.get().model_version
    page = admin_client.get(reverse("admin:diagnosis_modelversion_change", args=[version.pk])).content.decode()
    assert version.sha256 in page
    area = version.card["populations"]["child"]["metrics"]["internal_test"]["auc"]["value"]
    assert f"{area:.3f} [" in page, "the area under the curve, rounded"
    output = re.search(r'href="([^"]+)">Show its predictions', page)
    assert output is not None
    assert "1 prediction" in admin_client.get(output[1]).content.decode()


def test_confirmed_diagnoses_are_there_to_read(owner: User, admin_client: Client) -> None:
    study = analysed(owner)
    row = Reference.objects.create(study=study, author=owner, diagnosis=Diagnosis.PNEUMONIA, source=Source.values[0])
    assert "1 confirmed diagnosis" in admin_client.get(reverse("admin:diagnosis_reference_changelist")).content.decode()
    address = reverse("admin:diagnosis_reference_change", args=[row.pk])
    assert admin_client.get(address).status_code == 200
    assert admin_client.post(address, {"diagnosis": "normal"}).status_code == 403


def test_a_study_is_found_by_the_letters_the_list_shows_without_reading_all(
    owner: User, admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    study, other = submitted(owner), submitted(owner, 1)
    with django_assert_max_num_queries(12) as asked:
        page = admin_client.get(f"{reverse(STUDIES)}?q={study.pk!s:.8}").content.decode()
    assert f"{study.pk}/change/" in page
    assert f"{other.pk}/change/" not in page
    assert not [query for query in asked if "LIKE" in query["sql"] and "diagnosis_study" in query["sql"]]


def test_staff_are_not_sent_to_a_page_that_is_its_owner_s_alone(owner: User, admin_client: Client) -> None:
    page = admin_client.get(reverse("admin:diagnosis_study_change", args=[submitted(owner).pk])).content.decode()
    assert "View on site" not in page


def test_a_study_shows_only_tables_that_have_rows(owner: User, admin_client: Client) -> None:
    for study, there in ((submitted(owner), False), (analysed(owner, 1), True)):
        page = admin_client.get(reverse("admin:diagnosis_study_change", args=[study.pk])).content.decode()
        assert ('id="predictions-group"' in page) is there
        assert 'id="reviews-group"' not in page


def test_the_chart_stacks_the_states_of_a_day(owner: User) -> None:
    analysed(owner)
    submitted(owner, 1)
    today = dashboard.studies_by_day()[-1]
    assert [(part.state, part.count) for part in today.parts] == [(State.DONE, 1), (State.QUEUED, 1)]
    done, queued = today.parts
    assert (done.top + done.height, queued.top + queued.height) == (80, done.top), "one stands on the other"


def test_people_without_staff_rights_do_not_get_in(owner_client: Client) -> None:
    assert owner_client.get(reverse("admin:index")).status_code in (302, 403)
