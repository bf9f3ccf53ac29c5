"""The outline of the lungs: of the film's own shape, where the lungs are, and turned with the film."""

from __future__ import annotations

import io

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from numpy.typing import NDArray
from PIL import Image

from diagnosis.models import Study
from tests.diagnosis.reviews.drawn_readings import two_lungs, with_heat
from tests.studies import analysed

pytestmark = pytest.mark.django_db


def overlay(client: Client, study: Study, **query: str) -> NDArray[np.uint8]:
    response = client.get(reverse("study_lungs", args=[study.pk]), query)
    assert response["Content-Type"] == "image/png"
    with Image.open(io.BytesIO(response.content)) as picture:
        assert picture.mode == "RGBA"
        return np.asarray(picture)


def test_the_outline_is_a_thin_line_around_two_lungs_on_transparent_ground(owner: User, owner_client: Client) -> None:
    study = with_heat(owner)
    drawn = overlay(owner_client, study)
    height, width = drawn.shape[:2]
    assert (width, height) == (study.width, study.height)
    opaque = drawn[..., 3] > 128
    assert 0.005 < opaque.mean() < 0.06
    middle = opaque[int(height * 70 / 144)]
    edges = np.flatnonzero(middle) / width * 144
    for edge in (15, 65, 79, 129):
        assert np.abs(edges - edge).min() < 1.5
    assert not middle[int(width * 35 / 144) : int(width * 45 / 144)].any(), "the inside of a lung stays clear"


def test_it_turns_with_the_film(owner: User, owner_client: Client) -> None:
    study = with_heat(owner)
    Study.objects.filter(pk=study.pk).update(quarter_turns=1)
    shown, submitted = overlay(owner_client, study), overlay(owner_client, study, **{"as": "submitted"})
    assert shown.shape[:2] == (study.width, study.height)
    assert submitted.shape[:2] == (study.height, study.width)
    there = np.rot90(submitted[..., 3] > 128)
    assert (there & (shown[..., 3] > 128)).sum() > 0.7 * there.sum()


def test_there_is_none_where_no_lungs_were_found_or_looked_for(owner: User, owner_client: Client) -> None:
    assert owner_client.get(reverse("study_lungs", args=[analysed(owner).pk])).status_code == 404
    assert len(two_lungs()) < 3000, "what is stored with each prediction is small"
