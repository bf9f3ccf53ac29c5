"""Sentences of a card that a measurement fills in."""

from __future__ import annotations

from ml.publishing.measured_limits import children_limit

FOUND = {"films": 522, "auc": {"value": 0.886, "ci": [0.854, 0.918]}}


def test_a_hospital_counts_as_never_seen_only_where_the_first_weights_had_not_seen_it_either() -> None:
    assert "522 films of children aged 1 to 5 from a hospital it never saw its AUC is 0.886" in children_limit(
        FOUND, ""
    )
    begun = children_limit(FOUND, "l1")
    assert "a hospital it never saw" not in begun
    assert "of the hospital whose films its first weights come from, its AUC is 0.886 [0.854, 0.918]" in begun
