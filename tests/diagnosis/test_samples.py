"""Samples: their answers are what the shipped model says of the files shown; nothing is stored, nobody signs in."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from PIL import Image

from diagnosis.models import ModelVersion, Study
from diagnosis.samples.kept import DRAWN, kept, read_samples
from ml import Predictor, load_card
from tools.keep_samples import DRAWINGS, SAMPLES, gate_sha256, predict

RENEW = "The networks have changed: run `python tools/keep_samples.py` and look at the page."


def test_the_answers_kept_are_those_of_the_shipped_model_and_image_check() -> None:
    told = json.loads((SAMPLES / "samples.json").read_text("utf-8"))
    card = load_card()
    assert (told["version"], told["sha256"], told["gate_sha256"]) == (card.version, card.sha256, gate_sha256()), RENEW
    predictor = Predictor.load()
    assert [answered["name"] for answered in told["samples"]] == list(DRAWINGS) == list(DRAWN)
    for answered in told["samples"]:
        again, heat = predict(predictor, SAMPLES / f"{answered['name']}.webp")
        probability = again.pop("probability", 0.0)
        assert probability == pytest.approx(answered.pop("probability", 0.0), abs=0.01), RENEW
        assert {**again, "milliseconds": 0} == {**answered, "milliseconds": 0}, RENEW
        if heat is not None:
            with Image.open(SAMPLES / f"{answered['name']}-heat.webp") as stored:
                difference = np.abs(np.asarray(stored, float)[..., 3] - np.asarray(heat, float)[..., 3]).mean()
            assert difference < 3, "the heat map is another one"


@pytest.mark.django_db
@pytest.mark.parametrize("name", DRAWN)
def test_anyone_sees_a_drawn_radiograph_with_its_answer(client: Client, name: str) -> None:
    page = client.get(reverse("sample", args=[name])).text
    answers = kept()
    assert answers is not None
    sample = answers.samples[name]
    assert str(sample.drawn) in page
    assert "no patient behind them" in page
    assert load_card().version in page
    if sample.refused:
        assert sample.message in page
        assert "Probability of pneumonia" not in page
    else:
        assert "How often it is wrong" in page
    assert ("A false alarm." in page) == sample.false_alarm
    assert page.count("Not medical advice.") == 1
    assert not Study.objects.exists()
    assert not client.session.keys()


@pytest.mark.django_db
def test_the_samples_show_each_finding_a_refusal_and_an_adult_s_only_where_adults_are_answered(
    client: Client, settings: Any
) -> None:
    answers = kept()
    assert answers is not None
    assert {one.finding or "refused" for one in answers.samples.values()} == {
        "pneumonia", "indeterminate", "normal", "refused",
    }  # fmt: skip
    assert "hospitals it learned from" in client.get(reverse("sample", args=["adult"])).text
    settings.POPULATIONS = ["child"]
    assert client.get(reverse("sample", args=["adult"])).status_code == 404
    assert "An adult’s" not in client.get(reverse("landing")).text


@pytest.mark.django_db
def test_a_site_that_serves_another_version_says_so(client: Client) -> None:
    assert "serves model" not in client.get(reverse("sample_first")).text
    ModelVersion.objects.create(sha256="0" * 64, version="of this house", card={}, active=True)
    assert "serves model of this house now" in client.get(reverse("sample_first")).text


@pytest.mark.django_db
def test_without_the_card_that_answered_there_are_no_figures(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    other = dataclasses.replace(load_card(), version="another")
    monkeypatch.setattr("diagnosis.samples.views.load_card", lambda: other)
    page = client.get(reverse("sample_first")).text
    assert "Signs of pneumonia" in page
    assert "How often it is wrong" not in page


@pytest.mark.django_db
def test_nothing_leads_into_a_dead_end(client: Client, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get(reverse("sample", args=["nothing"])).status_code == 404
    assert reverse("sample_first") in client.get(reverse("landing")).text
    client.force_login(owner)
    assert reverse("sample_first") in client.get(reverse("studies")).text
    assert reverse("study_new") in client.get(reverse("sample_first")).text


@pytest.mark.django_db
def test_a_damaged_file_takes_the_samples_away_and_nothing_else(
    client: Client, monkeypatch: Any, tmp_path: Any
) -> None:
    broken = tmp_path / "samples.json"
    broken.write_text('{"version": 1}')
    monkeypatch.setattr("diagnosis.samples.kept.finders.find", lambda _name: str(broken))
    read_samples.cache_clear()
    try:
        assert client.get(reverse("sample_first")).status_code == 404
        assert client.get(reverse("landing")).status_code == 200
    finally:
        read_samples.cache_clear()
