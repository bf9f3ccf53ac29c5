"""Pairs of cuts keep what they were chosen for on the films they were chosen on, and are nested whatever the films."""

from __future__ import annotations

import numpy as np
import pytest

from ml.inference.decision import nested
from ml.metrics.curves import balanced_weights
from ml.publishing.calibration import fit_affine
from ml.publishing.operating_points import AIMS, choose_cuts


@pytest.mark.parametrize("apart", [1.0, 4.0, 6.0, 12.0])
@pytest.mark.parametrize("seed", range(5))
def test_no_point_makes_more_errors_of_either_kind_than_it_aims_at(apart: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, 600)
    logits = random.normal(apart * labels - apart / 2, 2.0)
    weights = balanced_weights(labels, 0.5)
    soft = np.where(labels == 1, 0.99, 0.01)
    p = fit_affine(soft, logits, weights)(logits)
    chosen = choose_cuts(labels, p, weights)
    assert nested(list(chosen.values()))
    for name, aim in AIMS.items():
        cuts = chosen[name]
        missed = (weights * ((labels == 1) & (p < cuts.rule_out))).sum() / weights[labels == 1].sum()
        alarms = (weights * ((labels == 0) & (p >= cuts.rule_in))).sum() / weights[labels == 0].sum()
        assert missed <= aim.missed + 1e-9
        assert alarms <= aim.false_alarms + 1e-9


def test_the_aims_themselves_are_nested() -> None:
    aims = list(AIMS.values())
    assert [aim.missed for aim in aims] == sorted(aim.missed for aim in aims)
    assert [aim.false_alarms for aim in aims] == sorted((aim.false_alarms for aim in aims), reverse=True)
