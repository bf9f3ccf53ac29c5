"""Drawn medical pictures that are no radiographs of a chest: CT, MR, ultrasound, angiography, endoscopy, microscopy.

The axial CT of a chest matters most: two dark lungs beside a bright heart, and yet nothing the classifier may be shown.
Every painter takes (rng, size) and returns a canvas (see ml/gate_training/negatives/shapes.py).
"""

from __future__ import annotations

import math

import numpy as np

from ml.gate_training.negatives.anatomy import Painter
from ml.gate_training.negatives.shapes import (
    Canvas,
    Rng,
    axes,
    blur,
    capsule,
    ellipse,
    fractal,
    pair,
    step,
    warp,
    write,
)


def _vessels(rng: Rng, size: int, roots: int, start: tuple[float, float], reach: float, width: float) -> Canvas:
    """Return a tree of branching strokes grown from ``start``."""
    picture = np.zeros((size, size), np.float32)
    tips = [(start, rng.uniform(0, 2 * math.pi), width, reach) for _ in range(roots)]
    for _ in range(26):
        if not tips:
            break
        (x, y), angle, w, length = tips.pop(0)
        angle += rng.normal(0, 0.4)
        end = (x + length * math.cos(angle), y + length * math.sin(angle))
        picture = np.maximum(picture, capsule(size, (x, y), end, w, w * 0.8, 0.015))
        if w > 0.006:
            tips += [
                (end, angle + s * rng.uniform(0.2, 0.6), w * rng.uniform(0.6, 0.9), length * 0.85) for s in (-1, 1)
            ]
    return picture


def _field(rng: Rng, picture: Canvas, chance: float = 0.5, outside: float | None = None) -> Canvas:
    """Return the picture seen through the round or eight-cornered field of a scanner or scope, at times."""
    if rng.random() > chance:
        return picture
    x, y = axes(picture.shape[0])
    radius = rng.uniform(0.8, 1.05)
    round_ = np.hypot(x, y) if rng.random() < 0.6 else np.maximum(np.maximum(abs(x), abs(y)), (abs(x) + abs(y)) * 0.72)
    shade = rng.choice((0.0, 0.0, 0.3, 1.0)) if outside is None else outside
    return np.where(round_ < radius, picture, np.float32(shade))


def ct_chest(rng: Rng, size: int) -> Canvas:
    """An axial CT slice of the chest, in a lung or a soft-tissue window, on its table."""
    rx, ry = rng.uniform(0.6, 0.95), rng.uniform(0.4, 0.7)
    cy = rng.normal(-0.05, 0.06)
    lung_window = rng.random() < 0.5
    body = ellipse(size, 0, cy, rx, ry, rng.normal(0, 0.05), 0.02, rng.uniform(2, 3))
    level = rng.uniform(0.55, 0.95) if lung_window else rng.uniform(0.45, 0.6)
    picture = body * np.float32(level) + body * 0.06 * fractal(rng, size, 1.0)
    muscle = ellipse(size, 0, cy, rx * 0.88, ry * 0.85, 0, 0.03, 2.5)
    picture += 0.1 * (muscle - 0.5 * body) * body
    for s in (-1, 1):
        scale = rng.uniform(0.8, 1.05)
        lung = ellipse(
            size, s * rx * 0.47, cy - 0.02, rx * 0.36 * scale, ry * 0.72 * scale, s * rng.uniform(0.0, 0.3), 0.02, 2.4
        )
        lung = lung * (1 - ellipse(size, s * 0.05 + 0.1 * rx, cy - 0.05 * ry, rx * 0.3, ry * 0.42, 0.3, 0.03))
        lung *= 1 - ellipse(size, 0, cy + ry * 0.55, rx * 0.22, ry * 0.4, 0, 0.03)
        inside = 0.12 if lung_window else 0.0
        tree = _vessels(rng, size, 3, (s * rx * 0.2, cy), 0.18, 0.028)
        picture = picture * (1 - lung) + lung * (inside + (0.6 if lung_window else 0.15) * tree)
        if rng.random() < 0.4:
            picture += (
                lung * rng.uniform(0.1, 0.5) * fractal(rng, size, 2.5) * (axes(size)[1] > cy + rng.uniform(0, 0.3))
            )
    bright = 0.3 if not lung_window else 0.1
    picture += bright * ellipse(size, 0, cy + ry * 0.62, 0.12, 0.1, 0, 0.02) + bright * capsule(
        size, (0, cy + ry * 0.7), (0, cy + ry * 0.9), 0.03, 0.02
    )
    picture += bright * ellipse(size, 0, cy - ry * 0.86, 0.09, 0.03, 0, 0.02)
    for k in range(10):
        a = k * 0.63 + rng.normal(0, 0.1)
        picture += bright * ellipse(
            size, rx * 0.87 * math.cos(a), cy + ry * 0.83 * math.sin(a), 0.07, 0.025, a + 1.57, 0.02
        )
    if rng.random() < 0.7:
        picture = np.maximum(
            picture, 0.3 * step(np.abs(axes(size)[1] - cy - ry - 0.06 - 0.05 * axes(size)[0] ** 2) - 0.015, 0.02)
        )
    return write(rng, _field(rng, picture + 0.03 * rng.random((size, size)), 0.4), int(rng.integers(0, 4)), 1.0)


