"""The performance page and the arithmetic under it, checked against figures from elsewhere."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from diagnosis.models import Reference
from diagnosis.results.intervals import Interval, wilson
from diagnosis.results.predictive_values import moved_to, predictive_values
from diagnosis.reviews.performance import cases_of, lines, rates
from ml import FindingTable, Row, Share
from tests.diagnosis.reviews.drawn_readings import reading
from tests.studies import analysed


def row(normal: Interval, pneumonia: Interval) -> Row:
    """A row of the table whose third finding takes what the other two leave."""
    left = Interval(1 - normal.value - pneumonia.value, 0.0, 0.3)
    shares = {"normal": normal, "indeterminate": left, "pneumonia": pneumonia}
    return Row(
        100, 90, {name: Share(round(100 * of.value), of.value, (of.low, of.high)) for name, of in shares.items()}
    )


TABLE = FindingTable(
    pneumonia=row(Interval(0.04, 0.02, 0.08), Interval(0.9, 0.85, 0.95)),
    normal=row(Interval(0.7, 0.6, 0.8), Interval(0.2, 0.12, 0.28)),
)


def test_wilsons_interval_is_the_published_one() -> None:
    # Newcombe 1998, Statistics in Medicine 17:857, table I: 81 of 263 and 0 of 20 (score method, no correction).
    found = wilson(81, 263)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)
    none = wilson(0, 20)
    assert none is not None
    assert (round(none.low, 4), round(none.high, 4)) == (0.0, 0.1611)
    assert wilson(0, 0) is None


def test_predictive_values_of_all_three_findings_are_bayes_theorem() -> None:
    values = predictive_values(TABLE, 0.2)
    positive, negative, left = (values.of(finding) for finding in ("pneumonia", "normal", "indeterminate"))
    assert positive.sick.value == pytest.approx(0.18 / (0.18 + 0.16))
    assert negative.well.value == pytest.approx(0.56 / (0.56 + 0.008))
    assert left.sick.value == pytest.approx(0.012 / (0.012 + 0.08))
    assert positive.sick.low < positive.sick.value < positive.sick.high < 1
    assert (positive.sick_of_100, positive.well_of_100) == pytest.approx((18, 16))
    assert sum(worth.of_100 for worth in values.worths) == pytest.approx(100)


def test_an_interval_that_reaches_certainty_reaches_it_in_the_predictive_value_too() -> None:
    sure = FindingTable(TABLE.pneumonia, row(Interval(0.8, 0.7, 0.9), Interval(0.0, 0.0, 0.03)))
    worth = predictive_values(sure, 0.1).of("pneumonia").sick
    assert (worth.value, worth.high) == (1.0, 1.0)
    assert 0.5 < worth.low < 1


def test_a_probability_moves_with_the_prevalence_by_its_odds() -> None:
    assert moved_to(0.8, 0.5, 0.5) == pytest.approx(0.8)
    assert moved_to(0.8, 0.5, 0.2) == pytest.approx(0.5)


@pytest.mark.django_db
class TestWithConfirmedDiagnoses:
    def confirm(self, owner: User, sick: bool, model: str, alone: str = "", after: str = "", seed: int = 0) -> None:
        study = analysed(owner, seed, finding=model)
        if alone:
            reading(study, owner, alone)
        if after:
            reading(study, owner, after, agreement="unsure")
        Reference.record(study=study, author=owner, diagnosis="pneumonia" if sick else "normal", source="ct")

    def test_each_role_is_counted_by_what_it_predicted(self, owner: User) -> None:
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
        assert "On the same radiographs" in text
        assert "1/1" in text
        assert text.count("<polyline") == 3

    def test_what_others_confirmed_does_not_count(self, owner: User, stranger: User) -> None:
        self.confirm(owner, True, "pneumonia")
        assert cases_of(stranger) == []

    def test_without_any_the_page_invents_nothing(self, owner: User, owner_client: Client) -> None:
        study = analysed(owner)
        reading(study, owner, "normal", agreement="disagree")
        text = owner_client.get("/performance/").content.decode()
        assert "Nothing to measure yet" in text
        assert "1 radiograph you reviewed waits" in text
        assert "<table" not in text
