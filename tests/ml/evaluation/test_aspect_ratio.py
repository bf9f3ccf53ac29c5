"""A chest's aspect ratio, which squashing a film to a square changes: what the yardstick asks and the card says."""

from __future__ import annotations

import json
from dataclasses import fields

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.evaluation.aspect_ratio import NARROWER, narrowed
from ml.publishing.card_page import render
from ml.training.augmentation import AugmentationConfig, augment
from tests.ml.drawn import workshop

NOTHING = AugmentationConfig(**{field.name: 0.0 for field in fields(AugmentationConfig)} | {"area": 1.0, "loose": 1.0})
LABELS = np.array([0, 1] * 4)


def discs() -> NDArray[np.uint8]:
    """(8, 224, 224): a white disc in the middle of each."""
    away = np.hypot(*(np.indices((224, 224)) - 111.5))
    return np.repeat(np.where(away < 70, 255, 0).astype(np.uint8)[None], len(LABELS), axis=0)


def height_by_width(films: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much taller than wide each film's disc is, as a natural logarithm."""
    whole = films.astype(np.float64) / 255
    return np.asarray(np.log(whole.max(axis=2).sum(axis=1) / whole.max(axis=1).sum(axis=1)))


def test_normal_films_alone_are_narrowed_by_as_much_as_was_stated() -> None:
    films = discs()
    shown = narrowed(films, LABELS)
    assert np.array_equal(shown[LABELS == 1], films[LABELS == 1])
    assert height_by_width(shown)[LABELS == 0] == pytest.approx(NARROWER, abs=0.02)
    assert height_by_width(narrowed(films, LABELS, 0.3))[LABELS == 0] == pytest.approx(0.3, abs=0.02)


def test_training_without_changes_leaves_a_chest_s_aspect_ratio_as_it_is() -> None:
    shown = np.asarray(augment(discs()[..., None], 1, 5, NOTHING, 224))[..., 0]
    assert height_by_width(shown) == pytest.approx(0, abs=0.02)


def test_the_model_card_says_what_narrower_normal_films_do_to_it() -> None:
    card, metrics = (json.loads((workshop() / "artifact" / f"{name}.json").read_text()) for name in ("card", "metrics"))
    found = metrics["aspect_ratio"]
    assert found["films"] == metrics["plain"]["films"]
    child = card["populations"]["child"]
    assert child["metrics"]["aspect_ratio"] == found
    output = next(limit for limit in child["limits"] if limit.startswith("Films are made square"))
    assert f"its AUC is {found['auc']['value']:.3f} in place of {metrics['plain']['auc']['value']:.3f}" in output
    assert f"specificity {100 * found['specificity']['value']:.1f} %" in render(workshop() / "artifact")
