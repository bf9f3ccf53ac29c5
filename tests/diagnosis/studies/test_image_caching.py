"""A browser keeps a picture, but asks before each showing: after signing out or deleting it gets none."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from diagnosis import storage
from diagnosis.results import heatmap_image
from diagnosis.studies import images
from tests.diagnosis.reviews.drawn_readings import with_heat

pytestmark = pytest.mark.django_db
PICTURES = ["study_image", "study_thumbnail", "study_heatmap", "study_lungs"]


@pytest.mark.parametrize("picture", PICTURES)
def test_a_browser_that_has_it_is_told_so_without_reading_it(
    owner: User, client: Client, monkeypatch: pytest.MonkeyPatch, picture: str
) -> None:
    client.force_login(owner)
    address = reverse(picture, args=[with_heat(owner).pk])
    first = client.get(address)
    assert first["Cache-Control"] == "private, no-cache"

    def fail(*_arguments: Any) -> None:
        raise AssertionError("a picture was read")

    monkeypatch.setattr(storage, "open_file", fail)
    monkeypatch.setattr(heatmap_image, "colour", fail)
    monkeypatch.setattr(images, "outline", fail)
    again = client.get(address, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("picture", PICTURES)
def test_nobody_else_at_the_same_screen_sees_it_again(
    owner: User, stranger: User, client: Client, picture: str
) -> None:
    study = with_heat(owner)
    client.force_login(owner)
    address = reverse(picture, args=[study.pk])
    known = {"if-none-match": client.get(address)["ETag"]}
    client.logout()
    assert client.get(address, headers=known)["Location"].startswith(reverse("account_login"))
    client.force_login(stranger)
    assert client.get(address, headers=known).status_code == 404
    client.force_login(owner)
    client.post(reverse("study_delete", args=[study.pk]))
    assert client.get(address, headers=known).status_code == 404


def test_two_studies_are_never_taken_for_each_other(owner: User, client: Client) -> None:
    client.force_login(owner)
    studies = [with_heat(owner, seed) for seed in (1, 2)]
    tags = {client.get(reverse(picture, args=[study.pk]))["ETag"] for picture in PICTURES for study in studies}
    assert len(tags) == 8
