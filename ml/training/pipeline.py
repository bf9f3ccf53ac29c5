"""Which films each batch shows, and the pipeline that changes and mixes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.data.dataset import Film
from ml.network.classifier import KINDS
from ml.training.augmentation import AugmentationConfig, augment
from ml.training.distillation import SHARE
from ml.training.stateless_random import Draws


def order_of_films(
    labels: NDArray[np.int64],
    epochs: int,
    steps: int,
    batch: int,
    seed: int,
    weights: NDArray[np.float64] | None = None,
) -> NDArray[np.int64]:
    """Which films each batch shows: each class fills half of it, films of a class come in proportion to their weights.

    Drawn epoch for epoch, so that a longer run begins as a shorter one, and without luck (systematic resampling): a
    film that should come 1.3 times comes once or twice, never not at all.

    Args:
        labels: (N,) of 0 and 1.
        epochs: Epochs in the whole run.
        steps: Batches an epoch.
        batch: Films a batch, even.
        seed: Of the run.
        weights: (N,) positive; all alike if not given.

    Returns:
        (epochs · steps, batch) indices, in random order within a batch.
    """
    weights = np.ones(len(labels)) if weights is None else weights
    half, rows = batch // 2, []
    for epoch in range(epochs):
        rng = np.random.default_rng([seed, epoch])
        columns = []
        for label in (0, 1):
            members = rng.permutation(np.flatnonzero(labels == label))
            ends = np.cumsum(weights[members]) / weights[members].sum()
            places = np.searchsorted(ends, (np.arange(steps * half) + rng.random()) / (steps * half))
            drawn = members[np.minimum(places, len(members) - 1)]
            columns.append(rng.permutation(drawn).reshape(steps, half))
        rows.append(rng.permuted(np.concatenate(columns, axis=1), axis=1))
    return np.concatenate(rows).astype(np.int64)


def targets_of(films: Sequence[Film], smooth: float) -> NDArray[np.float32]:
    """(N, 4): pneumonia, then the kind; a kind that is not known is all zeros and costs nothing."""
    table = np.zeros((len(films), 1 + len(KINDS)), np.float32)
    for row, film in zip(table, films, strict=True):
        row[0] = film.label * (1 - smooth) + smooth / 2
        if film.kind:
            row[1 + KINDS.index(film.kind)] = 1.0
    return table


def mix(films: Any, targets: Any, seed: int, step: Any, config: AugmentationConfig) -> tuple[Any, Any]:
    """Blend each film, and its targets, with the next of the batch (mixup), in a share of the batches.

    Args:
        films: float32 (N, H, W, 1).
        targets: float32 (N, K), blended alike.
        seed: Of the run.
        step: Of the run.
        config: ``mix`` is the chance.
    """
    import tensorflow as tf

    draw = Draws(seed + 7919, step)
    n = int(films.shape[0])
    # Beta(a, a) with small a is near 0 or 1; this bends a uniform draw likewise without a gamma sampler.
    u = draw.uniform((n,))
    share = 0.5 * (tf.sign(u - 0.5) * tf.abs(2 * u - 1) ** 0.35 + 1)
    share = tf.maximum(share, 1 - share)
    share = tf.where(draw.uniform(()) < config.mix, share, tf.ones_like(share))
    share_x = share[:, None, None, None]
    films = share_x * films + (1 - share_x) * tf.roll(films, 1, axis=0)
    return films, share[:, None] * targets + (1 - share[:, None]) * tf.roll(targets, 1, axis=0)


def batches_of(
    pixels: Any,
    targets: Any,
    order: NDArray[np.int64],
    start: int,
    seed: int,
    config: AugmentationConfig,
    train_size: int,
    teach: Callable[[Any], Any] | None = None,
) -> Any:
    """The tf.data pipeline from batch ``start`` on.

    Args:
        pixels: uint8 (N, H, H).
        targets: By :func:`targets_of`.
        order: By :func:`order_of_films`.
        start: First batch to show; earlier ones were shown before a resume.
        seed: Of the run.
        config: How films are changed.
        train_size: Size of the films shown.
        teach: By :func:`ml.training.distillation.teachers`: what it says of a film goes into the film's target.
    """
    import tensorflow as tf

    with tf.device("CPU"):
        films, wanted, rows = tf.constant(pixels[..., None]), tf.constant(targets), tf.constant(order)

    def load(step: Any) -> tuple[Any, dict[str, Any]]:
        row = tf.ensure_shape(rows[step], (order.shape[1],))
        target = tf.gather(wanted, row)
        shown = augment(tf.gather(films, row), seed, step, config, train_size)
        shown, target = mix(shown, target, seed, step, config)
        pneumonia = target[:, :1] if teach is None else SHARE * teach(shown) + (1 - SHARE) * target[:, :1]
        return shown, {"pneumonia": pneumonia, "kind": target[:, 1:]}

    steps = tf.data.Dataset.range(start, len(order))
    # No Python branch in it hangs on a tensor, and to look for one takes seconds.
    load = tf.autograph.experimental.do_not_convert(load)
    return steps.map(load, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True).prefetch(4)
