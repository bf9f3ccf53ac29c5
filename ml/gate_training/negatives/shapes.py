"""Strokes and textures from which the gate's negatives are drawn; nothing here is copied from a picture.

Conventions: a *canvas* is a float32 array of shape (size, size), black = 0, white = 1 (values may leave that range
until :func:`finish`). Coordinates run over [-1, 1], x to the right, y downwards, as in a picture. Every function that
draws by chance takes the generator, so one seed gives one picture.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Canvas: TypeAlias = NDArray[np.floating[Any]]
Rng: TypeAlias = np.random.Generator


def pair(rng: Rng, low: float, high: float) -> tuple[float, float]:
    """Return two independent draws between ``low`` and ``high``."""
    first, second = rng.uniform(low, high, 2).tolist()
    return first, second


def axes(size: int) -> tuple[Canvas, Canvas]:
    """Return the x and y coordinate of every pixel centre, each of shape (size, size)."""
    line = ((np.arange(size, dtype=np.float32) + 0.5) * (2.0 / size) - 1.0).astype(np.float32)
    return np.broadcast_to(line, (size, size)), np.broadcast_to(line[:, None], (size, size))


def turned(x: Canvas, y: Canvas, angle: float, cx: float = 0.0, cy: float = 0.0) -> tuple[Canvas, Canvas]:
    """Return the coordinates seen from (cx, cy) after turning by ``angle`` radians."""
    c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    dx, dy = x - np.float32(cx), y - np.float32(cy)
    return c * dx + s * dy, -s * dx + c * dy


def step(distance: Canvas, softness: float = 0.02) -> Canvas:
    """Turn a signed distance (negative inside) into a mask in [0, 1] whose edge is ``softness`` wide."""
    return np.asarray(np.clip(0.5 - distance / np.float32(max(softness, 1e-3)), 0.0, 1.0), np.float32)


def ellipse(
    size: int,
    cx: float,
    cy: float,
    rx: float,
    ry: float,
    angle: float = 0.0,
    softness: float = 0.02,
    power: float = 2.0,
) -> Canvas:
    """Return the mask of a (super-)ellipse; ``power`` above 2 makes it squarer."""
    c, s = abs(np.cos(angle)), abs(np.sin(angle))
    wider = 1.0 + max(softness, 1e-3) / min(rx, ry)
    across, down = (c * rx + s * ry) * wider, (s * rx + c * ry) * wider
    box = _pixels(size, cy - down, cy + down), _pixels(size, cx - across, cx + across)
    x, y = axes(size)
    x, y = turned(x[box], y[box], angle, cx, cy)
    r = (np.abs(x / np.float32(rx)) ** power + np.abs(y / np.float32(ry)) ** power) ** np.float32(1.0 / power)
    mask = np.zeros((size, size), np.float32)
    mask[box] = step((r - 1.0) * np.float32(min(rx, ry)), softness)
    return mask


def capsule(
    size: int, a: tuple[float, float], b: tuple[float, float], ra: float, rb: float, softness: float = 0.02
) -> Canvas:
    """Return the mask of a rod from ``a`` to ``b`` whose radius runs from ``ra`` to ``rb``."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    reach = max(ra, rb) + softness
    box = tuple(_pixels(size, min(a[i], b[i]) - reach, max(a[i], b[i]) + reach) for i in (1, 0))
    x, y = (axis[box] for axis in axes(size))
    along = np.clip(((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy + 1e-6), 0.0, 1.0)
    gap = np.hypot(x - a[0] - along * dx, y - a[1] - along * dy)
    mask = np.zeros((size, size), np.float32)
    mask[box] = step((gap - (ra + along * (rb - ra))).astype(np.float32), softness)
    return mask


def _pixels(size: int, low: float, high: float) -> slice:
    """The pixels of an axis between two coordinates, and one more at each end: elsewhere a mask is nothing."""
    first, last = ((place + 1.0) * size / 2.0 for place in (low, high))
    return slice(int(np.clip(first - 1.0, 0, size)), int(np.clip(last + 2.0, 0, size)))


def bone(
    size: int, a: tuple[float, float], b: tuple[float, float], radius: float, waist: float = 0.65, shell: float = 0.35
) -> Canvas:
    """Return a long bone: two heads, a narrower shaft, and a cortex brighter than the marrow."""
    middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)

    def outline(r: float) -> Canvas:
        shaft = np.maximum(capsule(size, a, middle, r, r * waist), capsule(size, middle, b, r * waist, r))
        return np.maximum(
            shaft, np.maximum(ellipse(size, *a, r * 1.15, r * 1.15), ellipse(size, *b, r * 1.15, r * 1.15))
        )

    return (outline(radius) - shell * outline(radius * 0.62)).astype(np.float32)


