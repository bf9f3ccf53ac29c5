"""The model card's page says what the card of the judging version says: every figure from there, none without it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from diagnosis.models import ModelVersion
from diagnosis.templatetags.look import figure, percent
from ml import load_card
from tests.studies import model_version

pytestmark = pytest.mark.django_db
HEADINGS = ["Identity", "Intended use and population", "How it works", "Development data", "Performance"]
HEADINGS += ["Known limits", "Reading the output", "Installation, monitoring and change"]


def page(client: Client) -> str:
    return client.get(reverse("about_model")).text.replace("&gt;", ">").replace("&lt;", "<").replace("&#x27;", "'")


def another_version() -> ModelVersion:
    """A version whose files are not on this machine any more; its card is kept."""
    card: dict[str, Any] = json.loads(json.dumps(load_card().raw))
    card["files"]["model.keras"] = "1" * 64
    ModelVersion.objects.update(active=False)
    return ModelVersion.objects.create(
        sha256="1" * 64, version="1999.1.1", card={**card, "version": "1999.1.1"}, active=True
    )


def test_every_measured_figure_is_the_card_s(client: Client) -> None:
    card, said = load_card(), page(client)
    assert card.version in said
    assert card.sha256 in said
    for point in card.operating_points.values():
        for value in (point.threshold, point.sensitivity, point.specificity, *point.sensitivity_ci):
            assert percent(value, 1) in said
    assert figure(card.metrics["internal_test"]["auc"]) in said
    assert all(limit in said for limit in card.limits)


def test_it_has_every_heading_that_a_model_card_is_asked_for(client: Client) -> None:
    found = re.findall(r"<h2[^>]*>([^<]+)</h2>", page(client))
    assert [heading for heading in HEADINGS if heading not in found] == []


def test_its_figures_are_drawings_that_can_do_nothing(client: Client) -> None:
    names = re.findall(r'<img src="(/about/model/[\w-]+\.svg)"', page(client))
    assert len(names) >= 5
    for name in names:
        answer = client.get(name)
        assert answer.headers["Content-Type"] == "image/svg+xml"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_figures_and_failures_of_one_version_are_not_shown_for_another(client: Client) -> None:
    model_version()
    another_version()
    said = page(client)
    assert "1999.1.1" in said
    assert "/about/model/roc.svg" not in said
    assert 'id="failures"' not in said


def test_failures_are_shown_only_of_the_model_that_judges(client: Client) -> None:
    told = json.loads((Path(settings.BASE_DIR) / "static/img/failures/failures.json").read_text())
    # After publishing a model, `python docs/draw_pictures.py failures` brings them back.
    assert ('id="failures"' in page(client)) == (told["sha256"] == load_card().sha256)


def test_the_foot_of_every_page_names_the_version_that_judges(client: Client) -> None:
    another_version()
    assert "model 1999.1.1" in client.get(reverse("help")).text
