"""Lateral chest views put together from the parts of frontal films, since no real lateral is at hand.

What makes a lateral is drawn (outline of the trunk from the side, one lung field for both lungs, sloping domes, heart
in front below, spine behind); what it is made of, ribs, vessels, vertebrae and grain, is taken from films in memory.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from ml.gate_training.negatives.altered import Film, Maker, cut
from ml.gate_training.negatives.shapes import Canvas, Rng, axes, blur, capsule, ellipse, fractal, step, wander, warp


def _fine(film: Film, left: float, right: float, size: int, pixels: float) -> Canvas:
    """Return the fine structure of a vertical strip of a film, stretched to (size, size), about 0."""
    strip = cut(film, left, 0.02, right, 0.95, size).astype(np.float32) / 255
    return np.asarray(strip - blur(strip, pixels), np.float32)


def profile(rng: Rng, films: list[Film]) -> Film:
    """A lateral view, the patient looking left or right."""
    size = films[0].shape[0]
    x, y = axes(size)
    rows = np.linspace(-1, 1, size, dtype=np.float32)[:, None]
    bend = rng.uniform(0.02, 0.14) * np.cos(1.6 * rows + rng.uniform(-0.6, 0.6))  # the back's curve
    back = -rng.uniform(0.55, 0.92) - bend + 0.1 * np.clip(-rows - 0.6, 0, 1)
    front = rng.uniform(0.5, 0.9) + rng.uniform(-0.05, 0.15) * rows + wander(rng, size, 0.02, 6)[:, None]
    neck = np.clip((-rows - rng.uniform(0.6, 0.95)) * 3, 0, 1) * rng.uniform(0, 0.5)
    body = step(np.maximum(back + neck * 0.4 - x, x - front + neck), rng.uniform(0.04, 0.12))

    spine_at = back + rng.uniform(0.22, 0.36)
    wall = front - rng.uniform(0.06, 0.18)  # breastbone and what covers it
    behind = back + rng.uniform(0.06, 0.16)
    top, domes = rng.uniform(-0.95, -0.6), rng.uniform(0.25, 0.75)
    slope = rng.uniform(0.1, 0.5)
    shape = np.maximum(np.maximum(behind - x, x - wall), (top + 0.5 * (x - spine_at - 0.3) ** 2) - y)
    lung = np.zeros_like(x)
    for _ in range(2):  # two domes, a little apart
        dome = domes + rng.normal(0, 0.04) - slope * (x - spine_at) + rng.uniform(0.05, 0.3) * (x - 0.1) ** 2
        lung = lung + 0.5 * step(np.maximum(shape, y - dome), rng.uniform(0.03, 0.12))

    tissue = rng.uniform(0.55, 0.85) + rng.uniform(-0.1, 0.15) * y + 0.1 * (fractal(rng, size, 2.8) - 0.5)
    air = rng.uniform(0.12, 0.45) + 0.12 * (fractal(rng, size, 2.6) - 0.5)
    middle = (rng.uniform(0.05, 0.4), rng.uniform(0.15, 0.5))
    wide, high = rng.uniform(0.22, 0.42), rng.uniform(0.25, 0.45)
    heart = ellipse(size, *middle, wide, high, rng.normal(-0.4, 0.2), rng.uniform(0.1, 0.3))
    shoulders = 1 - step(top + rng.uniform(0.2, 0.5) - y, 0.3)
    air = air + rng.uniform(0.1, 0.4) * heart + rng.uniform(0.0, 0.3) * shoulders
    stem = np.exp(-(((x - spine_at - 0.3) / 0.15) ** 2)) * step(y - 0.1, 0.5)
    air = air + rng.uniform(0.0, 0.2) * stem
    column = np.exp(-(((x - spine_at) / rng.uniform(0.1, 0.16)) ** 2).astype(np.float32))
    view = body * (tissue * (1 - lung) + air * lung + rng.uniform(0.05, 0.3) * column)

    right, left = (_fine(films[k % len(films)], *edges, size, size / 14)
                   for k, edges in enumerate(((0.55, 0.97), (0.03, 0.45))))  # fmt: skip
    view = view + body * (0.3 + 0.7 * lung) * rng.uniform(0.6, 1.4) * (0.6 * right + 0.6 * left[:, ::-1])
    strip = _fine(films[0], 0.42, 0.58, size // 6, size / 40)  # vertebrae
    at = np.clip(((spine_at[:, 0] + 1) / 2 * size - strip.shape[1] / 2).astype(int), 0, size - strip.shape[1])
    tall = np.asarray(Image.fromarray(strip).resize((strip.shape[1], size), Image.Resampling.BILINEAR))
    for row in range(size):
        view[row, at[row] : at[row] + tall.shape[1]] += rng.uniform(0.8, 1.6) * tall[row]
    for _ in range(int(rng.integers(0, 3))):  # arms held up or forward
        reach = (rng.uniform(-0.2, 0.9), rng.uniform(-1.3, -0.8))
        view += rng.uniform(0.1, 0.3) * capsule(size, (rng.uniform(-0.2, 0.2), -0.75), reach, 0.16, 0.13, 0.06)
    view = warp(rng, view - float(view.min()), 0.025)
    view = np.clip(view / max(0.3, float(np.percentile(view, 99.5))), 0, 1)
    if rng.random() < 0.5:
        view = view[:, ::-1]
    return np.asarray(view * 255, np.uint8)


PROFILES: dict[str, Maker] = {"profile": profile}
