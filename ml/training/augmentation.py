"""What is done to films while a network learns, batch by batch, in TensorFlow operations.

The aim is not variety but the *right* variety. In this data the classes differ in things that are no disease: normal
films were larger (sharper after scaling), show more black around the child, have a steeper tone curve and a small,
crisp marker. Another hospital's films, or the next month's, break that link. So everything that belongs to the
acquisition is drawn at random, alike for both classes: framing, aspect, tone curve, sharpness, grain, compression,
markers, collimation. Two things are taken from *another film of the batch*, which makes them exchangeable between the
classes: tone (histogram matching), and everything around the chest (:func:`_surround`), which alone would tell the
classes apart.

Every draw comes from (seed, step), so a resumed training sees the films an unbroken one would have seen.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ml.training.stateless_random import Draws


@dataclass(frozen=True, slots=True)
class AugmentationConfig:
    """How strongly films are changed; chances are per film.

    Attributes:
        surround: Chance that what lies around the chest is another film's, or a plain grey.
        area: Smallest share of the film's area a crop may show.
        loose: Largest share; above 1 the film is shown small, with black around it.
        stretch: Largest change of aspect, as a natural logarithm.
        turn: Largest rotation, degrees.
        flip: Chance of mirroring left and right.
        tone: Chance of a random monotone tone curve.
        match: Chance of another film's histogram.
        equalise: Chance of (partial) histogram equalisation.
        blur: Chance of a change of sharpness, softer or crisper.
        grain: Chance of noise.
        jpeg: Chance of JPEG compression at quality 20–90.
        marker: Chance of a drawn letter.
        collimate: Chance of dark borders.
        erase: Chance of an erased rectangle.
        mix: Chance that a batch is mixed (mixup, Zhang et al. 2018).
        smooth: Label smoothing: 0 and 1 become ``smooth`` / 2 and 1 − ``smooth`` / 2.
    """

    surround: float = 0.8
    area: float = 0.35
    loose: float = 1.2
    stretch: float = 0.3
    turn: float = 12.0
    flip: float = 0.5
    tone: float = 0.6
    match: float = 0.5
    equalise: float = 0.15
    blur: float = 0.7
    grain: float = 0.4
    jpeg: float = 0.2
    marker: float = 0.3
    collimate: float = 0.2
    erase: float = 0.3
    mix: float = 0.5
    smooth: float = 0.05

    def as_json(self) -> dict[str, float]:
        """The same as plain JSON values."""
        return asdict(self)


@cache
def _glyphs() -> NDArray[np.float32]:
    """(G, 32, 32, 1) letters and digits as are put on films, drawn with Pillow's own font."""
    font, drawn = ImageFont.load_default(26), []
    for text in ("R", "L", "R", "L", "AP", "P", "A", "12", "7", "+", "RH", "3B"):
        canvas = Image.new("L", (32, 32))
        ImageDraw.Draw(canvas).text((16, 16), text, fill=255, anchor="mm", font=font)
        drawn.append(np.asarray(canvas, np.float32)[..., None])
    return np.stack(drawn)


def warp(images: Any, matrix: Any, size: int) -> Any:
    """Sample (N, H, W, 1) at ``matrix`` (N, 8) onto ``size`` × ``size``; outside is black."""
    import tensorflow as tf

    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images, transforms=matrix, output_shape=[size, size], interpolation="BILINEAR", fill_mode="CONSTANT",
        fill_value=0.0,
    )  # fmt: skip


