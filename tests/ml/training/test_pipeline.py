"""What a network is shown: which films, in what order, changed how; and the yardstick's changes apart from those."""

from __future__ import annotations

import numpy as np
import pytest

from ml.evaluation.shifts import SHIFTS, shift
from ml.training.augmentation import AugmentationConfig
from ml.training.pipeline import order_of_films
from tests.phantoms import film


def test_both_classes_fill_half_of_each_batch_and_weights_are_kept_exactly() -> None:
    labels = np.array([0] * 6 + [1] * 30)
    weights = np.where(np.arange(36) == 0, 3.0, 1.0)
    order = order_of_films(labels, 2, 4, 16, seed=5, weights=weights)
    assert (labels[order].sum(axis=1) == 8).all()
    assert np.bincount(order[order < 6], minlength=6).tolist()[0] == 24
    assert np.array_equal(order_of_films(labels, 1, 4, 16, seed=5, weights=weights), order[:4])


@pytest.mark.parametrize("name", sorted(SHIFTS))
def test_every_shift_changes_films_more_with_strength_and_keeps_their_shape(name: str) -> None:
    films = np.stack([film(i, width=224, height=224) for i in range(2)]).astype(np.uint8)
    changed = [np.abs(shift(films, name, s).astype(float) - films).mean() for s in (1, 2, 3)]
    assert 0 < changed[0] < changed[1] < changed[2]
    assert shift(films, name, 2).shape == films.shape


def test_augmentation_is_a_function_of_seed_and_step() -> None:
    import tensorflow as tf

    from ml.training.augmentation import augment

    films = tf.constant(np.stack([film(i, width=224, height=224) for i in range(4)]).astype(np.uint8)[..., None])
    one, again, other = (np.asarray(augment(films, 1, step, AugmentationConfig(), 64)) for step in (3, 3, 4))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    assert one.min() >= 0
    assert one.max() <= 255
