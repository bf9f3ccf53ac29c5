"""A study's label: each film may have its own, and its owner may change it later."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.studies import analysed, submitted

pytestmark = pytest.mark.django_db
WARNING = "Do not enter names"


def test_the_owner_changes_it_under_the_same_warning(owner: User, client: Client) -> None:
    study = analysed(owner)
    client.force_login(owner)
    address = reverse("study_label", args=[study.pk])
    assert address in client.get(study.get_absolute_url()).content.decode()
    assert WARNING in client.get(address).content.decode()
    assert client.post(address, {"label": "  left lower lobe "})["Location"] == study.get_absolute_url()
    study.refresh_from_db()
    assert study.label == "left lower lobe"
    assert 'value="left lower lobe"' in client.get(address).content.decode()
    client.post(address, {"label": ""})
    study.refresh_from_db()
    assert study.label == ""


def test_a_tab_that_was_opened_earlier_takes_back_no_label(owner: User, client: Client) -> None:
    study = submitted(owner, label="at first")
    client.force_login(owner)
    address = reverse("study_label", args=[study.pk])
    shown = {"was_label": "at first", "was_patient_code": ""}
    assert all(f'name="{name}" value="{value}"' in client.get(address).text for name, value in shown.items())
    client.post(address, {**shown, "label": "from one tab", "patient_code": ""})
    client.post(address, {**shown, "label": "at first", "patient_code": "P-9"})
    study.refresh_from_db()
    assert (study.label, study.patient_code) == ("from one tab", "P-9")


def test_one_that_is_too_long_is_not_taken(owner: User, client: Client) -> None:
    study = submitted(owner, label="as it was")
    client.force_login(owner)
    page = client.post(reverse("study_label", args=[study.pk]), {"label": "x" * 121})
    assert "at most 120 characters" in page.content.decode()
    study.refresh_from_db()
    assert study.label == "as it was"


def test_a_stranger_changes_nothing(owner: User, stranger: User, client: Client) -> None:
    study = submitted(owner, label="mine")
    client.force_login(stranger)
    address = reverse("study_label", args=[study.pk])
    assert client.get(address).status_code == client.post(address, {"label": "theirs"}).status_code == 404
    study.refresh_from_db()
    assert study.label == "mine"


def test_the_file_picker_hides_nothing(owner_client: Client) -> None:
    page = owner_client.get(reverse("study_new")).content.decode()
    assert 'type="file"' in page
    assert "accept=" not in page, "phones would hide ZIP, DICOM without extension, TIFF"
    assert WARNING in page
