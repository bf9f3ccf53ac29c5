"""Pieces from which screens and pages are laid out: sheets, films hung on them, writing, rows of buttons.

Sheets have a screen's or a page's own aspect ratio and about 700×700 pixels; in the end they are squeezed to the square
that every picture becomes.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw

from ml.gate_training.negatives.altered import Film
from ml.gate_training.negatives.shapes import Rng, words

Box: TypeAlias = tuple[float, float, float, float]
Pencil: TypeAlias = ImageDraw.ImageDraw
_AREA = 700 * 700


def sheet(rng: Rng, shade: int, aspects: tuple[float, ...]) -> tuple[Image.Image, Pencil]:
    """Return an empty sheet of one shade, its width over height one of ``aspects``, and a pencil for it."""
    aspect = float(rng.choice(aspects)) * rng.uniform(0.94, 1.06)
    image = Image.new("L", (int(math.sqrt(_AREA * aspect)), int(math.sqrt(_AREA / aspect))), shade)
    return image, ImageDraw.Draw(image)


def squeezed(image: Image.Image, size: int) -> Film:
    """Return a sheet as the square it becomes for the gate."""
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=2.0))


def hang(rng: Rng, image: Image.Image, film: Film, box: Box, *, fill: float = 0.9) -> Box:
    """Paste a film into a box of a film's aspect ratio; return where it lies. ``fill``: least share of width or height.

    Films in memory are squares; what shape they had is drawn by chance.
    """
    left, top, right, bottom = box
    aspect = math.exp(rng.uniform(-0.25, 0.6))
    width = min(right - left, (bottom - top) * aspect) * rng.uniform(fill, 1.0)
    w, h = max(8, int(width)), max(8, int(width / aspect))
    x = int(left + (right - left - w) * (0.5 if rng.random() < 0.7 else rng.random()))
    y = int(top + (bottom - top - h) * (0.5 if rng.random() < 0.7 else rng.random()))
    image.paste(Image.fromarray(film).resize((w, h), Image.Resampling.BILINEAR), (x, y))
    return x, y, x + w, y + h


def writing(rng: Rng, pencil: Pencil, box: Box, size: float, ink: int) -> None:
    """Fill a box with lines of writing."""
    left, y, right, bottom = box
    while y + size < bottom:
        if rng.random() < 0.9:
            count = max(2, int((right - left) / size * 1.9 * rng.uniform(0.3, 1.0)))
            pencil.text((left, y), words(rng, count), fill=ink, font_size=size)
        y += size * rng.uniform(1.2, 1.8)


def buttons(rng: Rng, pencil: Pencil, box: Box, ink: int) -> None:
    """Set a row (or column) of buttons, icons or words along a bar."""
    left, top, right, bottom = box
    across = right - left >= bottom - top
    size = (bottom - top if across else right - left) * rng.uniform(0.4, 0.8)
    if size < 3:
        return
    pitch, style = size * rng.uniform(1.2, 2.2), rng.integers(0, 4)
    end = (left if across else top) + ((right - left) if across else (bottom - top)) * rng.uniform(0.4, 1.0)
    at = (left if across else top) + size * 0.2
    while at + size < end:
        x, y = (at, (top + bottom - size) / 2) if across else ((left + right - size) / 2, at)
        square = (x, y, x + size, y + size)
        if style == 0:
            pencil.rectangle(square, fill=ink)
        elif style == 1:
            pencil.rounded_rectangle(square, radius=size / 4, outline=ink)
            pencil.line((x + size / 4, y + size / 2, x + size * 0.75, y + size / 2), fill=ink, width=2)
        elif style == 2:
            pencil.ellipse(square, outline=ink, width=2)
        else:
            pencil.text((x, y), words(rng, int(rng.integers(1, 8 if across else 2))), fill=ink, font_size=size * 0.7)
        at += pitch * (2.2 if style == 3 and across else 1)


def corners(rng: Rng, pencil: Pencil, box: Box, ink: int) -> None:
    """Write name, date and technique into the corners of a film, as viewers do."""
    left, top, right, bottom = box
    size = (bottom - top) * rng.uniform(0.018, 0.04)
    inner = right - (right - left) * 0.21
    for x, y in ((left, top), (inner, top), (left, bottom), (inner, bottom)):
        if rng.random() < 0.6:
            rows = int(rng.integers(1, 6))
            start = y + size / 2 if y == top else y - size * 1.3 * rows - size / 2
            for row in range(rows):
                pencil.text((x + size / 2, start + row * size * 1.3), words(rng, int(rng.integers(4, 18))), fill=ink,
                            font_size=max(4.0, size))  # fmt: skip


def apart(rng: Rng, shade: int, least: int = 40) -> int:
    """Return a shade at least that far from another one."""
    other = int(rng.integers(0, 256))
    return other if abs(other - shade) >= least else (shade + 128) % 256
