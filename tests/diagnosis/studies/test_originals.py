"""The submitted file: not kept, unless the site says so; then its owner's alone, and gone with the study."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.conf import settings as site
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from diagnosis import storage
from diagnosis.models import Study
from tests import phantoms
from tests.diagnosis.submission.test_submit import files_on_disk, send
from tests.dicom_files import dicom_bytes

pytestmark = pytest.mark.django_db
DICOM = dicom_bytes(phantoms.film(6, width=320, height=280), 8, PatientName="DOE^JANE")
NOTICE = "This site keeps the submitted files as well"


def kept(owner: User, client: Client, settings: Any) -> tuple[Study, str]:
    """A study of a DICOM file on a site that keeps them, and the file's address."""
    settings.KEEP_ORIGINALS = True
    client.force_login(owner)
    send(client, ("IM0001", DICOM))
    study = Study.objects.get()
    return study, reverse("study_original", args=[study.pk])


def test_it_is_not_kept_by_default(owner: User, client: Client) -> None:
    client.force_login(owner)
    send(client, ("IM0001", DICOM))
    study = Study.objects.get()
    assert not [path for path in files_on_disk() if b"DOE" in path.read_bytes()]
    address = reverse("study_original", args=[study.pk])
    assert client.get(address).status_code == 404
    assert address not in client.get(study.get_absolute_url()).text
    assert NOTICE not in client.get(reverse("study_new")).text + client.get(reverse("about_privacy")).text


def test_its_owner_downloads_it_byte_for_byte(owner: User, client: Client, settings: Any) -> None:
    study, address = kept(owner, client, settings)
    assert address in client.get(study.get_absolute_url()).text
    response = client.get(address)
    assert b"".join(response.streaming_content) == DICOM  # type: ignore[attr-defined]
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == f'attachment; filename="{study.pk}.dcm"'
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    with zipfile.ZipFile(io.BytesIO(b"".join(client.get(reverse("account_export")).streaming_content))) as archive:  # type: ignore[attr-defined]
        assert archive.read(f"originals/{study.pk}.dcm") == DICOM


def test_nobody_else_does(owner: User, stranger: User, admin_user: User, client: Client, settings: Any) -> None:
    _study, address = kept(owner, client, settings)
    for other in (stranger, admin_user):
        client.force_login(other)
        assert client.get(address).status_code == 404
    client.logout()
    assert client.get(address).status_code == 302


def test_it_goes_with_the_study(
    owner: User, client: Client, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    study, _address = kept(owner, client, settings)
    path = site.FILMS_DIR / storage.name_of(study.pk, storage.ORIGINAL)
    assert path.stat().st_mode & 0o077 == 0
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("study_delete", args=[study.pk]))
    assert not files_on_disk()


def test_a_site_that_keeps_it_says_so_before_and_in_its_privacy_page(
    owner: User, client: Client, settings: Any
) -> None:
    settings.KEEP_ORIGINALS = True
    assert NOTICE in client.get(reverse("about_privacy")).text
    assert "everything in it that is not the picture" not in client.get(reverse("about_privacy")).text
    client.force_login(owner)
    assert NOTICE in client.get(reverse("study_new")).text
