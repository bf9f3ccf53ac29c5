"""Comparing: two radiographs under one set of tools, and one patient's over time by a code of the person's own."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from diagnosis.models import Study
from tests.diagnosis.reviews.drawn_readings import read_first, with_heat
from tests.studies import analysed, drawn_film

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(owner: User) -> list[Study]:
    """One patient's radiographs, a day apart, oldest first."""
    made = [with_heat(owner, seed) for seed in range(3)]
    for day, study in enumerate(made):
        study.created_at = study.created_at - dt.timedelta(days=3 - day)
        study.patient_code = "P-12"
        study.save()
    return made


def compared(client: Client, a: Study, b: Study) -> str:
    return client.get(reverse("studies_compare"), {"a": a.pk, "b": b.pk}).text


def test_one_set_of_tools_serves_both_radiographs(three: list[Study], owner_client: Client) -> None:
    text = compared(owner_client, three[0], three[1])
    assert (text.count("data-linked"), text.count("data-viewer"), text.count("viewer-preset")) == (1, 2, 2)
    assert text.count('data-do="heat"') == 1
    assert text.count("data-heat ") == 2
    assert text.count("finding-card finding-") == 2


def test_others_of_the_same_patient_are_offered_in_place_of_the_second(
    three: list[Study], owner_client: Client
) -> None:
    text = compared(owner_client, three[0], three[1])
    assert f"?a={three[0].pk}&amp;b={three[2].pk}" in text
    Study.objects.filter(pk=three[1].pk).update(patient_code="P-13")
    assert "Patient P-" not in compared(owner_client, three[0], three[1])


def test_a_result_leads_to_the_comparison_with_the_patient_s_earlier_one(
    three: list[Study], owner: User, stranger: User, owner_client: Client
) -> None:
    other = analysed(stranger, 5)
    Study.objects.filter(pk=other.pk).update(patient_code="P-12", created_at=three[1].created_at)
    link = f"{reverse('studies_compare')}?a={three[1].pk}&amp;b={three[2].pk}"
    assert link in owner_client.get(three[2].get_absolute_url()).text
    assert "Compare with earlier" not in owner_client.get(three[0].get_absolute_url()).text
    assert "Compare with earlier" not in owner_client.get(analysed(owner, 6).get_absolute_url()).text


def test_a_hidden_answer_stays_hidden_and_has_no_overlays(owner: User, owner_client: Client) -> None:
    shown = with_heat(owner, 1)
    Study.objects.filter(pk=shown.pk).update(created_at=shown.created_at - dt.timedelta(days=1))
    read_first(owner)
    hidden = with_heat(owner, 2)
    text = compared(owner_client, shown, hidden)
    assert text.count("data-heat ") == 1
    assert reverse("study_heatmap", args=[hidden.pk]) not in text


def test_the_code_is_given_on_submission_changed_later_and_exported(owner: User, owner_client: Client) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    film = SimpleUploadedFile("x.png", drawn_film(3), "image/png")
    owner_client.post(reverse("study_new"), {"films": film, "intended_use": "on", "patient_code": " P-7 "})
    study = Study.objects.get()
    assert study.patient_code == "P-7"
    owner_client.post(reverse("study_label", args=[study.pk]), {"label": "left", "patient_code": "P-8"})
    study.refresh_from_db()
    assert (study.label, study.patient_code) == ("left", "P-8")
    assert b"P-8" in owner_client.get(reverse("studies_export_csv")).getvalue()
    address = f"/api/v1/studies/{study.pk}/"
    answer = owner_client.patch(address, {"label": "right"}, content_type="application/json")
    assert answer.json()["patient_code"] == "P-8", "left as it is where it is not given"
    answer = owner_client.patch(address, {"label": "", "patient_code": "P-9"}, content_type="application/json")
    assert answer.json()["patient_code"] == "P-9"
