"""Parts that the drawn radiographs share: soft tissue, a column of vertebrae, the margins of a collimated film."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from ml.gate_training.negatives.shapes import Canvas, Rng, axes, blur, ellipse, fractal, step, turned, wander

Painter: TypeAlias = Callable[[Rng, int], Canvas]


def tissue(rng: Rng, mask: Canvas, depth: float) -> Canvas:
    """Return soft tissue of that outline: rounder in the middle, with faint structure inside."""
    round_ = 0.7 + 0.3 * blur(mask, mask.shape[0] / 12)
    inside = 0.85 + 0.3 * fractal(rng, mask.shape[0], rng.uniform(1.8, 3.0))
    return np.asarray(mask * np.float32(depth) * round_ * inside, np.float32)


def collimated(rng: Rng, picture: Canvas) -> Canvas:
    """Return the picture with, at times, the blank margins of a collimated or masked film."""
    if rng.random() < 0.5:
        return picture
    x, y = turned(*axes(picture.shape[0]), rng.normal(0, 0.06))
    inside = step(np.maximum(np.abs(x) / rng.uniform(0.4, 1.0), np.abs(y) / rng.uniform(0.5, 1.0)) - 1.0, 0.02)
    return np.where(inside > 0.5, picture, np.float32(rng.choice((0.0, 0.0, 1.0)) * picture.max()))


def polar(length: float, angle: float, start: tuple[float, float]) -> tuple[float, float]:
    """Return the point at that distance and angle (radians) from ``start``."""
    return start[0] + length * math.cos(angle), start[1] + length * math.sin(angle)


def vertebrae(rng: Rng, size: int, cx: float, width: float, count: int, top: float = -1.1, bow: float = 0.1) -> Canvas:
    """Return a column of vertebral bodies, rims brighter than the middle."""
    picture = np.zeros((size, size), np.float32)
    path = wander(rng, count, bow, 4)
    pitch = 2.3 / count
    for k in range(count):
        y, x, w = top + (k + 0.5) * pitch, cx + float(path[k]), width * (0.8 + 0.4 * k / count)
        angle = rng.normal(0, 0.05)
        body = ellipse(size, x, y, w, pitch * 0.42, angle, 0.02, 5)
        picture += body - 0.4 * ellipse(size, x, y, w * 0.8, pitch * 0.3, angle, 0.02, 5)
    return picture
