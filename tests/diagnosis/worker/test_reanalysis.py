"""A film that failed, or that an earlier gate refused, may be analysed once more; the wait counts from then on."""

from __future__ import annotations

import datetime as dt
import importlib
import uuid

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diagnosis.admin import dashboard
from diagnosis.models import State, Study
from diagnosis.submission.submit import Ticket, store
from diagnosis.worker.reanalysis import OWNER_LIMIT, gate_version
from ml import read_radiograph
from tests import phantoms
from tests.diagnosis.submission.test_submit import send
from tests.dicom_files import dicom_bytes
from tests.studies import analysed, drawn_film, predicted, submitted

pytestmark = pytest.mark.django_db
BUTTON = "Reanalyse</button>"


def failed(owner: User, seed: int = 0) -> Study:
    study = submitted(owner, seed)
    attempt = study.claim()
    assert attempt
    assert study.fail(attempt, "ERROR", "An error of ours.", "Please submit it again.")
    return study


def refused(owner: User, gate: str) -> Study:
    study = submitted(owner)
    attempt = study.claim()
    assert attempt
    assert study.reject(attempt, "NOT_CHEST", "This is not a chest.", refused_by=gate)
    return study


def test_a_failed_film_submitted_again_is_a_new_study_and_not_its_failure(owner: User, client: Client) -> None:
    first = failed(owner)
    client.force_login(owner)
    for token in (uuid.uuid4(), first.submission):  # and also from the same form, by the browser's back button
        response = send(client, ("a.png", drawn_film()), token=token)
        newest = Study.objects.latest("created_at")
        assert newest.pk != first.pk
        assert newest.state == State.QUEUED
        assert response["Location"] == newest.get_absolute_url()
    assert Study.objects.count() == 2, "the second time it waits already"


@pytest.mark.parametrize("gate", ["an earlier one", "today's"])
def test_a_film_that_an_earlier_gate_refused_may_be_analysed_again(owner: User, client: Client, gate: str) -> None:
    renewed = gate == "an earlier one"
    first = refused(owner, "0123456789abcdef" if renewed else gate_version())
    client.force_login(owner)
    assert (BUTTON in client.get(first.get_absolute_url()).content.decode()) == renewed
    assert (BUTTON in client.get(reverse("study_status", args=[first.pk])).content.decode()) == renewed
    send(client, ("a.png", drawn_film()))
    assert Study.objects.count() == 1 + renewed
    client.post(reverse("study_again", args=[first.pk]))
    first.refresh_from_db()
    assert first.state == (State.QUEUED if renewed else State.REJECTED)


def test_the_owner_has_a_failed_film_analysed_again_a_few_times(owner: User, client: Client) -> None:
    study = failed(owner)
    client.force_login(owner)
    address = reverse("study_again", args=[study.pk])
    assert client.get(address).status_code == 405
    for _ in range(OWNER_LIMIT):
        assert BUTTON in client.get(study.get_absolute_url()).content.decode()
        assert client.post(address)["Location"] == study.get_absolute_url()
        study.refresh_from_db()
        assert (study.state, study.reason_code) == (State.QUEUED, "")
        attempt = study.claim()
        assert attempt
        study.fail(attempt, "ERROR", "An error of ours.")
    assert BUTTON not in client.get(study.get_absolute_url()).content.decode()
    assert "cannot be reanalysed" in client.post(address, follow=True).content.decode()
    study.refresh_from_db()
    assert study.state == State.FAILED
    assert study.reanalyse(), "staff may"


def test_nobody_else_may_and_an_answer_is_not_asked_for_again(owner: User, stranger: User, client: Client) -> None:
    client.force_login(stranger)
    assert client.post(reverse("study_again", args=[failed(owner).pk])).status_code == 404
    done = analysed(owner, 1)
    client.force_login(owner)
    client.post(reverse("study_again", args=[done.pk]))
    done.refresh_from_db()
    assert done.state == State.DONE


def test_who_waits_again_has_waited_since_then(owner: User) -> None:
    study = analysed(owner)
    long_ago = timezone.now() - dt.timedelta(days=3)
    Study.objects.filter(pk=study.pk).update(created_at=long_ago, queued_at=long_ago, finished_at=long_ago)
    study.refresh_from_db()
    assert study.reanalyse()
    assert study.waited < dt.timedelta(minutes=1)
    attempt = study.claim()
    assert attempt
    again = analysed(owner, 1).prediction
    assert again
    study.complete(
        attempt, model_version=again.model_version, milliseconds=3.0, **predicted(0.1, "normal"),
    )  # fmt: skip
    assert (dashboard.median_seconds() or 0) < 60


def test_the_same_dicom_image_with_other_grey_values_is_pointed_out(owner: User, client: Client) -> None:
    pixels = phantoms.film(3, width=320, height=280)
    ticket = Ticket(owner=owner, token=uuid.uuid4(), confirmed_at=timezone.now())
    uids = {f"{level}InstanceUID": f"1.2.3.{level == 'SOP':d}" for level in ("Study", "Series", "SOP")}
    made = []
    for position, values in enumerate((pixels, pixels // 2 + 60)):
        film = read_radiograph(dicom_bytes(values, 8, ImagerPixelSpacing=[0.143, 0.143], **uids))
        made.append(store(ticket, position, "IM1", film).study)
    first, second = made
    assert first
    assert second
    assert first.uid_hash == second.uid_hash != ""
    assert "uid_hash" not in first.header
    client.force_login(owner)
    page = client.get(second.get_absolute_url()).content.decode()
    assert "Other studies of the same DICOM image" in page
    assert first.get_absolute_url() in page
    assert "0.143 mm" in page
    assert "same DICOM image" not in client.get(submitted(owner).get_absolute_url()).content.decode()


def test_the_migration_moves_what_earlier_studies_have(owner: User) -> None:
    study = analysed(owner)
    Study.objects.filter(pk=study.pk).update(
        header={**study.header, "uid_hash": "ab" * 32}, created_at=timezone.now() - dt.timedelta(days=9)
    )
    importlib.import_module("diagnosis.migrations.0005_asked_again_and_same_image").fill(apps, None)
    study.refresh_from_db()
    assert (study.uid_hash, "uid_hash" in study.header) == ("ab" * 32, False)
    assert study.queued_at == study.created_at
