"""Negatives that were a film once: photographed from a screen or a light-box, blurred, of a few greys alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from ml.gate_training.negatives.altered import Film, Maker
from ml.gate_training.negatives.layout import buttons, corners, hang, sheet, squeezed
from ml.gate_training.negatives.shapes import Canvas, Rng, axes, blur, fractal


def _perspective(rng: Rng, image: Image.Image, box: tuple[float, float, float, float], amount: float) -> list[float]:
    """Return Pillow's coefficients that show ``image`` in ``box`` of a photograph, its corners moved by chance."""
    left, top, right, bottom = box
    w, h = image.size
    angle, centre = np.radians(rng.normal(0, 6)), np.array(((left + right) / 2, (top + bottom) / 2))
    turn = np.array(((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))))
    corners = np.array(((left, top), (right, top), (right, bottom), (left, bottom)))
    corners = (corners - centre) @ turn.T + centre + rng.uniform(-amount, amount, (4, 2)) * (right - left, bottom - top)
    rows: list[NDArray[Any]] = []
    for (x, y), (u, v) in zip(corners, ((0, 0), (w, 0), (w, h), (0, h)), strict=True):
        rows += [np.array((x, y, 1, 0, 0, 0, -u * x, -u * y)), np.array((0, 0, 0, x, y, 1, -v * x, -v * y))]
    found: list[float] = np.linalg.solve(np.array(rows), np.array((0, 0, w, 0, w, h, 0, h), float)).tolist()
    return found


def _taken(rng: Rng, thing: Image.Image, room: Image.Image, least: float, size: int) -> Canvas:
    """Return a photograph of ``thing`` before ``room``; it takes ``least`` of the width and height or more."""
    w, h = room.size
    wide, high = w * rng.uniform(least, 1.02), h * rng.uniform(least, 1.02)
    x, y = (w - wide) * rng.uniform(0.2, 0.8), (h - high) * rng.uniform(0.2, 0.8)
    how = _perspective(rng, thing, (x, y, x + wide, y + high), rng.uniform(0.01, 0.07))
    cover = Image.new("L", thing.size, 255).transform((w, h), Image.Transform.PERSPECTIVE, how)
    shown = thing.transform((w, h), Image.Transform.PERSPECTIVE, how, Image.Resampling.BILINEAR)
    room.paste(shown, (0, 0), cover)
    return squeezed(room, size).astype(np.float32) / 255


def _room(rng: Rng, size: tuple[int, int]) -> Image.Image:
    """Return what lies round a screen or a film: a wall, a desk, a dim room."""
    level, spread = rng.uniform(0.12, 0.85), rng.choice((0.0, 0.05, 0.3))
    cloudy = level + spread * (fractal(rng, 96, rng.uniform(1.5, 3.5)) - 0.5)
    x, y = axes(96)
    cloudy = cloudy + rng.uniform(-0.15, 0.15) * x + rng.uniform(-0.15, 0.15) * y
    return Image.fromarray((np.clip(cloudy, 0, 1) * 255).astype(np.uint8)).resize(size, Image.Resampling.BILINEAR)


def _through_a_lens(rng: Rng, picture: Canvas, ripple: float) -> Film:
    """Return the photograph with moiré, glare, uneven light, a lens's blur and a sensor's grain."""
    size = picture.shape[0]
    x, y = axes(size)
    if rng.random() < 0.7:  # moiré: a screen's and a sensor's grids against one another
        bend = rng.uniform(0, 0.3) * (fractal(rng, size, 3.5) - 0.5)
        for _ in range(int(rng.integers(1, 3))):
            f, angle = rng.uniform(8, 120), rng.uniform(0, 3)
            wave = np.sin(f * (np.cos(angle) * x + np.sin(angle) * y + bend))
            picture = picture + rng.uniform(0, ripple) * wave * (0.3 + picture)
    light = 1 + rng.uniform(-0.3, 0.3) * x + rng.uniform(-0.3, 0.3) * y - rng.uniform(0, 0.2) * (x * x + y * y)
    picture = picture * light * rng.uniform(0.7, 1.1) + rng.uniform(0, 0.12)
    for _ in range(int(rng.integers(0, 3))):  # a lamp or a window mirrored in the glass
        cx, cy = rng.uniform(-0.9, 0.9, 2)
        wide, high = rng.uniform(0.05, 0.4, 2)
        picture = picture + rng.uniform(0.1, 0.6) * np.exp(-(((x - cx) / wide) ** 2) - ((y - cy) / high) ** 2)
    picture = blur(np.asarray(picture, np.float32), rng.uniform(0, 1.2) * size / 144)
    picture = picture + rng.normal(0, rng.uniform(0, 0.03), picture.shape)
    return (np.clip(picture, 0, 1) * 255).astype(np.uint8)


