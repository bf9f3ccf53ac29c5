"""Calibration and thresholds: the maths against scikit-learn's, and what the thresholds promise."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from ml.evaluation.performance import zone_figures
from ml.metrics.curves import rates
from ml.publishing.calibration import (
    BOUNDS,
    Calibration,
    choose_thresholds,
    choose_zone,
    compare,
    fit_affine,
    fit_isotonic,
)

RANDOM = np.random.default_rng(8)
LABELS = RANDOM.integers(0, 2, 600)
LOGITS = RANDOM.normal(4 * LABELS - 1.0, 2.0)
WEIGHTS = RANDOM.uniform(0.5, 2.0, 600)
PATIENTS = [str(i // 3) for i in range(600)]


def test_slope_and_intercept_are_those_of_logistic_regression_without_a_penalty() -> None:
    ours = fit_affine(LABELS, LOGITS, WEIGHTS)
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(LOGITS[:, None], LABELS, WEIGHTS)
    assert ours.slope == pytest.approx(theirs.coef_[0, 0], rel=1e-4)
    assert ours.intercept == pytest.approx(theirs.intercept_[0], rel=1e-3)


def test_temperature_is_logistic_regression_without_an_intercept() -> None:
    ours = fit_affine(LABELS, LOGITS, WEIGHTS, temperature_only=True)
    model = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10, max_iter=1000)
    theirs = model.fit(LOGITS[:, None], LABELS, WEIGHTS)
    assert ours.slope == pytest.approx(theirs.coef_[0, 0], rel=1e-4)
    assert ours.intercept == 0


def test_isotonic_steps_are_those_of_scikit_learn() -> None:
    x, y = fit_isotonic(LABELS, LOGITS, WEIGHTS)
    theirs = IsotonicRegression().fit(LOGITS, LABELS, sample_weight=WEIGHTS).predict(x)
    assert np.allclose(y, theirs)


def test_a_network_that_ranks_backwards_cannot_be_calibrated() -> None:
    with pytest.raises(ValueError, match="does not rank these films"):
        fit_affine(LABELS, -LOGITS, WEIGHTS)


def test_films_told_apart_without_an_error_still_give_a_finite_map_with_soft_targets() -> None:
    labels = np.array([0] * 20 + [1] * 20)
    soft = np.where(labels == 1, 21 / 22, 1 / 22)
    fitted = fit_affine(soft, np.where(labels == 1, 9.0, -9.0), np.ones(40))
    assert 0.9 < fitted(np.array([9.0]))[0] < 0.97


def test_no_probability_is_ever_nought_or_one() -> None:
    p = Calibration(3.0, 0.0)(np.array([-1e9, -50.0, 0.0, 50.0, 1e9]))
    assert p.min() == BOUNDS[0] > 0
    assert p.max() == BOUNDS[1] < 1


def test_comparing_the_maps_leaves_whole_patients_out() -> None:
    losses = compare(LABELS, LOGITS, WEIGHTS, PATIENTS)
    assert set(losses) == {"temperature", "affine", "isotonic"}
    assert losses["affine"] < losses["temperature"], "the drawn logits need an intercept"


def test_thresholds_rise_and_keep_their_promises_on_the_films_they_were_chosen_on() -> None:
    fitted = fit_affine(LABELS, LOGITS, WEIGHTS)
    p = fitted(LOGITS)
    chosen = choose_thresholds(LABELS, fitted.odds(LOGITS), WEIGHTS)
    assert chosen["screening"] <= chosen["balanced"] <= chosen["rule_in"]
    assert rates(LABELS, p >= chosen["screening"], WEIGHTS)[0] >= 0.98
    assert rates(LABELS, p >= chosen["rule_in"], WEIGHTS)[1] >= 0.99


def test_the_balanced_threshold_lies_where_the_classes_cross() -> None:
    odds = np.concatenate([np.random.default_rng(1).normal(centre, 1.5, 4000) for centre in (-2, 3)])
    chosen = choose_thresholds(np.repeat([0, 1], 4000), odds, np.ones(8000))
    assert chosen["balanced"] == pytest.approx(1 / (1 + np.exp(-0.5)), abs=0.05)


def test_outside_the_zone_errors_stay_below_the_stated_rate_and_the_zone_is_no_larger_than_needed() -> None:
    p = fit_affine(LABELS, LOGITS, WEIGHTS)(LOGITS)
    zone = choose_zone(LABELS, p, WEIGHTS, around=0.5, error=0.05)
    share, error = zone_figures(LABELS, p, WEIGHTS, zone)
    assert zone[0] <= 0.5 <= zone[1]
    assert error <= 0.05
    assert 0 < share < 0.5
    assert zone_figures(LABELS, p, WEIGHTS, choose_zone(LABELS, p, WEIGHTS, 0.5, error=0.5))[0] == 0


def test_where_even_the_surest_answers_are_wrong_there_is_no_zone() -> None:
    p = np.linspace(0.01, 0.99, 200)
    labels = np.arange(200) % 2
    labels[:5], labels[-5:] = 1, 0
    with pytest.raises(ValueError, match=r"No indeterminate zone keeps the errors outside it at 2%"):
        choose_zone(labels, p, np.ones(200), 0.5)
