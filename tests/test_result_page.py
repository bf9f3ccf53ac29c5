"""The result page: the finding in words, the probability, how often the model is wrong, what warns, what explains."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from diagnosis.models import Study
from ml import load_card
from tests.readings import with_heat
from tests.studies import judged, submitted

pytestmark = pytest.mark.django_db


def page(client: Client, study: Study) -> str:
    response = client.get(study.get_absolute_url())
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode().replace("\N{NO-BREAK SPACE}", " "))


def test_the_finding_comes_in_words_before_any_number_of_the_panel(owner: User, owner_client: Client) -> None:
    text = page(owner_client, judged(owner, probability=0.873))
    panel = text[text.index('class="finding-card') :]
    assert panel.index("Signs of pneumonia") < panel.index("87 %")


def test_the_scale_shows_all_three_operating_points_and_the_zone(owner: User, owner_client: Client) -> None:
    text = page(owner_client, judged(owner))
    scale = text[text.index('class="scale scale-points') : text.index("</svg>", text.index("scale-points"))]
    assert scale.count('class="scale-cut') == 3
    assert scale.count("is-used") == 2  # the line and the label of the point that was used
    zone = load_card().indeterminate
    assert ("scale-zone" in scale) is (zone.high > zone.low)


def test_the_error_rates_are_those_of_the_card_at_the_point_used(owner: User, owner_client: Client) -> None:
    point = load_card().operating_points["screening"]
    text = page(owner_client, judged(owner, operating_point="screening", threshold=point.threshold))
    missed, alarms = round(100 * (1 - point.sensitivity)), round(100 * (1 - point.specificity))
    assert f'<strong class="num">{missed}</strong> missed' in text
    assert f'<strong class="num">{alarms}</strong> false alarms' in text
    elsewhere = round(100 * (1 - point.shifted["sensitivity"]["value"]))
    assert f'elsewhere about <strong class="num">{elsewhere}</strong>' in text


def test_the_table_says_what_each_operating_point_would_have_said(owner: User, owner_client: Client) -> None:
    card = load_card()
    text = page(owner_client, judged(owner, probability=0.6))
    rows = re.findall(r"<tr.*?</tr>", text[text.index("table-points") :])[1:4]
    for row, name in zip(rows, card.operating_points, strict=True):
        assert f"finding-{card.finding(0.6, name)}" in row


def test_warnings_of_intake_and_of_the_model_are_both_shown(owner: User, owner_client: Client) -> None:
    study = with_heat(owner)
    notice = {"code": "BURNED_IN_TEXT", "message": "There seems to be writing.", "advice": "Check it."}
    Study.objects.filter(pk=study.pk).update(notices=[notice])
    text = page(owner_client, study)
    assert text.count("result-warning") == 2
    assert "There seems to be writing." in text
    assert "Unlike the films it learned from." in text
    assert "raised no warning" not in text


def test_disclaimers_population_version_and_time_are_there(owner: User, owner_client: Client) -> None:
    card = load_card()
    text = page(owner_client, judged(owner))
    for words in ("Accuracy.", "Not medical advice.", "not a diagnosis", card.version, card.sha256[:16], "3.0 ms"):
        assert words in text
    assert card.population[:40] in text


def test_an_indeterminate_film_is_said_to_need_a_person(owner: User, owner_client: Client) -> None:
    text = page(owner_client, judged(owner, finding="indeterminate", probability=0.5))
    assert "this film needs a person" in text


def test_earlier_answers_stay_as_they_were_said(owner: User, owner_client: Client) -> None:
    study = judged(owner, probability=0.91)
    study.analyse_again()
    attempt = study.claim()
    assert attempt is not None
    version = study.predictions.get().model_version
    study.complete(attempt, model_version=version, finding="normal", probability=0.04, operating_point="balanced",
                   threshold=0.5, milliseconds=2.0)  # fmt: skip
    text = page(owner_client, study)
    assert "4 %" in text[text.index("finding-card") : text.index("How often")]
    assert "91 %" in text[text.index("Earlier answers") :]


def test_a_rejected_film_has_no_number_and_no_heat_map(owner: User, owner_client: Client) -> None:
    study = submitted(owner)
    attempt = study.claim()
    assert attempt is not None
    study.reject(attempt, "NOT_A_CHEST_FILM", "This is not a chest film.", "Submit a frontal film.")
    text = page(owner_client, study)
    assert "This is not a chest film." in text
    assert "data-heat" not in text
    assert "Heat map" not in text
    assert "finding-card" not in text
    assert owner_client.get(reverse("study_heatmap", args=[study.pk])).status_code == 404


def test_the_page_keeps_to_the_strict_policy_of_content(owner: User, owner_client: Client) -> None:
    text = page(owner_client, with_heat(owner))
    assert " style=" not in text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"\son[a-z]+=", text)


def test_the_page_takes_few_queries(owner: User, owner_client: Client, django_assert_max_num_queries: object) -> None:
    study = with_heat(owner)
    page(owner_client, study)  # the card is parsed once in a process
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        page(owner_client, study)