def _surround(films: Any, draw: Draws, config: AugmentationConfig, n: int) -> Any:
    """Around some films' chests, other films of the batch, whatever their class, or one level of grey.

    The chest is a rounded trapezium, wider below, of which every measure is drawn; its edge is soft, so that the seam
    says little. What is learnt with it holds inside the chest (as for backgrounds in Xiao et al. 2021).
    """
    import tensorflow as tf

    size = int(films.shape[1])
    line = (tf.range(size, dtype=tf.float32) + 0.5) / size - 0.5
    across = tf.abs(line[None, None, :] - draw.uniform((n, 1, 1), -0.03, 0.03))
    down = line[None, :, None] - draw.uniform((n, 1, 1), -0.03, 0.03)
    half_width = draw.uniform((n, 1, 1), 0.35, 0.48) * (1 + draw.uniform((n, 1, 1), 0.0, 0.9) * down)
    power = draw.uniform((n, 1, 1), 2.5, 7.0)
    distance = (across / half_width) ** power + (tf.abs(down) / draw.uniform((n, 1, 1), 0.33, 0.45)) ** power
    inside = tf.sigmoid((1 - distance ** (1 / power)) / draw.uniform((n, 1, 1), 0.015, 0.08))[..., None]
    # Not the neighbour: that one lends its tone (_tables), and is mixed in (mix).
    level = draw.uniform((n, 1, 1, 1), 0.0, 255.0)
    donor = tf.where(draw.chance(n, 0.25)[:, None, None, None] > 0, level, tf.roll(films, n // 2 - 1, axis=0))
    share = 1 - draw.chance(n, config.surround)[:, None, None, None] * (1 - inside)
    return share * films + (1 - share) * donor


def _crop(images: Any, draw: Draws, config: AugmentationConfig, n: int, train_size: int) -> Any:
    """A random crop, stretched, turned, sheared and perhaps mirrored, at ``train_size``."""
    import tensorflow as tf

    size = float(images.shape[1])
    edge = tf.sqrt(draw.uniform((n,), config.area, config.loose))
    aspect = draw.uniform((n,), -config.stretch, config.stretch)
    stretch = tf.exp(0.5 * aspect)
    width, height = edge * stretch * size, edge / stretch * size
    # A crop may look a little over the edge, where it finds black, as a loosely framed film would.
    middle_x = size / 2 + draw.uniform((n,), -0.5, 0.5) * tf.abs(size * 1.04 - width)
    middle_y = size / 2 + draw.uniform((n,), -0.5, 0.5) * tf.abs(size * 1.04 - height)
    angle = draw.uniform((n,), -1.0, 1.0) * config.turn * np.pi / 180
    shear = draw.uniform((n,), -0.08, 0.08)
    sign = 1.0 - 2.0 * draw.chance(n, config.flip)
    sx, sy = sign * width / train_size, height / train_size
    a, b = tf.cos(angle) * sx, (shear - tf.sin(angle)) * sy
    d, e = tf.sin(angle) * sx, tf.cos(angle) * sy
    half = (train_size - 1) / 2
    zero = tf.zeros((n,))
    matrix = tf.stack(
        [a, b, middle_x - 0.5 - (a + b) * half, d, e, middle_y - 0.5 - (d + e) * half, zero, zero], axis=1
    )
    return warp(images, matrix, train_size)


def _tables(x: Any, draw: Draws, config: AugmentationConfig, n: int) -> Any:
    """(N, 256) tone curves: matched to another film, equalised, bent; each film by its own chances."""
    import tensorflow as tf

    flat = tf.cast(tf.reshape(x, (n, -1)), tf.int32)
    counts = tf.cast(tf.math.bincount(flat, minlength=256, maxlength=256, axis=-1), tf.float32)
    below = (tf.cumsum(counts, axis=1) - 0.5 * counts) / tf.reduce_sum(counts, axis=1, keepdims=True)
    levels = tf.range(256, dtype=tf.float32)[None]
    table = tf.repeat(levels, n, axis=0)
    # Histogram matching to the neighbour in the (shuffled) batch: below → the neighbour's level at the same rank.
    other = tf.roll(tf.cumsum(counts, axis=1) / tf.reduce_sum(counts, axis=1, keepdims=True), 1, axis=0)
    matched = tf.cast(tf.searchsorted(other, below), tf.float32)
    share = (draw.chance(n, config.match) * draw.uniform((n,), 0.3, 0.9))[:, None]
    table = (1 - share) * table + share * matched
    share = (draw.chance(n, config.equalise) * draw.uniform((n,), 0.3, 1.0))[:, None]
    table = (1 - share) * table + share * 255.0 * below
    # A random monotone curve through eight pieces, on top of a gamma.
    steps = tf.exp(0.45 * draw.normal((n, 8)))
    knots = tf.concat([tf.zeros((n, 1)), tf.cumsum(steps, axis=1) / tf.reduce_sum(steps, axis=1, keepdims=True)], 1)
    gamma = tf.exp(draw.uniform((n, 1), -0.6, 0.6))
    place = 8.0 * (tf.clip_by_value(table, 0.0, 255.0) / 255.0) ** gamma
    left = tf.clip_by_value(tf.cast(place, tf.int32), 0, 7)
    low, high = tf.gather(knots, left, batch_dims=1), tf.gather(knots, left + 1, batch_dims=1)
    bent = low + (high - low) * (place - tf.cast(left, tf.float32))
    black, white = draw.uniform((n, 1), -0.06, 0.14), draw.uniform((n, 1), 0.75, 1.06)
    bent = 255.0 * (black + (white - black) * bent)
    use = draw.chance(n, config.tone)[:, None]
    return tf.clip_by_value((1 - use) * table + use * bent, 0.0, 255.0)


@cache
def _blur(size: int, sigma: float) -> NDArray[np.float32]:
    """(size, size): a Gaussian blur along one axis, mirrored at the border."""
    reach = int(np.ceil(2.5 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    mirrored = np.pad(np.eye(size), ((reach, reach), (0, 0)), "reflect")
    taken = (weight * mirrored[i : i + size] for i, weight in enumerate(weights / weights.sum()))
    return np.asarray(np.sum(list(taken), axis=0), np.float32)


def _soften(x: Any, sigma: float, size: int) -> Any:
    """Gaussian blur of (N, size, size, 1), by products of matrices: convolving one channel takes six times as long."""
    import tensorflow as tf

    blur = tf.constant(_blur(size, sigma))
    return tf.matmul(tf.matmul(blur, x[..., 0]), blur, transpose_b=True)[..., None]


def _sharpness(x: Any, draw: Draws, config: AugmentationConfig, n: int, train_size: int) -> Any:
    """Softer or crisper, then grain: what focus, detector and scaling leave in a film."""
    import tensorflow as tf

    use = draw.chance(n, config.blur)
    fine, coarse = _soften(x, 0.9, train_size), _soften(x, 2.0, train_size)
    amount = (use * draw.uniform((n,), -1.0, 1.0))[:, None, None, None]
    strong = (use * draw.chance(n, 0.35) * draw.uniform((n,)))[:, None, None, None]
    x = x + amount * (fine - x) + strong * (coarse - fine)
    noise = draw.normal(tf.shape(x))
    noise = tf.where((draw.chance(n, 0.5) > 0)[:, None, None, None], 1.8 * _soften(noise, 0.8, train_size), noise)
    level = (draw.chance(n, config.grain) * draw.uniform((n,), 1.0, 3.8) ** 2)[:, None, None, None]
    return tf.clip_by_value(x + level * noise, 0.0, 255.0)


def _compress(x: Any, draw: Draws, config: AugmentationConfig, n: int) -> Any:
    """JPEG artefacts in the first films of the batch; the batch is in random order."""
    import tensorflow as tf

    count = round(n * config.jpeg)
    if count == 0:
        return x
    quality = tf.cast(draw.uniform((count,), 20.0, 90.0), tf.int32)

    def one(pair: tuple[Any, Any]) -> Any:
        film, q = pair
        coded = tf.image.adjust_jpeg_quality(tf.repeat(film / 255.0, 3, axis=-1), q)
        return coded[..., :1] * 255.0

    done = tf.map_fn(one, (x[:count], quality), fn_output_signature=tf.float32)
    return tf.concat([tf.ensure_shape(done, (count, *x.shape[1:])), x[count:]], axis=0)


def _overlay(x: Any, draw: Draws, config: AugmentationConfig, n: int, train_size: int) -> Any:
    """Letters, dark borders and erased rectangles."""
    import tensorflow as tf

    glyphs = tf.constant(_glyphs())
    chosen = tf.gather(glyphs, tf.cast(draw.uniform((n,), 0.0, float(glyphs.shape[0])), tf.int32))
    size = draw.uniform((n,), 0.05, 0.16) * train_size
    # Mostly near the borders, where markers are: the larger of two coordinates' distance from the middle is pushed out.
    place = draw.uniform((n, 2), -1.0, 1.0)
    place = tf.sign(place) * tf.abs(place) ** 0.4
    corner = (train_size - size)[:, None] * (0.5 + 0.5 * place)
    scale = 32.0 / size
    zero = tf.zeros((n,))
    matrix = tf.stack([scale, zero, -corner[:, 0] * scale, zero, scale, -corner[:, 1] * scale, zero, zero], axis=1)
    stamp = warp(chosen, matrix, train_size) / 255.0
    stamp *= (draw.chance(n, config.marker) * draw.uniform((n,), 0.6, 1.0))[:, None, None, None]
    x = x * (1 - stamp) + 255.0 * stamp

    line = (tf.range(train_size, dtype=tf.float32) + 0.5) / train_size
    border = draw.chance(n, config.collimate)[:, None] * tf.nn.relu(draw.uniform((n, 4), -0.08, 0.12))
    inside_x = tf.cast((line[None] >= border[:, :1]) & (line[None] <= 1 - border[:, 1:2]), tf.float32)
    inside_y = tf.cast((line[None] >= border[:, 2:3]) & (line[None] <= 1 - border[:, 3:]), tf.float32)
    x *= inside_x[:, None, :, None] * inside_y[:, :, None, None]

    extent, middle = draw.uniform((n, 2), 0.08, 0.35), draw.uniform((n, 2))
    hole_x = tf.cast(tf.abs(line[None] - middle[:, :1]) < extent[:, :1] / 2, tf.float32)
    hole_y = tf.cast(tf.abs(line[None] - middle[:, 1:]) < extent[:, 1:] / 2, tf.float32)
    hole = hole_x[:, None, :, None] * hole_y[:, :, None, None] * draw.chance(n, config.erase)[:, None, None, None]
    return x * (1 - hole) + hole * draw.uniform((n, 1, 1, 1), 0.0, 255.0)


def augment(films: Any, seed: int, step: Any, config: AugmentationConfig, train_size: int) -> Any:
    """Change a batch of films at random.

    Args:
        films: uint8 (N, H, W, 1), N known; the order of the batch must be random.
        seed: Of the run.
        step: Scalar integer, the step of the run.
        config: How strongly.
        train_size: Side of the result, in pixels.

    Returns:
        float32 (N, train_size, train_size, 1) in 0..255.
    """
    import tensorflow as tf

    n = int(films.shape[0])
    draw = Draws(seed, step)
    x = _surround(tf.cast(films, tf.float32), draw, config, n)
    return retouch(_crop(x, draw, config, n, train_size), draw, config, n, train_size)


def augment_pair(pairs: Any, seed: int, step: Any, config: AugmentationConfig, train_size: int) -> tuple[Any, Any]:
    """Move films and masks alike, and retouch the films: uint8 (N, H, W, 2) → two float32 (N, S, S, 1)."""
    import tensorflow as tf

    n, draw = int(pairs.shape[0]), Draws(seed, step)
    moved = _crop(tf.cast(pairs, tf.float32), draw, config, n, train_size)
    return retouch(moved[..., :1], draw, config, n, train_size), moved[..., 1:]


def retouch(x: Any, draw: Draws, config: AugmentationConfig, n: int, train_size: int) -> Any:
    """Everything that does not move a film's places: tone, sharpness, what lies over it, compression."""
    import tensorflow as tf

    x = tf.gather(_tables(x, draw, config, n), tf.cast(x, tf.int32)[..., 0], batch_dims=1)[..., None]
    x = _sharpness(x, draw, config, n, train_size)
    return _compress(_overlay(x, draw, config, n, train_size), draw, config, n)
