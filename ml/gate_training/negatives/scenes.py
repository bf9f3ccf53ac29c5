"""Drawn pictures of everything else people upload: documents, screens, plots, photographs, patterns, noise.

Photographs are imitated by their statistics: occluding textured shapes ("dead leaves"), 1/f noise, shaded solids,
horizons, facades and faces. Every painter takes (rng, size) and returns a canvas
(see ml/gate_training/negatives/shapes.py).
"""

from __future__ import annotations

import math

import numpy as np

from ml.gate_training.negatives.anatomy import Painter
from ml.gate_training.negatives.shapes import (
    Canvas,
    Rng,
    axes,
    capsule,
    ellipse,
    fractal,
    pair,
    pencil,
    step,
    turned,
    unpencil,
    warp,
    words,
    write,
)


def page(rng: Rng, size: int) -> Canvas:
    """A page of text, a letter, a table or a listing, dark on light or light on dark."""
    image, draw = pencil(np.full((size, size), 1.0, np.float32))
    scale = rng.uniform(5, 22) * size / 224
    columns = int(rng.integers(1, 4))
    for column in range(columns):
        left, width, y = size * (column + 0.06) / columns, size * 0.88 / columns, size * rng.uniform(0.02, 0.2)
        while y < size * rng.uniform(0.8, 1.0):
            if rng.random() < 0.85:
                count = max(1, int(width * rng.uniform(0.2, 1) / scale * 1.8))
                draw.text(
                    (left, y),
                    words(rng, count),
                    fill=int(rng.integers(0, 90)),
                    font_size=scale * rng.choice((1, 1, 1, 1.6)),
                )
            y += scale * rng.uniform(1.1, 1.6)
    if rng.random() < 0.3:
        for k in range(int(rng.integers(2, 9))):
            draw.line((0, k * size / 8, size, k * size / 8), fill=120)
            draw.line((k * size / 6, 0, k * size / 6, size), fill=120)
    picture = unpencil(image)
    if rng.random() < 0.3:  # photographed paper
        picture = warp(rng, picture * (0.5 + 0.5 * fractal(rng, size, 3.5)), 0.05)
    return 1 - picture if rng.random() < 0.25 else picture


def screen(rng: Rng, size: int) -> Canvas:
    """A window with panels, buttons, a menu and writing; at times with a small picture in it."""
    back = float(rng.uniform(0, 1))
    image, draw = pencil(np.full((size, size), back, np.float32))
    for _ in range(int(rng.integers(4, 22))):
        x, y, w, h = (
            rng.uniform(-0.1, 0.9),
            rng.uniform(-0.1, 0.9),
            rng.exponential(0.3) + 0.04,
            rng.exponential(0.18) + 0.03,
        )
        box = (x * size, y * size, min(1.0, x + w) * size + 2, min(1.0, y + h) * size + 2)
        corner = rng.uniform(0, 0.4) * min(box[2] - box[0], box[3] - box[1], 12.0)
        draw.rounded_rectangle(box, radius=corner, fill=int(rng.integers(0, 256)), outline=int(rng.integers(0, 256)))
        if rng.random() < 0.7:
            draw.text(
                (box[0] + 3, box[1] + 2),
                words(rng, int(rng.integers(3, 20))),
                fill=int(rng.integers(0, 256)),
                font_size=rng.uniform(6, 14) * size / 224,
            )
    draw.rectangle((0, 0, size, size * rng.uniform(0.03, 0.1)), fill=int(rng.integers(0, 256)))
    return unpencil(image)


