"""The model card's page says what the card of the active version says: every figure from there, none without it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from diagnosis.models import ModelVersion
from diagnosis.results.card_sentences import as_radiographs
from diagnosis.results.error_rates import consequences
from diagnosis.results.exam_labels import GROUPS
from diagnosis.results.formatting import figure, measured, percent, rate, share
from diagnosis.results.intervals import Interval
from diagnosis.results.key_figures import stops
from ml import load_card
from tests.studies import model_version

pytestmark = pytest.mark.django_db
HEADINGS = ["Identity", "How it works", "Development data", "Performance"]
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
    card, output = load_card(), page(client)
    assert card.version in output
    assert card.sha256 in output
    for of in card.populations.values():
        for name, point in of.operating_points.items():
            assert percent(point.cuts.rule_out, 1) in output
            assert percent(point.cuts.rule_in, 1) in output
            for row in consequences(of, name).rows:
                for cell in row.cells:
                    assert f"<strong>{cell.of_100}</strong>" in output
        for one in of.bins:
            assert measured(Interval(one.observed, *one.ci), 1) in output
        assert figure(of.metrics["internal_test"]["auc"]) in output
        assert all(as_radiographs(limit) in output for limit in of.limits)


def test_the_whole_card_is_given_as_it_is(client: Client) -> None:
    answer = client.get(reverse("about_model_card"))
    assert f'href="{answer.request["PATH_INFO"]}"' in page(client)
    assert answer.json() == load_card().raw
    version = another_version()
    assert client.get(reverse("about_model_card")).json() == version.card


def test_the_first_screen_says_what_it_is_for_and_what_should_stop_a_naive_user(client: Client) -> None:
    first = page(client).partition('id="first-title"')[2].partition("</section>")[0]
    assert load_card().intended_use in first
    assert first.count("<li>") == 3
    of = load_card().first
    for stop in stops(of):
        assert stop.figure != "–", f"{stop.title} was measured"
        assert stop.figure in first
    assert figure(of.metrics["adults"]["auc"], 3) in first
    for of in load_card().populations.values():
        measured_on = of.metrics["internal_test"]
        assert f"<td>{figure(measured_on['auc'], 3)}</td>" in first
        errors = (measured_on[name]["value"] for name in ("ece", "ece_at_reference_prevalence"))
        assert f"<td>{'; '.join(percent(error, 1) for error in errors)}</td>" in first
        assert f"<td>{measured_on['films']}, {measured_on['patients']}</td>" in first
    assert "–<" not in first


def test_figures_are_rounded_and_not_cut_off() -> None:
    assert figure({"value": 0.9979, "ci": [0.9957, 0.9994]}) == "0.998 [0.996; 0.999]"
    assert figure(0.0288) == "0.029"


def test_all_of_a_few_films_is_not_a_hundred_percent() -> None:
    seen = Interval(1.0, 0.9695, 1.0)
    assert (share(seen), share(seen, 1)) == ("> 96\N{NO-BREAK SPACE}%", "> 96.9\N{NO-BREAK SPACE}%")
    assert share(Interval(1.0, 0.29, 1.0)) == "> 29\N{NO-BREAK SPACE}%", "0.29 is 28.999… times a hundredth to a float"
    assert share(Interval(0.0, 0.0, 0.031)) == "< 4\N{NO-BREAK SPACE}%"
    assert rate({"value": 1.0, "ci": [1.0, 1.0]}, 24) == "> 86.2\N{NO-BREAK SPACE}%", "by the score interval"


def test_the_two_calibration_errors_have_names_of_their_own(client: Client) -> None:
    output = page(client)
    assert "of which 74 %" in output.replace("\N{NO-BREAK SPACE}", " ")
    assert "weighted to 50 %" in output.replace("\N{NO-BREAK SPACE}", " ")


def test_the_groups_of_the_gate_s_exam_have_names_a_clinician_understands(client: Client) -> None:
    output = page(client)
    assert "cropped to 80 % of each dimension" in output
    assert "endoscopy picture (drawn)" in output
    assert [group for group in GROUPS if f">{group}<" in output and ": " in group] == []


def test_it_has_every_heading_that_a_model_card_is_asked_for(client: Client) -> None:
    found = re.findall(r"<h2[^>]*>([^<]+)</h2>", page(client))
    assert [heading for heading in HEADINGS if heading not in found] == []


def test_its_figures_are_drawings_that_can_do_nothing(client: Client) -> None:
    names = re.findall(r'<figure class="paper"><a href="(/about/model/[\w/-]+\.svg)"', page(client))
    assert len(names) >= 10
    for name in names:
        answer = client.get(name)
        assert answer.headers["Content-Type"] == "image/svg+xml"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_figures_and_failures_of_one_version_are_not_shown_for_another(client: Client) -> None:
    model_version()
    another_version()
    output = page(client)
    assert "1999.1.1" in output
    assert "/about/model/roc.svg" not in output
    assert 'id="failures"' not in output


def test_failures_are_shown_only_of_the_model_that_predicts(client: Client) -> None:
    told = json.loads((Path(settings.BASE_DIR) / "static/img/failures/failures.json").read_text())
    # After publishing a model, `python tools/draw_pictures.py failures` brings them back.
    assert ('id="failures"' in page(client)) == (told["sha256"] == load_card().first.published.sha256)


def test_the_foot_of_every_page_names_the_version_that_predicts(client: Client) -> None:
    another_version()
    assert "model 1999.1.1" in client.get(reverse("help")).text


def test_the_page_says_what_the_networks_of_today_see(client: Client) -> None:
    how = page(client).partition('id="how"')[2].partition("</details>")[0]
    assert "the second sees a crop to them as 192 × 192 grey pixels" in how
    assert "drawn from most of that crop" in how
    assert "sees the whole radiograph" not in how


@pytest.mark.parametrize(("alone", "title"), [(0.56, "It knows a little by"), (0.9, "It knows the classes by")])
def test_how_much_the_background_tells_is_put_as_it_was_measured(alone: float, title: str) -> None:
    of = load_card().first
    measured = {**of.metrics, "background": {"alone": {"auc": {"value": alone, "ci": [alone - 0.05, alone + 0.05]}}}}
    assert stops(replace(of, metrics=measured))[0].title.startswith(title)
