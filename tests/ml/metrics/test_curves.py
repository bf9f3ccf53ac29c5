"""The arithmetic of evaluation, against scikit-learn's."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from ml.data.dataset import Film
from ml.evaluation import evaluation_set
from ml.evaluation.finding_tables import at_points
from ml.evaluation.performance import brief, describe, sample_of
from ml.evaluation.run import some_films
from ml.inference.cards.model_card import load_card
from ml.metrics.curves import (
    balanced_weights,
    bootstrap_weights,
    brier,
    curve,
    interval,
    rates,
    reliability,
    with_interval,
)
from ml.metrics.intervals import area_under_curve_interval, wilson


def _films(count: int = 400, ties: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(4)
    labels = random.integers(0, 2, count)
    scores = random.normal(labels * 1.2, 1.0)
    return labels, np.round(scores) if ties else scores, random.uniform(0.2, 3.0, count)


@pytest.mark.parametrize("ties", [False, True])
def test_area_and_average_precision_are_those_of_scikit_learn(ties: bool) -> None:
    from sklearn.metrics import average_precision_score, roc_auc_score

    labels, scores, weights = _films(ties=ties)
    ours = curve(labels, scores, weights)
    assert ours.auc() == pytest.approx(roc_auc_score(labels, scores, sample_weight=weights))
    assert ours.average_precision() == pytest.approx(average_precision_score(labels, scores, sample_weight=weights))


def test_every_point_of_the_curves_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import precision_recall_curve, roc_curve

    labels, scores, _ = _films(ties=True)
    ours = curve(labels, scores)
    false, true, _ = roc_curve(labels, scores, drop_intermediate=False)
    assert np.allclose(ours.false_alarms, false)
    assert np.allclose(ours.sensitivity, true)
    precision, recall, _ = precision_recall_curve(labels, scores)
    assert np.allclose(ours.precision, precision[::-1])
    assert np.allclose(ours.sensitivity, recall[::-1])


def test_a_draw_of_the_bootstrap_gives_what_the_repeated_films_would() -> None:
    from sklearn.metrics import roc_auc_score

    labels, scores, _ = _films(60)
    draws = bootstrap_weights([str(i // 2) for i in range(60)], draws=5, seed=1)
    for draw, area in zip(draws, curve(labels, scores, draws).auc(), strict=True):
        again = np.repeat(np.arange(60), draw.astype(int))
        assert area == pytest.approx(roc_auc_score(labels[again], scores[again]))


def test_the_bootstrap_draws_patients_and_not_films() -> None:
    draws = bootstrap_weights(["a", "a", "a", "b", "c"], draws=50)
    assert (draws[:, 0] == draws[:, 1]).all()
    assert (draws[:, 0] == draws[:, 2]).all()
    assert (draws[:, 0] + draws[:, 3] + draws[:, 4] == 3).all()


def test_copies_of_a_film_do_not_narrow_the_interval() -> None:
    labels, scores, _ = _films(80)
    labels, scores = np.repeat(labels, 5), np.repeat(scores, 5)

    def width(patients: list[str]) -> float:
        low, high = interval(curve(labels, scores, bootstrap_weights(patients, 500)).auc())
        return high - low

    assert width([str(i // 5) for i in range(400)]) > 1.7 * width([str(i) for i in range(400)])


def test_fixed_points_of_the_curve_hold_what_they_promise() -> None:
    labels, scores, _ = _films()
    ours = curve(labels, scores)
    at = [t for t in ours.thresholds if rates(labels, scores >= t)[1] >= 0.95]
    assert ours.sensitivity_at(0.95) == pytest.approx(max(rates(labels, scores >= t)[0] for t in at))
    assert ours.specificity_at(1.0) == pytest.approx(float((scores[labels == 0] < scores[labels == 1].min()).mean()))


def test_brier_score_and_reliability_follow_their_definitions() -> None:
    from sklearn.metrics import brier_score_loss

    labels, scores, weights = _films()
    p = 1 / (1 + np.exp(-scores))
    assert brier(labels, p, weights) == pytest.approx(brier_score_loss(labels, p, sample_weight=weights))
    assert reliability(np.array([0, 1, 1, 1]), np.array([0.1, 0.1, 0.9, 0.9])).expected_error == pytest.approx(0.25)


def test_a_missing_class_gives_no_rate_and_a_clear_error_where_both_are_needed() -> None:
    sensitivity, specificity = rates(np.array([1, 1]), np.array([True, False]))
    assert sensitivity == 0.5
    assert np.isnan(specificity)
    with pytest.raises(ValueError, match="Both classes are needed"):
        balanced_weights(np.array([1, 1]), 0.5)


def test_balanced_weights_give_the_prevalence_asked_for() -> None:
    labels = np.array([1] * 90 + [0] * 10)
    weights = balanced_weights(labels, 0.25)
    assert weights.mean() == pytest.approx(1)
    assert (weights * labels).sum() / weights.sum() == pytest.approx(0.25)
    assert with_interval(lambda w: brier(labels, labels.astype(float), w), np.ones((3, 100)))["value"] == 0


def test_a_rate_without_one_error_keeps_an_honest_interval() -> None:
    """Every bootstrap draw of 134 right out of 134 says 100 %; that is not certainty."""
    low, high = wilson(134, 134)
    assert low == pytest.approx(134 / (134 + 1.959964**2))
    assert high == pytest.approx(1)


def test_an_area_without_one_error_keeps_an_honest_interval() -> None:
    """At its lower bound, 12 against 12 still come out without an error now and then, but hardly 1 time in 8."""
    low, high = area_under_curve_interval(1.0, 12, 12)
    assert high == 1
    random = np.random.default_rng(0)
    apart = np.sqrt(2) * NormalDist().inv_cdf(low)
    sick, well = random.normal(apart, 1, (20_000, 12)), random.normal(0, 1, (20_000, 12))
    assert 0.001 < (sick.min(axis=1) > well.max(axis=1)).mean() < 0.125
    assert area_under_curve_interval(1.0, 400, 130)[0] > 0.98
    below, above = area_under_curve_interval(0.9, 50, 50)
    assert 0.81 < below < 0.9 < above < 0.95


def test_no_figure_claims_certainty_of_the_few_films_it_was_seen_on() -> None:
    """24 of 24 in a stratum, a shift, or at a fixed specificity: every bootstrap draw says the same."""
    labels = np.array([1] * 24 + [0] * 12)
    sample = sample_of(load_card().first, labels, np.where(labels == 1, 30.0, -30.0), [str(i) for i in range(36)])
    line, whole = brief(sample, load_card().first), describe(sample, load_card().first, draws=50)
    found = [line["sensitivity"], whole["sensitivity_at_specificity"]["0.95"]]
    assert [value["ci"] for value in found] == [list(wilson(24, 24))] * 2
    assert line["specificity"]["ci"] == whole["specificity_at_sensitivity"]["0.98"]["ci"] == list(wilson(12, 12))
    assert line["auc"]["ci"] == whole["auc"]["ci"] == list(area_under_curve_interval(1.0, 24, 12))
    table = at_points(sample, load_card().first, draws=50)["balanced"]["table"]
    assert table["normal"]["normal"]["ci"] == list(wilson(12, 12))
    assert table["pneumonia"]["normal"]["ci"] == list(wilson(0, 24))


def test_the_robustness_table_takes_all_films_or_whole_patients_of_both_classes_in_their_shares() -> None:
    films = [Film(f"{i}.png", int(i % 40 < 30), str(i // 2)) for i in range(400)]
    test = evaluation_set.TestSet(films, np.zeros((400, 1, 1), np.uint8), "drawn")
    assert some_films(test, 400).tolist() == list(range(400))
    chosen = some_films(test, 100)
    assert 100 <= len(chosen) <= 104
    assert test.labels[chosen].mean() == pytest.approx(0.75, abs=0.02)
    assert (chosen[::2] + 1 == chosen[1::2]).all(), "both films of a patient"