def rephotographed(rng: Rng, films: list[Film]) -> Film:
    """A film photographed from a monitor, or a printed one from a desk: aslant, with what surrounds it."""
    thing, pencil = sheet(rng, int(rng.integers(0, 40)), (16 / 9, 4 / 3, 1.2, 1.0, 0.8))
    w, h = thing.size
    if rng.random() < 0.45:  # the film alone, without a frame
        thing = Image.fromarray(films[0]).resize((w, h), Image.Resampling.BILINEAR)
    else:
        bezel = rng.uniform(0.0, 0.05) * w
        pencil.rectangle((0, 0, w - 1, h - 1), fill=int(rng.choice((15, 30, 200, int(rng.integers(0, 256))))))
        pencil.rectangle((bezel, bezel, w - bezel, h - bezel), fill=int(rng.integers(0, 30)))
        if rng.random() < 0.4:
            buttons(rng, pencil, (bezel, bezel, w - bezel, bezel + h * 0.06), int(rng.integers(80, 230)))
        place = hang(rng, thing, films[0], (bezel, bezel + h * 0.06, w - bezel, h - bezel))
        if rng.random() < 0.4:
            corners(rng, pencil, place, int(rng.integers(150, 256)))
    size = (700, int(700 / rng.choice((1.33, 1.0, 0.75, 1.78))))
    picture = _taken(rng, thing, _room(rng, size), 0.55, films[0].shape[0])
    return _through_a_lens(rng, picture, 0.12)


def lightbox(rng: Rng, films: list[Film]) -> Film:
    """A film on a light-box or held against a window, photographed: clips, glowing rims, tubes behind."""
    box, pencil = sheet(rng, int(rng.integers(190, 256)), (1.3, 1.0, 1.8, 0.8))
    w, h = box.size
    place = hang(rng, box, films[0], (w * 0.04, h * rng.uniform(0.02, 0.1), w * 0.96, h * 0.97), fill=0.75)
    pencil.rectangle(place, outline=int(rng.integers(0, 25)), width=int(rng.integers(2, 14)))
    for _ in range(int(rng.integers(0, 3))):  # clips, or fingers
        x = rng.uniform(place[0], place[2])
        pencil.rounded_rectangle((x, 0, x + w * 0.06, place[1] + h * 0.03), radius=5, fill=int(rng.integers(20, 200)))
    if rng.random() < 0.3:
        hang(rng, box, films[1 % len(films)], (w * 0.8, h * 0.1, w * 1.3, h * 0.9))
    tubes = 1 + rng.uniform(0, 0.25) * np.cos(rng.uniform(3, 12) * axes(64)[0])
    glow = np.asarray(Image.fromarray(tubes.astype(np.float32)).resize((w, h)))
    lit = Image.fromarray(np.clip(np.asarray(box) * glow, 0, 255).astype(np.uint8))
    room = _room(rng, (700, int(700 / rng.choice((1.33, 1.0, 0.75)))))
    if rng.random() < 0.6:
        room = Image.fromarray((np.asarray(room) * rng.uniform(0.1, 0.6)).astype(np.uint8))
    return _through_a_lens(rng, _taken(rng, lit, room, 0.65, films[0].shape[0]), 0.03)


def posterised(rng: Rng, films: list[Film]) -> Film:
    """A film of two to six greys, made so before or after it was shrunk."""
    size, levels = films[0].shape[0], int(rng.integers(2, 7))
    large = Image.fromarray(films[0]).resize((3 * size, 3 * size), Image.Resampling.BICUBIC)
    if rng.random() < 0.3:
        large = large.filter(ImageFilter.GaussianBlur(rng.uniform(0, 4)))
    values = np.asarray(large).astype(np.float32) + rng.normal(0, rng.uniform(0, 10), (3 * size, 3 * size))
    bounds = np.sort(rng.uniform(30, 225, levels - 1)) if rng.random() < 0.3 else np.arange(1, levels) * 256 / levels
    shades = np.linspace(0, 255, levels) if rng.random() < 0.7 else np.sort(rng.uniform(0, 255, levels))
    return squeezed(Image.fromarray(shades[np.digitize(values, bounds)].astype(np.uint8)), size)


def blurred(rng: Rng, films: list[Film]) -> Film:
    """A film blurred until nothing but its coarse shapes is left."""
    size = films[0].shape[0]
    return np.asarray(Image.fromarray(films[0]).filter(ImageFilter.GaussianBlur(size * rng.uniform(0.03, 0.08))))


PHOTOS: dict[str, Maker] = {"rephotographed": rephotographed, "lightbox": lightbox}
WORN: dict[str, Maker] = {"posterised": posterised, "blurred": blurred}