def fractal(rng: Rng, size: int, beta: float = 2.0) -> Canvas:
    """Return noise whose power falls as 1/f**beta (0 white, 2 like natural scenes, 3 cloudy), scaled to [0, 1]."""
    f = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :])
    f[0, 0] = 1.0
    spectrum = np.fft.rfft2(rng.standard_normal((size, size))) * f ** (-beta / 2)
    spectrum[0, 0] = 0.0
    field = np.fft.irfft2(spectrum, s=(size, size))
    low, high = np.percentile(field, (1, 99))
    return np.asarray(np.clip((field - low) / (high - low + 1e-9), 0.0, 1.0), np.float32)


def wander(rng: Rng, count: int, amount: float, smooth: int = 5) -> Canvas:
    """Return ``count`` values of a smooth random walk around 0, of about ``amount``."""
    knots = rng.normal(0.0, amount, max(2, smooth))
    return np.interp(np.linspace(0, 1, count), np.linspace(0, 1, knots.size), knots).astype(np.float32)


def sample(picture: Canvas, x: Canvas, y: Canvas) -> Canvas:
    """Return ``picture`` read at coordinates (x, y) in [-1, 1], bilinearly; outside, its edge is repeated."""
    h, w = picture.shape
    col = np.clip((x + 1) * (w / 2) - 0.5, 0, w - 1.001)
    row = np.clip((y + 1) * (h / 2) - 0.5, 0, h - 1.001)
    c0, r0 = col.astype(np.intp), row.astype(np.intp)
    fc, fr = (col - c0).astype(np.float32), (row - r0).astype(np.float32)
    flat, place = picture.ravel(), r0 * w + c0  # one index a pixel: to look up two takes twice as long
    top = flat[place] * (1 - fc) + flat[place + 1] * fc
    bottom = flat[place + w] * (1 - fc) + flat[place + w + 1] * fc
    return np.asarray(top * (1 - fr) + bottom * fr, np.float32)


def warp(rng: Rng, picture: Canvas, amount: float, coarse: int = 4) -> Canvas:
    """Return ``picture`` bent by a smooth random field of about ``amount`` (in the units of the axes)."""
    size = picture.shape[0]
    x, y = axes(size)
    grid = axes(size)
    shifts = [sample(rng.normal(0.0, amount, (coarse, coarse)).astype(np.float32), *grid) for _ in range(2)]
    return sample(picture, x + shifts[0], y + shifts[1])


def blur(picture: Canvas, pixels: float) -> Canvas:
    """Return ``picture`` (in [0, 1]) blurred by a Gaussian of that many pixels."""
    if pixels <= 0:
        return picture
    image = Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(pixels)), dtype=np.float32) / 255.0


def pencil(picture: Canvas) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """Return a grey Pillow picture of the canvas and a pencil for it (text, lines, polygons)."""
    image = Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
    return image, ImageDraw.Draw(image)


def unpencil(image: Image.Image) -> Canvas:
    """Return what was drawn with :func:`pencil` as a canvas again."""
    return np.asarray(image, dtype=np.float32) / 255.0


_LETTERS = np.array(list("ABCDEFGHIKLMNOPRSTUVWXYZabcdefghiklmnoprstuvwxyz0123456789 ::--./"))


def words(rng: Rng, length: int) -> str:
    """Return ``length`` random characters that look like writing."""
    return "".join(rng.choice(_LETTERS, length))


def write(rng: Rng, picture: Canvas, lines: int, ink: float | None = None, low: float = 6, high: float = 16) -> Canvas:
    """Return the canvas with a few random words set near its corners, as viewers and printers do."""
    image, draw = pencil(picture)
    size = image.width
    for _ in range(lines):
        x, y = (int(rng.choice((rng.uniform(0, 0.25), rng.uniform(0.6, 0.9))) * size) for _ in range(2))
        shade = int(255 * (ink if ink is not None else rng.choice((0.0, 0.8, 1.0))))
        draw.text(
            (x, y), words(rng, int(rng.integers(2, 12))), fill=shade, font_size=rng.uniform(low, high) * size / 224
        )
    return unpencil(image)


def finish(rng: Rng, picture: Canvas) -> NDArray[np.uint8]:
    """Return the canvas as bytes, (size, size) uint8, with a random tone curve and a little grain."""
    low, high = float(picture.min()), float(picture.max())
    flat = np.clip((picture - low) / (high - low + 1e-6), 0, 1) ** np.float32(rng.uniform(0.6, 1.6))
    grain = rng.normal(0.0, rng.uniform(0.0, 0.03), picture.shape)
    return np.asarray(np.clip(flat + grain, 0, 1) * 255, np.uint8)