def ct_body(rng: Rng, size: int) -> Canvas:
    """An axial CT or MR slice of abdomen, pelvis, head or limb: organs as blobs in an oval."""
    rx, ry = rng.uniform(0.4, 0.95), rng.uniform(0.4, 0.9)
    body = ellipse(
        size, rng.normal(0, 0.05), rng.normal(0, 0.05), rx, ry, rng.normal(0, 0.3), 0.02, rng.uniform(1.8, 3.5)
    )
    picture = body * rng.uniform(0.2, 0.5)
    inner = ellipse(size, 0, 0, rx * 0.85, ry * 0.85, 0, 0.03, 2.3)
    picture += inner * rng.uniform(-0.1, 0.3)
    for _ in range(int(rng.integers(4, 14))):
        blob = ellipse(
            size, rng.normal(0, rx / 2.5), rng.normal(0, ry / 2.5), *pair(rng, 0.06, 0.35), rng.uniform(0, 3), 0.03
        )
        picture += inner * warp(rng, blob, 0.06) * rng.uniform(-0.25, 0.45) * (0.8 + 0.4 * fractal(rng, size, 2))
    if rng.random() < 0.5:
        rim = body - ellipse(size, 0, 0, rx * 0.93, ry * 0.93, 0, 0.02, 2.3) * body
        picture += rng.uniform(0.2, 0.7) * rim
    picture += 0.4 * ellipse(size, 0, ry * 0.55, 0.14, 0.12, 0, 0.03) * inner * rng.choice((0, 1))
    return write(rng, _field(rng, warp(rng, picture, 0.02), 0.3), int(rng.integers(0, 4)), 1.0)


def mr_sagittal(rng: Rng, size: int) -> Canvas:
    """A head, a knee or a spine as MR shows it: bright fat, dark bone, banded tissue."""
    shape = warp(
        rng, ellipse(size, 0, 0, rng.uniform(0.45, 0.85), rng.uniform(0.6, 1.3), rng.normal(0, 0.3), 0.03), 0.12
    )
    folds = np.sin(rng.uniform(8, 30) * warp(rng, fractal(rng, size, 2.8), 0.1))
    picture = shape * (0.45 + 0.15 * folds)
    picture += 0.4 * (shape - blur(shape, size / 30)).clip(0) * 2
    for _ in range(int(rng.integers(1, 7))):
        blob = ellipse(size, rng.normal(0, 0.3), rng.normal(0, 0.4), *pair(rng, 0.05, 0.35), rng.uniform(0, 3), 0.04)
        picture = picture * (1 - blob) + blob * shape * rng.uniform(0, 0.9)
    return write(rng, picture + np.abs(rng.normal(0, 0.02, (size, size))), int(rng.integers(0, 4)), 1.0)


