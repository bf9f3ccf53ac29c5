"""Pieces of lungs exchanged between films: whose lungs are where, and what is taught of each."""

from __future__ import annotations

from typing import Any

import numpy as np

from ml.training.pieces import Pieced, exchange_pieces
from ml.training.stateless_random import Draws


def pieced(targets: list[float], chance: float, seed: int = 1) -> tuple[np.ndarray, Pieced]:
    """Crops whose lungs hold the number of their film, so that each place tells whose it is."""
    import tensorflow as tf

    n = len(targets)
    numbers = np.arange(1, n + 1, dtype=np.float32)
    moved = np.zeros((n, 64, 64, 2), np.float32)
    moved[..., 0] = np.random.default_rng(0).uniform(0, 255, (n, 64, 64))
    moved[:, 8:56, 8:56, 1] = numbers[:, None, None]
    draw = Draws(seed, tf.constant(0, tf.int64))
    return moved, exchange_pieces(tf.constant(moved), tf.constant(targets, tf.float32), tf.range(n), draw, chance)


def of(found: Any) -> np.ndarray:
    return np.asarray(found)


def test_without_chance_everything_stays() -> None:
    moved, found = pieced([0.0, 1.0, 0.0, 1.0], 0.0)
    np.testing.assert_array_equal(of(found.moved), moved)
    np.testing.assert_array_equal(of(found.targets), [0, 1, 0, 1])
    np.testing.assert_array_equal(of(found.piece_targets), [0, 1, 0, 1])
    assert (of(found.piece) == 1).all()


def test_each_piece_is_taught_its_own_films_answer_and_the_whole_by_its_share() -> None:
    targets = [0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0]
    other = len(targets) // 2 - 1
    for seed in range(4):
        _moved, found = pieced(targets, 1.0, seed)
        lungs, piece = of(found.moved)[..., 1], of(found.piece)[..., 0]
        for film, own in enumerate(targets):
            partner = (film - other) % len(targets)
            theirs = lungs[film] == partner + 1
            share = lungs[film][theirs].sum() / lungs[film].sum()
            np.testing.assert_allclose(of(found.targets)[film], (1 - share) * own + share * targets[partner], atol=1e-3)
            taught = set(np.unique(lungs[film][piece[film] > 0])) - {0}
            assert len(taught) == 1  # one film's alone
            whose = int(taught.pop()) - 1
            assert of(found.piece_targets)[film] == targets[whose]
            assert targets[whose] == min(own, targets[partner])  # a normal one's, if one of both is normal
            assert of(found.kinds)[film] in {film, partner}


def test_a_piece_takes_on_the_tone_of_the_crop_it_comes_into() -> None:
    import tensorflow as tf

    moved = np.zeros((4, 64, 64, 2), np.float32)
    moved[..., 1] = 255.0
    noise = np.random.default_rng(0).normal(0, 1, (4, 64, 64))
    moved[..., 0] = np.array([60.0, 120.0, 180.0, 200.0])[:, None, None] + 10 * noise
    found = exchange_pieces(
        tf.constant(moved), tf.zeros(4), tf.zeros(4, tf.int32), Draws(2, tf.constant(0, tf.int64)), 1.0
    )
    means = of(found.moved)[..., 0].mean(axis=(1, 2))
    np.testing.assert_allclose(means, [60, 120, 180, 200], atol=2)


def test_a_network_of_pieces_has_the_same_weights_and_answers_for_the_piece() -> None:
    from ml.network.lung_classifier import build_training

    plain, network = build_training(64, kinds=2), build_training(64, kinds=2, pieces=True)
    assert [one.path for one in plain.weights] == [one.path for one in network.weights]
    plain.set_weights(network.get_weights())
    random = np.random.default_rng(0)
    crops = random.uniform(0, 255, (2, 64, 64, 1)).astype(np.float32)
    weights, piece = random.uniform(0, 1, (2, 2, 2, 2, 1)).astype(np.float32)
    answers = network([crops, weights, piece], training=False)
    np.testing.assert_allclose(answers["lungs"], plain([crops, weights], training=False)["lungs"], atol=1e-5)
    np.testing.assert_allclose(answers["piece"], plain([crops, piece], training=False)["lungs"], atol=1e-5)
