"""Boxes and arrows: kept with the review, shown to the reader, in report, exports and API; nothing else is taken."""

from __future__ import annotations

import json

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from PIL import Image

from diagnosis.models import Review
from diagnosis.report.images import marked
from diagnosis.reviews.marks import MOST, MarksField, in_words
from tests.diagnosis.reviews.drawn_readings import read_first, with_heat
from tests.studies import analysed

pytestmark = pytest.mark.django_db
BOX = {"kind": "box", "x1": 20, "y1": 30, "x2": 120, "y2": 90}
ARROW = {"kind": "arrow", "x1": 10, "y1": 10, "x2": 60, "y2": 70}
READING = {"review-finding": "pneumonia", "review-certainty": "high"}


def test_marks_are_kept_with_the_review_and_drawn_where_they_were(owner: User, owner_client: Client) -> None:
    study = with_heat(owner)
    answers = {**READING, "review-agreement": "agree", "review-marks": json.dumps([BOX, ARROW])}
    owner_client.post(reverse("study_review", args=[study.pk]), answers)
    assert Review.objects.get().marks == [BOX, ARROW]
    text = owner_client.get(study.get_absolute_url()).text
    drawn = text[text.index("data-marks") :].partition("</svg>")[0]
    assert 'points="20,30 120,30 120,90 20,90"' in drawn
    assert 'x1="10" y1="10" x2="60" y2="70"' in drawn


def test_who_reads_first_may_mark_before_the_answer_is_shown(owner: User, owner_client: Client) -> None:
    read_first(owner)
    study = with_heat(owner)
    assert "data-marks-field" in owner_client.get(study.get_absolute_url()).text
    owner_client.post(reverse("study_review", args=[study.pk]), {**READING, "review-marks": json.dumps([BOX])})
    assert Review.objects.get().marks == [BOX]


@pytest.mark.parametrize(
    "sent",
    [
        "no JSON",
        '{"kind": "box"}',
        json.dumps([{**BOX, "kind": "circle"}]),
        json.dumps([{**BOX, "x2": 100_000}]),
        json.dumps([{**BOX, "x1": -1}]),
        json.dumps([{**BOX, "x1": 1.5}]),
        json.dumps([{**BOX, "x1": True}]),
        json.dumps([BOX] * (MOST + 1)),
    ],
)
def test_what_the_viewer_does_not_write_is_refused(sent: str) -> None:
    with pytest.raises(ValidationError):
        MarksField(size=(320, 280)).clean(sent)


def test_nothing_but_kind_and_ends_is_kept_and_no_marks_are_none() -> None:
    assert MarksField(size=(320, 280)).clean(json.dumps([{**BOX, "note": "<script>"}])) == [BOX]
    assert MarksField(size=(320, 280)).clean("") == []


def test_exports_and_the_api_hold_the_marks(owner: User, owner_client: Client) -> None:
    study = analysed(owner)
    answers = {**READING, "review-agreement": "agree", "review-marks": json.dumps([BOX])}
    owner_client.post(reverse("study_review", args=[study.pk]), answers)
    assert in_words([BOX]) == ["box 20 30 120 90"]
    (row,) = json.loads(owner_client.get(reverse("studies_export_json")).getvalue())["studies"]
    assert row["my_marks"] == ["box 20 30 120 90"]
    assert b"box 20 30 120 90" in owner_client.get(reverse("studies_export_csv")).getvalue()
    reviews = owner_client.get(f"/api/v1/studies/{study.pk}/reviews/").json()
    assert reviews[0]["marks"] == [BOX]


def test_the_report_draws_them_on_a_copy() -> None:
    film = Image.new("L", (160, 140))
    drawn = np.asarray(marked(film, [BOX, ARROW], (320, 280)))
    assert drawn[15, 30].tolist() == [255, 209, 102], "the box's upper edge, at half the size"
    assert drawn[20, 17].any(), "the arrow"
    assert not np.asarray(film).any()
