"""Who may see what: a person their own studies, a stranger nothing, staff films only with the permission for it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from tests.studies import analysed, submitted

pytestmark = pytest.mark.django_db
PAGES = ["study", "study_status", "study_image", "study_thumbnail", "study_heatmap", "study_lungs", "study_delete"]


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_gets_404_for_everything(owner: User, stranger: User, client: Client, page: str) -> None:
    study = submitted(owner)
    client.force_login(stranger)
    assert client.get(reverse(page, args=[study.pk])).status_code == 404


def test_a_stranger_cannot_delete(owner: User, stranger: User, client: Client) -> None:
    study = submitted(owner)
    client.force_login(stranger)
    assert client.post(reverse("study_delete", args=[study.pk])).status_code == 404
    study.refresh_from_db()


@pytest.mark.parametrize("page", [page for page in PAGES if page != "study_status"])
def test_nobody_signed_in_is_sent_to_the_sign_in_page(owner: User, client: Client, page: str) -> None:
    address = reverse(page, args=[submitted(owner).pk])
    assert client.get(address)["Location"].startswith(reverse("account_login"))


def test_a_poll_from_an_expired_session_gets_403_not_a_sign_in_page(owner: User, client: Client) -> None:
    assert client.get(reverse("study_status", args=[submitted(owner).pk])).status_code == 403


@pytest.mark.parametrize(("page", "kind"), [("study_image", "image/png"), ("study_thumbnail", "image/jpeg")])
def test_the_owner_sees_the_pictures_and_no_shared_cache_may_keep_them(
    owner: User, client: Client, page: str, kind: str
) -> None:
    client.force_login(owner)
    response = client.get(reverse(page, args=[submitted(owner).pk]))
    assert response["Content-Type"] == kind
    assert b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert "private" in response["Cache-Control"]


def test_a_front_server_may_send_the_films(owner: User, client: Client, settings: object) -> None:
    settings.SENDFILE = "x-accel"  # type: ignore[attr-defined]
    study = submitted(owner)
    client.force_login(owner)
    response = client.get(reverse("study_image", args=[study.pk]))
    assert str(study.pk) in response["X-Accel-Redirect"]
    assert not response.content


def test_a_film_that_is_gone_is_404_not_500(owner: User, client: Client) -> None:
    from diagnosis import storage

    study = submitted(owner)
    storage.remove([study.pk])
    client.force_login(owner)
    assert client.get(reverse("study_image", args=[study.pk])).status_code == 404


def test_deleting_takes_row_files_and_predictions(
    owner: User, client: Client, django_capture_on_commit_callbacks: object
) -> None:
    from diagnosis import storage
    from diagnosis.models import Prediction, Study

    study = analysed(owner)
    client.force_login(owner)
    assert "Delete this study?" in client.get(reverse("study_delete", args=[study.pk])).content.decode()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        client.post(reverse("study_delete", args=[study.pk]))
    assert not Study.objects.exists()
    assert not Prediction.objects.exists()
    with pytest.raises(FileNotFoundError):
        storage.open_film(study)


def test_staff_need_a_permission_of_its_own_to_see_films(owner: User, reviewer: User, client: Client) -> None:
    study = submitted(owner)
    reviewer.user_permissions.add(Permission.objects.get(codename="view_study"))
    client.force_login(reviewer)
    listing, picture = (
        reverse("admin:diagnosis_study_changelist"),
        reverse("admin:diagnosis_study_picture", args=[study.pk, "film"]),
    )
    assert "<img" not in client.get(listing).content.decode().split("result_list")[1]
    assert client.get(picture).status_code == 403
    reviewer.user_permissions.add(Permission.objects.get(codename="view_film"))
    client.force_login(User.objects.get(pk=reviewer.pk))
    assert client.get(picture).status_code == 200


def test_who_was_refused_is_logged_by_number(
    owner: User, stranger: User, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    path = submitted(owner).get_absolute_url()
    client.force_login(stranger)
    client.get(path)
    client.logout()
    client.get("/no-such-page/")
    assert f"Not Found: {path} (person {stranger.pk})" in caplog.text
    assert "Not Found: /no-such-page/ (person unknown)" in caplog.text
    assert "stranger" not in caplog.text
