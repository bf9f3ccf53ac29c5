"""Batches for a classifier on lung crops: background exchanged, cropped about the lungs' box, retouched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.intake.radiograph import FILM_SIZE
from ml.network.efficientnet import WHOLE, stride_of
from ml.network.lung_crop import MARGIN
from ml.network.normalization import enlarging_matrix, softening_matrix
from ml.training.augmentation import AugmentationConfig, retouch, warp
from ml.training.distillation import SHARE
from ml.training.lung_maps import LungMaps
from ml.training.pieces import exchange_pieces
from ml.training.stateless_random import Draws


@dataclass(frozen=True, slots=True)
class CropConfig:
    """How the crop about the lungs' box is changed in training.

    Attributes:
        surround: Chance that everything outside the chest is another film's, or a plain grey.
        smallest, largest: Bounds of the crop's size over the box's (1 + 2·margin is what is served).
        stretch: Largest change of aspect, as a natural logarithm.
        shift: Largest move, as a share of the crop.
        turn: Largest rotation, degrees.
        flip: Chance of mirroring left and right.
    """

    surround: float = 0.5
    smallest: float = 0.92
    largest: float = 1.5
    stretch: float = 0.25
    shift: float = 0.06
    turn: float = 12.0
    flip: float = 0.5

    def as_json(self) -> dict[str, float]:
        """The same as plain JSON values."""
        return asdict(self)


def _matrix(left: Any, top: Any, width: Any, height: Any, size: int, angle: Any = 0.0, shear: Any = 0.0) -> Any:
    """Projective matrices (N, 8) from a crop of ``size`` to the film; boxes (N,) in the film's pixels."""
    import tensorflow as tf

    across, down, half = width / size, height / size, (size - 1) / 2
    a, b = tf.cos(angle) * across, (shear - tf.sin(angle)) * down
    d, e = tf.sin(angle) * across, tf.cos(angle) * down
    middle_x, middle_y, zero = left + tf.abs(width) / 2, top + height / 2, tf.zeros_like(height)
    rows = [a, b, middle_x - 0.5 - (a + b) * half, d, e, middle_y - 0.5 - (d + e) * half, zero, zero]
    return tf.stack([row + zero for row in rows], axis=1)


def pooling_weights(lungs: Any, size: int, widen: int, stride: int) -> Any:
    """Lungs of a crop (N, S, S, 1) 0..255 → what each place of the features (N, S/stride, S/stride, 1) counts.

    The transpose of enlarging features to the crop: pooling with these weights is the mean, over the pixels of the
    lungs, widened by a window of ``widen`` × ``widen`` pixels (1: as they are), of the enlarged features.
    """
    import tensorflow as tf

    enlarge = tf.constant(enlarging_matrix(size, stride))
    wide = tf.nn.max_pool2d(lungs / 255.0, widen, 1, "SAME")[..., 0]
    return tf.einsum("yi,nyx,xj->nij", enlarge, wide, enlarge)[..., None] / stride**2


def softened(pixels: NDArray[np.uint8], sigma: float) -> NDArray[np.uint8]:
    """Films (N, S, S) blurred by ``sigma`` pixels, as the served network does it, rounded to whole grey levels."""
    if sigma == 0:
        return pixels
    blur = softening_matrix(pixels.shape[1], sigma)
    return np.stack([np.rint(blur @ film.astype(np.float32) @ blur.T).astype(np.uint8) for film in pixels])