def plot(rng: Rng, size: int) -> Canvas:
    """A chart: lines, bars or points on axes; or an ECG."""
    image, draw = pencil(np.full((size, size), 1.0, np.float32))
    style = rng.integers(0, 4)
    for _ in range(int(rng.integers(1, 5))):
        values = size * (0.5 + np.cumsum(rng.normal(0, 0.04, 40)))
        xs = np.linspace(0.1, 0.95, 40) * size
        if style == 0:
            draw.line(list(zip(xs, values, strict=True)), fill=int(rng.integers(0, 160)), width=int(rng.integers(1, 4)))
        elif style == 1:
            for k in range(0, 40, int(rng.integers(2, 6))):
                draw.rectangle(
                    (xs[k], min(values[k], size * 0.89), xs[k] + size / 30, size * 0.9), fill=int(rng.integers(0, 200))
                )
        elif style == 2:
            for k in range(40):
                draw.ellipse((xs[k], values[k], xs[k] + 4, values[k] + 4), fill=int(rng.integers(0, 160)))
        else:
            for row in range(3):
                y = size * (0.25 + row * 0.25) - size * 0.15 * (np.arange(40) % 8 == 3)
                draw.line(list(zip(xs, y, strict=True)), fill=0, width=1)
    draw.line((size * 0.1, size * 0.05, size * 0.1, size * 0.9, size * 0.95, size * 0.9), fill=0, width=2)
    picture = write(rng, unpencil(image), 3, 0.0)
    return 1 - picture if rng.random() < 0.3 else picture


def leaves(rng: Rng, size: int) -> Canvas:
    """Textured shapes lying on one another: the statistics of photographs of things."""
    picture = fractal(rng, size, rng.uniform(1.5, 3))
    for _ in range(int(rng.integers(8, 45))):
        r = min(0.9, 0.08 / (rng.random() ** 0.7 + 0.05))
        x, y = rng.uniform(-1.1, 1.1, 2)
        if rng.random() < 0.6:
            mask = ellipse(
                size, x, y, r, r * rng.uniform(0.3, 1), rng.uniform(0, 3), 0.015, rng.choice((1.2, 2, 2, 4, 8))
            )
        else:
            mask = capsule(
                size, (x, y), (x + rng.normal(0, r), y + rng.normal(0, r)), r * 0.3, r * rng.uniform(0.05, 0.5), 0.015
            )
        u, v = turned(*axes(size), rng.uniform(0, 6))
        shade = (
            rng.random()
            + rng.uniform(-0.4, 0.4) * u
            + rng.uniform(0, 0.4) * (fractal(rng, size, rng.uniform(1, 3)) - 0.5)
        )
        if rng.random() < 0.2:
            shade = shade + 0.2 * np.sign(np.sin(rng.uniform(5, 40) * v))
        picture = picture * (1 - mask) + mask * shade.astype(np.float32)
    return warp(rng, picture, 0.02)


