"""The result page: the finding in words, the probability, how often the model is wrong, what warns, what explains."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from diagnosis.models import ModelVersion, Preferences, Study
from diagnosis.results import context, gate_checks
from diagnosis.results.error_rates import consequences
from diagnosis.results.formatting import percent
from diagnosis.results.predictive_values import moved_to
from diagnosis.results.stated_probability import WIDEST, stated
from diagnosis.templating import nodes
from ml import load_card
from ml.inference.gate.check import INVERSION_CORRECTED, LOOKS_ADULT, ROTATION_CORRECTED, UNLIKE_TRAINING_FILMS
from ml.inference.gate.rules import codes
from tests.diagnosis.reviews.drawn_readings import reading, with_heat
from tests.studies import analysed, predicted, submitted

pytestmark = pytest.mark.django_db


def page(client: Client, study: Study) -> str:
    response = client.get(study.get_absolute_url())
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode().replace("\N{NO-BREAK SPACE}", " "))


def test_the_finding_comes_in_words_before_any_number_of_the_panel(owner: User, owner_client: Client) -> None:
    text = page(owner_client, analysed(owner, probability=0.873))
    panel = text[text.index('class="finding-card') :]
    assert panel.index("Signs of pneumonia") < panel.index("87 %")


def test_the_scale_is_cut_by_the_rule_in_force_and_the_table_holds_the_pair_of_each_operating_point(
    owner: User, owner_client: Client
) -> None:
    text = page(owner_client, analysed(owner))
    scale = text[text.index('class="scale scale-cuts') : text.index("</svg>", text.index("scale-cuts"))]
    assert scale.count('class="scale-band') == 1
    assert scale.count('class="scale-cut') == 2
    points = load_card().first.operating_points
    cuts = points["balanced"].cuts
    assert f"no signs of pneumonia below {percent(cuts.rule_out)}".replace("\N{NO-BREAK SPACE}", " ") in scale
    table = text[text.index("table-points") :].partition("</table>")[0]
    for point in points.values():
        pair = f"{percent(point.cuts.rule_out)} – {percent(point.cuts.rule_in)}"
        assert pair.replace("\N{NO-BREAK SPACE}", " ") in table


def test_the_error_rates_are_those_of_the_card_at_the_point_used(owner: User, owner_client: Client) -> None:
    of = load_card().first
    text = page(owner_client, analysed(owner, **predicted(0.87, operating_point="screening")))
    table = text[text.index("Of 100 such patients, at the operating point used") :].partition("</table>")[0]
    for row in consequences(of, "screening").rows:
        for cell in row.cells:
            assert f"<strong>{cell.of_100}</strong>" in table
    assert "Of 100 such patients, radiographs altered by a program" in text


def test_none_among_few_films_is_not_called_none_of_100(
    owner: User, owner_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "_card", context._card.__wrapped__)  # a card that changes must not be remembered
    monkeypatch.setattr(nodes, "_fragments", {})  # … nor what is drawn of it
    study = analysed(owner)
    version = ModelVersion.objects.get(active=True)
    points = version.card["populations"]["child"]["operating_points"]
    row = next(point for point in points if point["name"] == "balanced")["table"]["normal"]
    low, high = 0.0, 0.0305
    row["pneumonia"] |= {"films": 0, "share": 0.0, "ci": [low, high]}
    row["normal"]["films"] = row["films"] - row["indeterminate"]["films"]
    version.save()
    Preferences.objects.create(user=owner, prevalence=0.2)
    for address in (study.get_absolute_url(), reverse("preferences"), reverse("about_model")):
        text = re.sub(r"\s+", " ", owner_client.get(address).text.replace("\N{NO-BREAK SPACE}", " "))
        assert "0, at most 4" in text, address
        assert not re.findall(r"<(?:td|dd)[^>]*>\s*100(?:\.0)? %", text), address
    assert "&gt; " in page(owner_client, study), "the positive predictive value"


def test_the_headline_is_at_the_person_s_prevalence_and_the_other_stands_beside_it(
    owner: User, owner_client: Client
) -> None:
    of = load_card().first
    study = analysed(owner, probability=0.97)
    without = page(owner_client, study)
    assert "Probability of pneumonia if 50 % have it" in without
    Preferences.objects.create(user=owner, prevalence=0.1)
    own, there = stated(of, 0.97, 0.1), stated(of, 0.97)
    text = page(owner_client, study)
    panel = text[text.index('class="finding-card') :].partition("</section>")[0]
    assert f'<strong class="num">{escape(str(own))}</strong>'.replace("\N{NO-BREAK SPACE}", " ") in panel
    assert "where 10 % have it, as you entered" in panel
    assert f'<strong class="num">{escape(str(there))}</strong>'.replace("\N{NO-BREAK SPACE}", " ") in panel
    assert own.value == pytest.approx(moved_to(0.97, 0.5, 0.1))


def test_a_probability_is_never_shown_sharper_than_its_measured_bin() -> None:
    of = load_card().first
    for p in np.linspace(0.006, 0.994, 200):
        for prevalence in (None, 0.05, 0.9):
            shown, measured = stated(of, float(p), prevalence), of.bin_of(float(p))
            if shown.supported is None:
                assert measured is not None
                assert measured.ci[0] <= p <= measured.ci[1]
                assert measured.ci[1] - measured.ci[0] <= WIDEST
            else:
                assert shown.supported.low <= shown.value <= shown.supported.high
                assert re.search("[–<>]", str(shown))


def test_every_check_of_the_gate_is_listed_with_its_outcome(owner: User, owner_client: Client) -> None:
    study = analysed(
        owner, warnings=[{"code": "ROTATION_CORRECTED", "message": "Turned.", "advice": "", "parameters": {}}]
    )
    panel = page(owner_client, study).partition('id="checks-title"')[2].partition("</section>")[0]
    assert panel.count('class="check-passed"') == 8, "but for the turn and the side marker drawn in the margin"
    assert "was turned; shown upright, to the model and here" in panel


def test_a_refused_film_lists_the_check_it_failed_alone(owner: User, owner_client: Client) -> None:
    study = submitted(owner)
    attempt = study.claim()
    assert attempt is not None
    study.reject(attempt, "NOT_FRONTAL", "This looks like a lateral or oblique view.")
    panel = page(owner_client, study).partition('id="checks-title"')[2].partition("</section>")[0]
    assert (panel.count("check-refused"), panel.count("check-passed")) == (1, 0)
    assert "it looks lateral or oblique" in panel


def test_a_refused_film_has_a_report_and_a_way_to_the_next_film(owner: User, owner_client: Client) -> None:
    study = submitted(owner)
    attempt = study.claim()
    assert attempt is not None
    assert "PDF report" not in page(owner_client, study), "not while it is being analysed"
    study.reject(attempt, "NOT_FRONTAL", "This looks like a lateral or oblique view.")
    text = page(owner_client, study)
    assert f'href="{reverse("study_report", args=[study.pk])}"' in text
    assert "Submit another radiograph" in text


def test_one_cause_gives_one_warning(owner: User, owner_client: Client) -> None:
    two = [
        {"code": code, "message": f"{code}!", "advice": "", "parameters": {}}
        for code in ("AGE_OUTSIDE_POPULATION", "LOOKS_ADULT")
    ]
    study = analysed(owner, warnings=two)
    assert "LOOKS_ADULT!" not in page(owner_client, study)
    study.predictions.update(warnings=two[1:])
    assert "LOOKS_ADULT!" in page(owner_client, study)


def test_every_code_of_gate_and_intake_belongs_to_a_check() -> None:
    known = {code for _name, _passed, remarks in gate_checks.CHECKS for code in remarks}
    assert {*codes(), "OUTSIDE_POPULATIONS"} == gate_checks.REFUSALS
    assert {LOOKS_ADULT.code, UNLIKE_TRAINING_FILMS.code, INVERSION_CORRECTED.code, ROTATION_CORRECTED.code} <= known
    assert known >= gate_checks.REFUSALS


def test_the_table_says_what_each_operating_point_would_have_answered(owner: User, owner_client: Client) -> None:
    card = load_card().first
    text = page(owner_client, analysed(owner, probability=0.6))
    rows = re.findall(r"<tr.*?</tr>", text[text.index("table-points") :])[1:4]
    for row, name in zip(rows, card.operating_points, strict=True):
        assert f"finding-{card.finding(0.6, name)}" in row


def test_warnings_of_intake_and_of_the_model_are_both_shown(owner: User, owner_client: Client) -> None:
    study = with_heat(owner)
    notice = {
        "code": "BURNED_IN_TEXT",
        "message": "There seems to be writing.",
        "advice": "Check it.",
        "parameters": {},
    }
    Study.objects.filter(pk=study.pk).update(notices=[notice])
    text = page(owner_client, study)
    assert text.count('class="alert alert-warning alert-icon result-warning"') == 2
    assert "There seems to be writing." in text
    assert "Unlike the films it learned from." in text


def test_disclaimers_population_version_and_time_are_there(owner: User, owner_client: Client) -> None:
    card = load_card()
    text = page(owner_client, analysed(owner))
    for words in ("Accuracy:", "Not medical advice.", "not a diagnosis", card.version, card.sha256[:16], "3.0 ms"):
        assert words in text
    assert card.first.description[:40] in text


def test_an_indeterminate_film_is_reported_to_need_a_person(owner: User, owner_client: Client) -> None:
    text = page(owner_client, analysed(owner, finding="indeterminate", probability=0.5))
    assert "this radiograph needs a person" in text


def test_earlier_answers_stay_as_they_were(owner: User, owner_client: Client) -> None:
    study = analysed(owner, probability=0.91)
    study.reanalyse()
    attempt = study.claim()
    assert attempt is not None
    version = study.predictions.get().model_version
    study.complete(attempt, model_version=version, milliseconds=2.0, **predicted(0.02))
    text = page(owner_client, study)
    assert "2 %" in text[text.index("finding-card") : text.index("data-tabs")]
    assert "91 %" in text[text.index("Earlier answers") :]


def test_it_leads_to_the_neighbouring_studies_of_the_same_person(
    owner: User, stranger: User, owner_client: Client
) -> None:
    older, here, newer = (analysed(owner, seed) for seed in range(3))
    analysed(stranger, 3)
    text = page(owner_client, here)
    assert f'rel="prev" href="{newer.get_absolute_url()}"' in text
    assert f'rel="next" href="{older.get_absolute_url()}"' in text
    assert 'rel="prev"' not in page(owner_client, newer)
    assert 'rel="next"' not in page(owner_client, older)


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


def test_the_page_takes_four_queries_and_two_more_once_it_is_read(
    owner: User, owner_client: Client, django_assert_num_queries: Any
) -> None:
    with_heat(owner, 1)
    study = with_heat(owner)
    page(owner_client, study)  # the card is parsed once in a process
    with django_assert_num_queries(4):  # session; person; study with its neighbours; predictions
        page(owner_client, study)
    reading(study, owner, "normal", agreement="disagree")
    with django_assert_num_queries(6):  # and reviews; diagnosis
        assert "Change your review" in page(owner_client, study)


def test_what_is_rendered_once_is_rendered_for_each_language_and_prevalence(owner: User, owner_client: Client) -> None:
    study = analysed(owner)
    english = page(owner_client, study)
    german = owner_client.get(study.get_absolute_url(), headers={"accept-language": "de"}).text
    assert "Of 100 such patients, at the operating point used" in english
    assert "Of 100 such patients" not in german
    assert "Where 50 % of such patients have pneumonia (assumed)" in english.replace("\N{NO-BREAK SPACE}", " ")
    Preferences.objects.create(user=owner, prevalence=0.1)
    assert "Where 10 % of such patients have pneumonia <" in page(owner_client, study).replace("</", " <")