def served_crops(
    pixels: NDArray[np.uint8], maps: LungMaps, size: int, stages: int = WHOLE
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Crops (N, S, S, 1) as the served network makes them, and their pooling weights for a backbone's stages."""
    import tensorflow as tf

    crops, weights = [], []
    for start in range(0, len(pixels), 64):
        part = slice(start, start + 64)
        pair = tf.cast(np.stack([pixels[part], maps.lungs[part]], axis=-1), tf.float32)
        left, top, right, bottom = (maps.boxes[part, edge] * FILM_SIZE for edge in range(4))
        width, height = right - left, bottom - top
        grown = [left - MARGIN * width, top - MARGIN * height, (1 + 2 * MARGIN) * width, (1 + 2 * MARGIN) * height]
        x, y, across, down = (tf.constant(edge, tf.float32) for edge in grown)
        moved = warp(pair, _matrix(x, y, across, down, size), size)
        crops.append(np.rint(moved[..., :1]).astype(np.uint8))
        weights.append(np.asarray(pooling_weights(moved[..., 1:], size, maps.widen, stride_of(stages))))
    return np.concatenate(crops), np.concatenate(weights)


def _changed_crop(film: Any, chest: Any, lungs: Any, boxes: Any, draw: Draws, config: CropConfig, size: int) -> Any:
    """(N, S, S, 2): crop and lungs, moved alike."""
    import tensorflow as tf

    n = int(film.shape[0])
    level = draw.uniform((n, 1, 1, 1), 0.0, 255.0)
    donor = tf.where(draw.chance(n, 0.25)[:, None, None, None] > 0, level, tf.roll(film, n // 2 - 1, axis=0))
    share = draw.chance(n, config.surround)[:, None, None, None] * (1 - chest / 255.0)
    film = (1 - share) * film + share * donor
    left, top, right, bottom = (boxes[:, edge] * FILM_SIZE for edge in range(4))
    edge = draw.uniform((n,), config.smallest, config.largest)
    stretch = tf.exp(0.5 * draw.uniform((n,), -config.stretch, config.stretch))
    width, height = (right - left) * edge * stretch, (bottom - top) * edge / stretch
    middle_x = (left + right) / 2 + draw.uniform((n,), -config.shift, config.shift) * width
    middle_y = (top + bottom) / 2 + draw.uniform((n,), -config.shift, config.shift) * height
    angle, shear = draw.uniform((n,), -1.0, 1.0) * config.turn * np.pi / 180, draw.uniform((n,), -0.08, 0.08)
    sign = 1 - 2 * draw.chance(n, config.flip)
    corner_x, corner_y = middle_x - width / 2, middle_y - height / 2
    return warp(
        tf.concat([film, lungs], -1), _matrix(corner_x, corner_y, sign * width, height, size, angle, shear), size
    )


def batches(
    pixels: NDArray[np.uint8], maps: LungMaps, targets: NDArray[np.float32], kinds: NDArray[np.int64],
    order: NDArray[np.int64], start: int, seed: int, config: CropConfig, retouching: AugmentationConfig, size: int,
    teach: Callable[[Any, Callable[[int], Any]], Any] | None = None, pieces: float = 0.0, stages: int = WHOLE,
) -> Any:  # fmt: skip
    """The tf.data pipeline from batch ``start`` on; a batch is a function of its number and the seed.

    Args:
        pixels: uint8 (N, 224, 224).
        maps: Their lungs.
        targets: (N,) probabilities of pneumonia to learn.
        kinds: (N,) classes of the auxiliary head.
        order: (batches, films a batch) indices, by :func:`ml.training.pipeline.order_of_films`.
        start: First batch to show.
        seed: Of the run.
        config: How crops are changed.
        retouching: What else is changed; its own crops and backgrounds take no part.
        size: Side of the crops.
        teach: By :func:`ml.training.distillation.lung_teachers`: what it says of a crop goes into its target.
        pieces: Chance that a crop gets a piece of another.
        stages: Of the backbone, whose features the pooling weights are for.

    Returns:
        Batches of ``((crops, pooling weights), {"all", "lungs", "aux"})``; with ``pieces`` the weights of a piece come
        third, and its target as ``"piece"``.
    """
    import tensorflow as tf

    count = order.shape[1]
    with tf.device("CPU"):
        stacked = tf.constant(np.stack([pixels, maps.chest, maps.lungs], axis=-1))
        boxes, wanted, classes, rows = (tf.constant(part) for part in (maps.boxes, targets, kinds, order))

    def load(step: Any) -> Any:
        row, draw = tf.ensure_shape(rows[step], (count,)), Draws(seed, step)
        film = tf.cast(tf.gather(stacked, row), tf.float32)
        moved = _changed_crop(film[..., :1], film[..., 1:2], film[..., 2:], tf.gather(boxes, row), draw, config, size)
        target, kind = tf.gather(wanted, row), tf.gather(classes, row)
        cut = exchange_pieces(moved, target, kind, draw, pieces) if pieces else None
        if cut is not None:
            moved, target, kind = cut.moved, cut.targets, cut.kinds
        crops = retouch(moved[..., :1], draw, retouching, count, size)

        @cache  # a teacher of as many stages asks for the same
        def within(stages: int) -> Any:
            return pooling_weights(moved[..., 1:], size, maps.widen, stride_of(stages))

        if teach is not None:
            target = SHARE * teach(crops, within) + (1 - SHARE) * target
        answers = {"all": target[:, None], "lungs": target[:, None], "aux": kind}
        if cut is None:
            return (crops, within(stages)), answers
        of_piece = pooling_weights(moved[..., 1:] * cut.piece, size, maps.widen, stride_of(stages))
        return (crops, within(stages), of_piece), {**answers, "piece": cut.piece_targets[:, None]}

    steps = tf.data.Dataset.range(start, len(order))
    # No Python branch in it hangs on a tensor, and to look for one takes seconds.
    load = tf.autograph.experimental.do_not_convert(load)
    return steps.map(load, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True).prefetch(4)