def coronal(rng: Rng, size: int) -> Canvas:
    """A coronal CT or MR slice of a trunk: sharp black lungs without ribs across them, liver and bowel under them."""
    picture = 0.5 * ellipse(size, 0, 0.4, rng.uniform(0.6, 0.8), 1.4, 0, 0.02, 3)
    for s in (-1, 1):
        lung = ellipse(
            size,
            s * rng.uniform(0.28, 0.36),
            -0.3,
            rng.uniform(0.2, 0.27),
            rng.uniform(0.35, 0.5),
            s * 0.15,
            0.015,
            2.2,
        )
        lung *= step(axes(size)[1] - rng.uniform(-0.15, 0.05) - 0.5 * (axes(size)[0] - s * 0.3) ** 2, 0.015)
        picture = picture * (1 - lung) + 0.25 * lung * _vessels(rng, size, 2, (s * 0.12, -0.3), 0.15, 0.02)
        picture += 0.2 * ellipse(size, s * 0.35, 0.45, 0.12, 0.2, s * 0.2, 0.02) + 0.35 * ellipse(
            size, s * 0.5, 1.0, 0.14, 0.2, 0, 0.02
        )
        for k in range(7):
            picture += 0.35 * ellipse(size, s * (0.5 + 0.02 * k), -0.6 + 0.13 * k, 0.035, 0.025, 0, 0.015)
    picture += 0.15 * ellipse(size, -0.3, 0.15, 0.35, 0.22, 0.3, 0.02) + 0.3 * ellipse(
        size, 0.08, -0.15, 0.17, 0.2, 0.4, 0.02
    )
    for _ in range(8):
        blob = ellipse(size, rng.normal(0, 0.25), rng.uniform(0.4, 1.0), *pair(rng, 0.05, 0.14), 0, 0.02)
        picture = picture * (1 - blob) + blob * rng.uniform(0.0, 0.6)
    return write(rng, warp(rng, picture, 0.03), int(rng.integers(0, 4)), 1.0)


def ultrasound(rng: Rng, size: int) -> Canvas:
    """A sector or a strip of speckle with dark cysts, on black, with the machine's writing."""
    x, y = axes(size)
    speckle = (
        np.abs(blur(rng.random((size, size)).astype(np.float32), 0.8) - 0.3) * 1.6 * (0.3 + fractal(rng, size, 2.2))
    )
    depth = np.hypot(x, y + 1.1)
    if rng.random() < 0.6:
        inside = (
            (np.abs(np.arctan2(x, y + 1.1)) < rng.uniform(0.4, 0.8)) & (depth > 0.3) & (depth < rng.uniform(1.5, 2.0))
        )
    else:
        inside = (np.abs(x) < rng.uniform(0.5, 0.9)) & (np.abs(y) < rng.uniform(0.4, 0.9))
    for _ in range(int(rng.integers(1, 6))):
        speckle = speckle * (
            1 - 0.9 * ellipse(size, rng.normal(0, 0.3), rng.normal(0, 0.3), *pair(rng, 0.05, 0.35), 0, 0.06)
        )
        speckle += 0.4 * capsule(
            size, (rng.normal(0, 0.4), rng.normal(0, 0.4)), (rng.normal(0, 0.4), rng.normal(0, 0.4)), 0.02, 0.02, 0.04
        )
    return write(rng, np.where(inside, speckle, np.float32(0)), int(rng.integers(2, 9)), 1.0)


