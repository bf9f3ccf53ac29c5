"""Whose film it is: the header first, then what a person states, then how it looks; and nobody else is answered."""

from __future__ import annotations

import pytest

from ml.inference.population import Belonging, contradictions, outside, population_of
from ml.intake.read import Header


@pytest.mark.parametrize(
    ("age", "stated", "looks_adult", "known"),
    [
        (3.0, "adult", 0.99, ("child", "header")),
        (5.9, "", 0.0, ("child", "header")),
        (6.0, "child", 0.0, ("outside", "header")),
        (0.5, "child", 0.0, ("outside", "header")),
        (17.9, "", 0.0, ("outside", "header")),
        (81.0, "child", 0.0, ("adult", "header")),
        (None, "adult", 0.0, ("adult", "stated")),
        (None, "child", 0.99, ("child", "stated")),
        (None, "", 0.01, ("child", "image")),
        (None, "", 0.4, ("unknown", "image")),
        (None, "", 0.9, ("adult", "image")),
        (None, "", None, ("child", "image")),
    ],
)
def test_the_header_wins_then_the_person_then_the_appearance(
    age: float | None, stated: str, looks_adult: float | None, known: tuple[str, str]
) -> None:
    found = population_of(Header(age_years=age), stated, looks_adult)
    assert (found.population, found.source) == known


def test_contradictions_are_reported() -> None:
    def codes(age: float | None, stated: str, looks: float) -> list[str]:
        found = population_of(Header(age_years=age), stated, looks)
        return [notice.code for notice in contradictions(found, stated, looks)]

    assert codes(3.0, "adult", 0.0) == ["STATED_OTHERWISE"]
    assert codes(3.0, "child", 0.9) == ["LOOKS_ADULT"]
    assert codes(None, "child", 0.9) == ["LOOKS_ADULT"]
    assert codes(None, "adult", 0.1) == ["LOOKS_YOUNG"]
    assert codes(3.0, "child", 0.1) == codes(None, "", 0.1) == []


def test_outside_all_populations_there_is_a_reason_and_an_advice_of_its_own() -> None:
    assert outside(Belonging("child", "header", 3.0), {"child"}) is None
    assert outside(Belonging("adult", "header", 81.0), {"child", "adult"}) is None
    for found, words in (
        (Belonging("adult", "header", 81.0), "81 years"),
        (Belonging("outside", "header", 9.0), "9 years"),
        (Belonging("outside", "header", 0.5), "6 months"),
        (Belonging("adult", "stated"), "You stated"),
        (Belonging("adult", "image"), "looks like the radiograph of an adult"),
        (Belonging("unknown", "image"), "neither clearly"),
    ):
        refusal = outside(found, {"child"})
        assert refusal is not None
        assert refusal.code == "OUTSIDE_POPULATIONS"
        assert words in str(refusal)
        assert "no finding and no probability" in str(refusal)