def landscape(rng: Rng, size: int) -> Canvas:
    """Sky, hills, water or a street with windows."""
    x, y = axes(size)
    picture = (0.8 - 0.3 * y) * (0.8 + 0.3 * fractal(rng, size, 2.6))
    for k in range(int(rng.integers(1, 5))):
        ridge = -0.4 + 0.3 * k + 0.5 * (fractal(rng, size, 3)[size // 2] - 0.5)
        ground = step(ridge[None, :] - y, 0.02)
        picture = picture * (1 - ground) + ground * (
            rng.uniform(0.1, 0.6) + 0.3 * fractal(rng, size, rng.uniform(1.2, 2.4))
        )
    for _ in range(int(rng.integers(0, 6))):
        left, width, top = rng.uniform(-1, 0.8), rng.uniform(0.15, 0.6), rng.uniform(-0.9, 0.3)
        house = ((x > left) & (x < left + width) & (y > top)).astype(np.float32)
        windows = (np.sin((x - left) * rng.uniform(15, 50)) > 0.2) & (np.sin((y - top) * rng.uniform(15, 50)) > 0.0)
        picture = picture * (1 - house) + house * (rng.uniform(0.2, 0.8) + rng.uniform(-0.4, 0.4) * windows)
    if rng.random() < 0.3:
        trunk = capsule(size, (rng.normal(0, 0.5), 1.1), (rng.normal(0, 0.5), -0.3), 0.1, 0.04)
        picture = picture * (1 - trunk) + trunk * 0.15
    return np.asarray(picture, np.float32)


def solid(rng: Rng, size: int) -> Canvas:
    """One or a few lit objects on a plain ground, as in a shop's photographs: balls, boxes, bottles, shoes."""
    x, y = axes(size)
    ground = rng.choice((0.0, 1.0, rng.random()))
    picture = np.full((size, size), ground, np.float32) + rng.uniform(-0.3, 0.3) * y
    light = rng.uniform(0, 6)
    for _ in range(int(rng.integers(1, 5))):
        cx, cy, r = rng.normal(0, 0.35), rng.normal(0, 0.35), rng.uniform(0.15, 0.7)
        mask = warp(
            rng,
            ellipse(size, cx, cy, r, r * rng.uniform(0.3, 1.2), rng.uniform(0, 3), 0.015, rng.uniform(1.5, 8)),
            rng.uniform(0, 0.15),
        )
        slope = (x - cx) * math.cos(light) + (y - cy) * math.sin(light)
        shade = (
            rng.uniform(0.2, 0.8)
            + 0.5 * slope / r
            + rng.uniform(0, 0.3) * (fractal(rng, size, rng.uniform(1, 3)) - 0.5)
        )
        if rng.random() < 0.5:
            shade = shade + 0.3 * (np.sin(rng.uniform(4, 30) * (x + y * rng.normal())) > rng.uniform(-0.5, 0.9))
        picture = picture * (1 - mask) + mask * shade
        picture += (
            0.5
            * ellipse(size, cx - 0.3 * r * math.cos(light), cy - 0.3 * r * math.sin(light), 0.1 * r, 0.06 * r, 0, 0.1)
            * mask
        )
    return np.asarray(picture, np.float32)


def face(rng: Rng, size: int) -> Canvas:
    """A portrait: an oval on shoulders, eyes, nose, mouth, hair; or an animal's face with ears."""
    picture = 0.5 * fractal(rng, size, rng.uniform(2, 3.5)) + rng.uniform(0, 0.5)
    cx, cy, r = rng.normal(0, 0.15), rng.normal(-0.1, 0.1), rng.uniform(0.3, 0.6)
    skin, cloth, hair = rng.uniform(0.3, 0.95), rng.random(), rng.uniform(0, 0.5)
    parts = [
        (ellipse(size, cx, cy + r * 2.6, r * 2.1, r * 1.4, 0, 0.03, 3), cloth),
        (ellipse(size, cx, cy - 0.2 * r, r * 1.1, r * 1.3, 0, 0.06), hair),
        (capsule(size, (cx, cy + r * 0.6), (cx, cy + r * 1.4), r * 0.4, r * 0.5), skin * 0.9),
        (ellipse(size, cx, cy, r * 0.85, r * 1.15, 0, 0.04), skin),
    ]
    for s in (-1, 1):
        parts.append((ellipse(size, cx + s * r * 0.38, cy - r * 0.1, r * 0.16, r * 0.09, 0, 0.02), skin * 0.3))
        if rng.random() < 0.3:
            parts.append((ellipse(size, cx + s * r * 0.7, cy - r, r * 0.3, r * 0.5, s * 0.4, 0.03), hair))
    parts.append((ellipse(size, cx, cy + r * 0.6, r * rng.uniform(0.2, 0.4), r * 0.1, 0, 0.03), skin * 0.5))
    parts.append((ellipse(size, cx, cy + r * 0.2, r * 0.12, r * 0.25, 0, 0.1), skin * 0.8))
    for mask, shade in parts:
        picture = picture * (1 - mask) + mask * shade * (0.85 + 0.3 * fractal(rng, size, 2.5))
    return warp(rng, (picture * (1 + rng.uniform(-0.4, 0.4) * axes(size)[0])).astype(np.float32), 0.05)


def pattern(rng: Rng, size: int) -> Canvas:
    """Stripes, checks, rings, bricks, bar codes, tiles, gradients."""
    x, y = turned(*axes(size), rng.uniform(0, 3) if rng.random() < 0.5 else 0.0)
    f, g = rng.uniform(1, 50, 2)
    pick = rng.integers(0, 7)
    if pick == 0:
        picture = np.sin(f * x) * np.sin(g * y)
    elif pick == 1:
        picture = np.sin(f * np.hypot(x - rng.normal(0, 0.4), y))
    elif pick == 2:
        picture = np.sign(np.sin(f * x + 1.5 * (np.sin(g * y) > 0)))
    elif pick == 3:
        picture = np.repeat(rng.integers(0, 2, size // 3 + 1), 3)[None, :size] * np.ones((size, 1))
    elif pick == 4:
        cell = int(rng.integers(3, 30))
        picture = np.kron(rng.random((size // cell + 1, size // cell + 1)), np.ones((cell, cell)))[:size, :size]
    elif pick == 5:
        picture = rng.normal() * x + rng.normal() * y + rng.normal() * np.hypot(x, y) + 0.01 * rng.random()
    else:
        picture = np.sin(f * fractal(rng, size, rng.uniform(2, 4)))
    picture = np.asarray(picture, np.float32)
    return np.sign(picture) if rng.random() < 0.2 else picture


def noise(rng: Rng, size: int) -> Canvas:
    """Noise of any colour, flat or nearly flat fields, salt and pepper, two soft blots."""
    pick = rng.integers(0, 5)
    if pick == 0:
        return fractal(rng, size, rng.uniform(0, 4))
    if pick == 1:
        return (rng.random((size, size)) < rng.uniform(0.02, 0.98)).astype(np.float32)
    if pick == 2:
        flat = np.full((size, size), 0.5, np.float32) + rng.normal(0, 0.001, (size, size)).astype(np.float32)
        flat[0, :2] = (0, 1)  # keeps finish() from stretching it
        return flat
    if pick == 3:
        picture = fractal(rng, size, rng.uniform(2, 3.5)) * 0.4 + 0.5
        for s in (-1, 1):
            picture -= 0.5 * ellipse(
                size,
                s * rng.uniform(0.2, 0.6),
                rng.normal(0, 0.3),
                *pair(rng, 0.1, 0.4),
                0,
                rng.uniform(0.02, 0.5),
            )
        return picture
    return warp(rng, fractal(rng, size, rng.uniform(1, 3)), rng.uniform(0.05, 0.4), int(rng.integers(3, 12)))


def sketch(rng: Rng, size: int) -> Canvas:
    """Lines on white: drawings, maps, logos, diagrams, handwriting."""
    image, draw = pencil(np.full((size, size), 1.0, np.float32))
    for _ in range(int(rng.integers(3, 30))):
        points = np.cumsum(
            rng.normal(0, size * rng.uniform(0.02, 0.2), (int(rng.integers(2, 14)), 2)), 0
        ) + rng.uniform(0, size, 2)
        path = [tuple(point) for point in points.tolist()]
        pick = rng.integers(0, 4)
        if pick == 0:
            draw.polygon(path, fill=int(rng.integers(0, 256)), outline=0)
        elif pick == 1:
            x, y, r = rng.uniform(0, size), rng.uniform(0, size), rng.uniform(0.02, 0.4) * size
            draw.ellipse(
                (x - r, y - r, x + r, y + r),
                fill=int(rng.integers(0, 256)) if rng.random() < 0.5 else None,
                outline=0,
                width=2,
            )
        else:
            draw.line(path, fill=int(rng.integers(0, 160)), width=int(rng.integers(1, 6)), joint="curve")
    picture = write(rng, unpencil(image), int(rng.integers(0, 5)), 0.0)
    return 1 - picture if rng.random() < 0.3 else picture


SCENES: dict[str, Painter] = {
    "page": page,
    "screen": screen,
    "plot": plot,
    "leaves": leaves,
    "landscape": landscape,
    "solid": solid,
    "face": face,
    "pattern": pattern,
    "noise": noise,
    "sketch": sketch,
}
