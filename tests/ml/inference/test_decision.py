"""The one rule: monotone in the probability, nested from point to point, and the same for every cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from ml.inference.cards.model_card import load_card
from ml.inference.decision import FINDINGS, Cuts, decide, nested

EVERY = np.linspace(0.001, 0.999, 999)


def test_the_ends_of_the_pair_belong_where_the_words_say() -> None:
    cuts = Cuts(0.2, 0.6)
    assert [decide(p, cuts) for p in (0.1, 0.2, 0.4, 0.6, 0.9)] == [
        "normal", "indeterminate", "indeterminate", "pneumonia", "pneumonia",
    ]  # fmt: skip
    assert [decide(p, Cuts(0.5, 0.5)) for p in (0.49, 0.5)] == ["normal", "pneumonia"]


@pytest.mark.parametrize("pair", [(0.6, 0.2), (0.0, 0.5), (0.5, 1.0), (float("nan"), 0.5)])
def test_a_pair_out_of_order_cannot_be(pair: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="not in order"):
        Cuts(*pair)


def test_the_finding_never_falls_as_the_probability_rises_at_any_point_of_any_population() -> None:
    for of in load_card().populations.values():
        for name in of.operating_points:
            ranks = [FINDINGS.index(of.finding(float(p), name)) for p in EVERY]
            assert ranks == sorted(ranks)
            assert set(ranks) == {0, 1, 2}, "each point says all three"


def test_the_points_are_nested_and_changing_the_point_changes_answers() -> None:
    for of in load_card().populations.values():
        pairs = [point.cuts for point in of.operating_points.values()]
        assert nested(pairs)
        for one, other in pairwise(pairs):
            output = [(decide(float(p), one), decide(float(p), other)) for p in EVERY]
            assert all(FINDINGS.index(a) >= FINDINGS.index(b) for a, b in output), (
                "a more sensitive point never says less"
            )
            assert any(a != b for a, b in output)
            assert one.rule_in < other.rule_in, "screening raises the alarm first"
            assert one.rule_out < other.rule_out, "and rules out last"
