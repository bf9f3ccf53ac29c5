"""Careless files of every kind are read as the right film, or refused with the right words."""

from __future__ import annotations

import pytest

from tests.ml.intake.siblings import Case, cases


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.kind}: {case.name}")
def test_a_careless_file_gives_the_right_film_or_the_right_words(case: Case) -> None:
    right, found = case.found()
    assert right, found
