"""Careless files of every kind are read as the right film, or refused with the right words."""

from __future__ import annotations

import pytest

from tests.ml.intake.siblings import KINDS, cases


@pytest.mark.parametrize("kind", KINDS)
def test_every_careless_file_of_a_kind_gives_the_right_film_or_the_right_words(kind: str) -> None:
    tried = [(case.name, *case.found()) for case in cases(kind)]
    assert len(tried) > 40
    assert [f"{name}: {found}" for name, right, found in tried if not right] == []
