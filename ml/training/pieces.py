"""Pieces of lungs exchanged between films, so that a network is taught at each place what that place shows.

A network that pools over the lungs learns one answer a film, and each place of its features sees most of the crop: it
may put its evidence anywhere. Here a half or a quarter of the crop comes from another film (after Yun et al. 2019,
*CutMix*, ICCV), and beside the whole the pooled evidence of one piece is taught its own film's answer: a piece of
normal lungs is to say *normal* whatever lies beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ml.training.stateless_random import Draws

_SOFT = 9
"""Side, in pixels of a crop, of the window by which the border of a piece is softened."""


@dataclass(frozen=True, slots=True)
class Pieced:
    """A batch of N crops, of which some have a piece of another film.

    Attributes:
        moved: (N, S, S, 2): the crops and their lungs, both 0..255.
        targets: (N,) of the whole: of both films, by how much of the lungs is whose.
        kinds: (N,) classes of the auxiliary head: of the film that most of the lungs come from.
        piece: (N, S, S, 1) of 0 and 1: the piece that ``piece_targets`` are about; all of a crop that is whole.
        piece_targets: (N,) of the film that the piece comes from.
    """

    moved: Any
    targets: Any
    kinds: Any
    piece: Any
    piece_targets: Any


def exchange_pieces(moved: Any, targets: Any, kinds: Any, draw: Draws, chance: float) -> Pieced:
    """Give a share of the crops a piece of another of the batch.

    The crops are cut to boxes about the lungs, so pieces fit roughly. A piece takes on mean and spread of the crop that
    it comes into: tone is no sign. The piece that is taught apart is a normal film's where one of both is normal, since
    of lungs with pneumonia not every piece need show it.

    Args:
        moved: float32 (N, S, S, 2), crops and their lungs, 0..255.
        targets: float32 (N,) probabilities of pneumonia to learn.
        kinds: int (N,).
        draw: Random numbers of this batch.
        chance: That a crop gets a piece.
    """
    import tensorflow as tf

    n, size = int(moved.shape[0]), int(moved.shape[1])
    other = n // 2 - 1
    theirs, their_targets, their_kinds = (tf.roll(part, other, axis=0) for part in (moved, targets, kinds))
    piece = _places(draw, n, size) * draw.chance(n, chance)[:, None, None, None]
    pixels, donor = moved[..., :1], theirs[..., :1]
    mean, variance = tf.nn.moments(pixels, (1, 2), keepdims=True)
    donor_mean, donor_variance = tf.nn.moments(donor, (1, 2), keepdims=True)
    donor = (donor - donor_mean) * tf.sqrt((variance + 1.0) / (donor_variance + 1.0)) + mean
    soft = tf.nn.avg_pool2d(piece, _SOFT, 1, "SAME")
    joined = tf.clip_by_value((1 - soft) * pixels + soft * donor, 0.0, 255.0)
    lungs = (1 - piece) * moved[..., 1:] + piece * theirs[..., 1:]
    share = tf.reduce_sum(lungs * piece, (1, 2, 3)) / (tf.reduce_sum(lungs, (1, 2, 3)) + 1e-3)
    exchanged = tf.reduce_max(piece, (1, 2, 3)) > 0
    about_theirs = tf.logical_and(exchanged, their_targets <= targets)
    chosen = tf.where(about_theirs[:, None, None, None], piece, 1 - piece)
    return Pieced(
        moved=tf.concat([joined, lungs], -1),
        targets=(1 - share) * targets + share * their_targets,
        kinds=tf.where(share > 0.5, their_kinds, kinds),
        piece=chosen,
        piece_targets=tf.where(about_theirs, their_targets, targets),
    )


def _places(draw: Draws, n: int, size: int) -> Any:
    """(N, S, S, 1) of 0 and 1: one side of an upright line, of a level one, or a corner between both."""
    import tensorflow as tf

    upright = draw.chance(n, 0.7)
    level = tf.maximum(draw.chance(n, 0.7), 1 - upright)
    steps = tf.range(size, dtype=tf.float32) / size

    def side(used: Any, low: float, high: float) -> Any:
        beyond = tf.cast(steps[None] > draw.uniform((n, 1), low, high), tf.float32)
        turned = draw.chance(n, 0.5)[:, None]
        chosen = turned * beyond + (1 - turned) * (1 - beyond)
        return used[:, None] * chosen + (1 - used[:, None])

    return (side(level, 0.3, 0.7)[:, :, None] * side(upright, 0.42, 0.58)[:, None, :])[..., None]