def angiogram(rng: Rng, size: int) -> Canvas:
    """Dark vessels on a hazy field (angiography), or bright ones on black (its subtraction)."""
    start = (rng.normal(0, 0.5), rng.choice((-0.9, 0.9)) * rng.random())
    tree = warp(
        rng, _vessels(rng, size, int(rng.integers(1, 4)), start, rng.uniform(0.25, 0.5), rng.uniform(0.03, 0.08)), 0.06
    )
    haze = fractal(rng, size, rng.uniform(2.5, 3.5))
    picture = 0.4 + 0.5 * haze - 0.4 * tree if rng.random() < 0.7 else 0.1 * haze + tree
    return write(rng, _field(rng, picture.astype(np.float32), 0.6), int(rng.integers(0, 3)), 1.0)


def scope(rng: Rng, size: int) -> Canvas:
    """An endoscope's or a fundus camera's view: a lit round field, folds or vessels, glints."""
    x, y = axes(size)
    light = np.exp(-((x - rng.normal(0, 0.3)) ** 2 + (y - rng.normal(0, 0.3)) ** 2) / rng.uniform(0.4, 1.5))
    picture = light * (0.5 + 0.5 * warp(rng, fractal(rng, size, rng.uniform(2, 3.2)), 0.1))
    if rng.random() < 0.5:
        picture -= 0.25 * warp(rng, _vessels(rng, size, 4, (rng.normal(0, 0.4), 0), 0.3, 0.03), 0.08)
        picture += 0.5 * ellipse(size, rng.normal(0, 0.5), 0, 0.13, 0.13, 0, 0.05)
    else:
        picture *= 1 - 0.9 * ellipse(size, rng.normal(0, 0.3), rng.normal(0, 0.3), *pair(rng, 0.05, 0.4), 0, 0.3)
        for _ in range(9):
            picture += ellipse(size, rng.normal(0, 0.5), rng.normal(0, 0.5), 0.03, 0.015, rng.uniform(0, 3), 0.02)
    return write(rng, _field(rng, picture.astype(np.float32), 0.85, 0.0), int(rng.integers(0, 6)), 1.0)


def tissue(rng: Rng, size: int) -> Canvas:
    """Microscopy: many small cells on fibres, or bands of tissue."""
    picture = 0.7 - 0.3 * warp(rng, fractal(rng, size, rng.uniform(1.2, 2.4)), 0.2)
    for _ in range(int(rng.integers(20, 60))):
        r = rng.uniform(0.015, 0.09)
        picture -= rng.uniform(0.1, 0.5) * ellipse(
            size, *pair(rng, -1, 1), r, r * rng.uniform(0.5, 1), rng.uniform(0, 3), 0.02
        )
    if rng.random() < 0.4:
        picture = np.where(fractal(rng, size, 3.5) > rng.uniform(0.2, 0.5), picture, np.float32(0.95))
    return np.asarray(picture, np.float32)


def scintigram(rng: Rng, size: int) -> Canvas:
    """Nuclear medicine: coarse blots, at times in the outline of a body."""
    picture = np.zeros((size, size), np.float32)
    for _ in range(int(rng.integers(3, 14))):
        picture += rng.random() * ellipse(
            size, rng.normal(0, 0.35), rng.normal(0, 0.5), *pair(rng, 0.04, 0.3), rng.uniform(0, 3), 0.25
        )
    coarse = int(rng.integers(1, 6))
    picture = rng.poisson(np.clip(picture, 0, 3) * rng.uniform(5, 60)).astype(np.float32)
    small = (
        picture[: size // coarse * coarse, : size // coarse * coarse]
        .reshape(size // coarse, coarse, -1, coarse)
        .mean((1, 3))
    )
    return np.kron(np.pad(small, ((0, 1), (0, 1))), np.ones((coarse, coarse), np.float32))[:size, :size]


SLICES: dict[str, Painter] = {
    "ct_chest": ct_chest,
    "ct_body": ct_body,
    "mr_sagittal": mr_sagittal,
    "coronal": coronal,
    "ultrasound": ultrasound,
    "angiogram": angiogram,
    "scope": scope,
    "tissue": tissue,
    "scintigram": scintigram,
}
