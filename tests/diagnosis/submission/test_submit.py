"""Submitting films through the page: what is taken, what is refused and in which words."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from diagnosis import storage
from diagnosis.models import Study
from diagnosis.submission import intended_use
from ml import phantom
from tests import phantoms
from tests.studies import drawn_film

pytestmark = pytest.mark.django_db


def send(client: Client, *files: tuple[str, bytes], **fields: Any) -> HttpResponse:
    """Submit files with the confirmation ticked."""
    uploads = [SimpleUploadedFile(name, data) for name, data in files]
    data = {"films": uploads, "intended_use": "on", **fields}
    headers = {"accept": "application/json"} if fields.pop("as_json", False) else {}
    return client.post(reverse("study_new"), data, headers=headers)  # type: ignore[return-value]


def files_on_disk() -> list[Path]:
    return [path for path in Path(settings.FILMS_DIR).rglob("*") if path.is_file()]


def test_a_film_becomes_a_waiting_study_with_its_label_and_confirmation(owner: User, client: Client) -> None:
    client.force_login(owner)
    response = send(client, ("a.png", drawn_film()), label="left lower lobe")
    study = Study.objects.get()
    assert response["Location"] == reverse("study", args=[study.pk])
    assert (study.owner, study.label, study.state) == (owner, "left lower lobe", "queued")
    assert study.intended_use_version == intended_use.VERSION
    assert (study.width, study.height) == (320, 280)


def test_what_is_stored_is_private_and_without_metadata(owner: User, client: Client) -> None:
    client.force_login(owner)
    send(client, ("a.jpg", phantom.jpeg(phantoms.film(1, width=320, height=280))))
    study = Study.objects.get()
    with storage.open_film(study) as stored:
        assert b"Exif" not in stored.read()
    for path in files_on_disk():
        assert path.stat().st_mode & 0o077 == 0, f"{path} is open to others"


def test_without_the_confirmation_nothing_is_taken(owner: User, client: Client) -> None:
    client.force_login(owner)
    response = client.post(reverse("study_new"), {"films": SimpleUploadedFile("a.png", drawn_film())})
    assert "Please confirm" in response.content.decode()
    assert not Study.objects.exists()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("text.png", b"this is not a picture"),
        ("empty.png", b""),
        ("truncated.jpg", phantom.jpeg(phantoms.film(2, width=320, height=280))[:2000]),
        ("page.html", b"<html><script>alert(1)</script></html>"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ],
)
def test_a_bad_file_is_refused_in_words_and_leaves_nothing(owner: User, client: Client, name: str, data: bytes) -> None:
    client.force_login(owner)
    response = send(client, (name, data))
    assert response.status_code == 200
    assert name in response.content.decode()
    assert not Study.objects.exists()
    assert not files_on_disk()


def test_a_file_that_is_too_large_is_not_even_read(owner: User, client: Client, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 1000
    client.force_login(owner)
    assert "MB are taken" in send(client, ("a.png", drawn_film())).content.decode()


def test_sixty_files_at_once_are_refused_as_a_whole(owner: User, client: Client) -> None:
    client.force_login(owner)
    response = send(client, *[(f"{n}.png", b"x") for n in range(60)])
    assert "60 files were sent; at most 50" in response.content.decode()


def test_one_bad_file_costs_the_good_ones_nothing(owner: User, client: Client) -> None:
    client.force_login(owner)
    response = send(client, ("good.png", drawn_film(1)), ("bad.png", b"no"), ("fine.png", drawn_film(2)))
    assert Study.objects.count() == 2
    assert "bad.png" in response.content.decode()


def test_a_second_click_makes_no_second_study(owner: User, client: Client) -> None:
    client.force_login(owner)
    token = uuid.uuid4()
    first = send(client, ("a.png", drawn_film()), token=token)
    second = send(client, ("a.png", drawn_film()), token=token)
    assert first["Location"] == second["Location"]
    assert Study.objects.count() == 1


def test_another_film_in_a_form_that_was_used_before_is_another_study(owner: User, client: Client) -> None:
    client.force_login(owner)
    token = uuid.uuid4()
    first = send(client, ("a.png", drawn_film(1)), token=token)
    second = send(client, ("b.png", drawn_film(2)), token=token)
    assert first["Location"] != second["Location"]


def test_the_same_pixels_in_another_file_lead_to_the_earlier_result(owner: User, client: Client) -> None:
    client.force_login(owner)
    pixels = phantoms.film(3, width=320, height=280)
    send(client, ("a.png", phantom.png(pixels)))
    buffer = io.BytesIO(phantom.png(pixels))
    response = send(client, ("renamed.png", buffer.read() + b"trailing bytes change the file, not the film"))
    assert response["Location"] == reverse("study", args=[Study.objects.get().pk])
    send(client, ("a.png", phantom.png(pixels)), again="on")
    assert Study.objects.count() == 2


def test_the_same_pixels_under_another_age_or_population_are_another_film(owner: User, client: Client) -> None:
    client.force_login(owner)
    pixels = phantoms.film(3, width=320, height=280)

    def studies_after(data: bytes, population: str = "") -> int:
        send(client, ("a", data), population=population)
        return Study.objects.count()

    child, old = (phantom.dicom(pixels, bits=8, age=age, seed=1) for age in ("003Y", "081Y"))
    assert [studies_after(data) for data in (child, old, child, old)] == [1, 2, 2, 2]
    assert studies_after(phantom.png(pixels), "adult") == 2, "a header states whose film it is"
    Study.objects.all().delete()
    picture = phantom.png(pixels)
    assert [studies_after(picture, whose) for whose in ("child", "adult", "adult", "child")] == [1, 2, 2, 2]


def test_another_person_may_submit_the_same_film(owner: User, stranger: User, client: Client) -> None:
    for person in (owner, stranger):
        client.force_login(person)
        send(client, ("a.png", drawn_film()))
    assert Study.objects.count() == 2


def test_a_zip_is_unpacked_and_a_bomb_is_not(owner: User, client: Client) -> None:
    client.force_login(owner)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("films/one.png", drawn_film(4))
        archive.writestr("films/two.png", drawn_film(5))
        archive.writestr("__MACOSX/._one.png", b"rubbish")
    send(client, ("films.zip", packed.getvalue()))
    assert Study.objects.count() == 2
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.png", b"\0" * 50_000_000)
    assert "too much" in send(client, ("bomb.zip", bomb.getvalue())).content.decode()


def test_a_disk_that_takes_nothing_is_reported_and_costs_no_500(owner: User, client: Client, settings: Any) -> None:
    client.force_login(owner)
    blocked = Path(settings.FILMS_DIR)
    blocked.rmdir()
    blocked.write_text("a file where the folder should be")
    assert "could not be stored" in send(client, ("a.png", drawn_film())).content.decode()
    assert not Study.objects.exists()


def test_a_script_gets_json(owner: User, client: Client) -> None:
    client.force_login(owner)
    answer = json.loads(send(client, ("a.png", drawn_film()), ("b.png", b"no"), as_json=True).content)
    good, bad = answer["outcomes"]
    assert good["url"] == Study.objects.get().get_absolute_url()
    assert bad["error"]


def test_a_stranger_to_the_site_is_asked_to_sign_in(client: Client) -> None:
    assert send(client, ("a.png", drawn_film()))["Location"].startswith(reverse("account_login"))
