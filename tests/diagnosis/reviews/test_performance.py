"""The performance page and the arithmetic under it, checked against figures from elsewhere."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from diagnosis.models import Reference
from diagnosis.results.intervals import wilson
from diagnosis.results.predictive_values import moved_to, predictive_values
from diagnosis.reviews.performance import cases_of, lines, rates
from ml import OperatingPoint
from tests.diagnosis.reviews.drawn_readings import reading
from tests.studies import judged

POINT = OperatingPoint("balanced", 0.5, 0.9, (0.85, 0.95), 0.8, (0.72, 0.88), 200, 100, {})


def test_wilsons_interval_is_the_published_one() -> None:
    # Newcombe 1998, Statistics in Medicine 17:857, table I: 81 of 263 and 0 of 20 (score method, no correction).
    found = wilson(81, 263)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)
    none = wilson(0, 20)
    assert none is not None
    assert (round(none.low, 4), round(none.high, 4)) == (0.0, 0.1611)
    assert wilson(0, 0) is None


def test_predictive_values_are_bayes_theorem() -> None:
    values = predictive_values(POINT, 0.2)
    assert values.ppv.value == pytest.approx(0.18 / (0.18 + 0.16))
    assert values.npv.value == pytest.approx(0.64 / (0.64 + 0.02))
    assert values.ppv.low < values.ppv.value < values.ppv.high < 1
    assert values.missed_of_100.value == pytest.approx(2)
    assert values.false_alarms_of_100.value == pytest.approx(16)


def test_an_interval_that_reaches_certainty_reaches_it_in_the_predictive_value_too() -> None:
    sure = OperatingPoint("rule_in", 0.9, 0.5, (0.4, 0.6), 1.0, (0.97, 1.0), 200, 100, {})
    values = predictive_values(sure, 0.1)
    assert (values.ppv.value, values.ppv.high) == (1.0, 1.0)
    assert 0.5 < values.ppv.low < 1


def test_a_probability_moves_with_the_prevalence_by_its_odds() -> None:
    assert moved_to(0.8, 0.5, 0.5) == pytest.approx(0.8)
    assert moved_to(0.8, 0.5, 0.2) == pytest.approx(0.5)


@pytest.mark.django_db
class TestWithConfirmedDiagnoses:
    def confirm(self, owner: User, sick: bool, model: str, alone: str = "", after: str = "", seed: int = 0) -> None:
        study = judged(owner, seed, finding=model)
        if alone:
            reading(study, owner, alone)
        if after:
            reading(study, owner, after, agreement="unsure")
        Reference.record(study=study, author=owner, diagnosis="pneumonia" if sick else "normal", source="ct")

    def test_each_role_is_counted_by_what_it_said(self, owner: User) -> None:
        self.confirm(owner, True, "pneumonia", "normal", "pneumonia", seed=1)
        self.confirm(owner, False, "pneumonia", "normal", seed=2)
        self.confirm(owner, False, "indeterminate", "pneumonia", "normal", seed=3)
        cases = cases_of(owner)
        counts = {
            role: (found.caught, found.sick, found.spared, found.well, found.undecided)
            for role in ("alone", "model", "together")
            for found in [rates(role, cases)]
        }
        assert counts == {"alone": (0, 1, 1, 2, 0), "model": (1, 1, 0, 1, 1), "together": (1, 1, 2, 2, 0)}
        assert {line.role: round(line.last, 2) for line in lines(cases)} == {
            "alone": 0.33,
            "model": 0.5,
            "together": 1.0,
        }

    def test_the_page_shows_counts_and_intervals(self, owner: User, owner_client: Client) -> None:
        self.confirm(owner, True, "pneumonia", "pneumonia")
        text = owner_client.get("/performance/").content.decode()
        assert "On the same films" in text
        assert "1/1" in text
        assert text.count("<polyline") == 3

    def test_what_others_confirmed_does_not_count(self, owner: User, stranger: User) -> None:
        self.confirm(owner, True, "pneumonia")
        assert cases_of(stranger) == []

    def test_without_any_the_page_invents_nothing(self, owner: User, owner_client: Client) -> None:
        study = judged(owner)
        reading(study, owner, "normal", agreement="disagree")
        text = owner_client.get("/performance/").content.decode()
        assert "Nothing to measure yet" in text
        assert "1 film you reviewed waits" in text
        assert "<table" not in text
