"""Calibration: the maths against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest

from ml.publishing.calibration import (
    BOUNDS,
    Calibration,
    compare,
    fit_affine,
)

RANDOM = np.random.default_rng(8)
LABELS = RANDOM.integers(0, 2, 600)
LOGITS = RANDOM.normal(4 * LABELS - 1.0, 2.0)
WEIGHTS = RANDOM.uniform(0.5, 2.0, 600)
PATIENTS = [str(i // 3) for i in range(600)]


def test_slope_and_intercept_are_those_of_logistic_regression_without_a_penalty() -> None:
    from sklearn.linear_model import LogisticRegression

    ours = fit_affine(LABELS, LOGITS, WEIGHTS)
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(LOGITS[:, None], LABELS, WEIGHTS)
    assert ours.slope == pytest.approx(theirs.coef_[0, 0], rel=1e-4)
    assert ours.intercept == pytest.approx(theirs.intercept_[0], rel=1e-3)


def test_temperature_is_logistic_regression_without_an_intercept() -> None:
    from sklearn.linear_model import LogisticRegression

    ours = fit_affine(LABELS, LOGITS, WEIGHTS, temperature_only=True)
    model = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10, max_iter=1000)
    theirs = model.fit(LOGITS[:, None], LABELS, WEIGHTS)
    assert ours.slope == pytest.approx(theirs.coef_[0, 0], rel=1e-4)
    assert ours.intercept == 0


def test_a_network_that_ranks_backwards_cannot_be_calibrated() -> None:
    with pytest.raises(ValueError, match="does not rank these films"):
        fit_affine(LABELS, -LOGITS, WEIGHTS)


def test_films_told_apart_without_an_error_still_give_a_finite_map_with_soft_targets() -> None:
    labels = np.array([0] * 20 + [1] * 20)
    soft = np.where(labels == 1, 21 / 22, 1 / 22)
    fitted = fit_affine(soft, np.where(labels == 1, 9.0, -9.0), np.ones(40))
    assert 0.9 < fitted(np.array([9.0]))[0] < 0.97


def test_no_probability_is_ever_zero_or_one() -> None:
    p = Calibration(3.0, 0.0)(np.array([-1e9, -50.0, 0.0, 50.0, 1e9]))
    assert p.min() == BOUNDS[0] > 0
    assert p.max() == BOUNDS[1] < 1


def test_comparing_the_maps_leaves_whole_patients_out() -> None:
    losses = compare(LABELS, LOGITS, WEIGHTS, PATIENTS)
    assert set(losses) == {"temperature", "affine"}
    assert losses["affine"] < losses["temperature"], "the drawn logits need an intercept"
