"""A fixed set of changes between one hospital's films and another's, for choosing and measuring networks by.

Validation drawn from the training films saturates, so networks are compared on validation films as another machine,
archive or scanner would have given them. Written with Pillow and apart from the training augmentation on purpose: the
yardstick must not be the same code as what is measured.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

Grey = NDArray[np.uint8]
STRENGTHS = (1, 2, 3)


def _through_pillow(change: Callable[[Image.Image], Image.Image], film: Grey) -> Grey:
    return np.asarray(change(Image.fromarray(film)), np.uint8)


def _curve(film: Grey, change: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Grey:
    table = np.clip(np.rint(255 * change(np.arange(256) / 255)), 0, 255).astype(np.uint8)
    bent: Grey = table[film]
    return bent


def _resolution(film: Grey, strength: int) -> Grey:
    full = (160, 112, 80)[strength - 1]
    small = Image.fromarray(film).resize((full, full), Image.Resampling.LANCZOS)
    return np.asarray(small.resize(film.shape[::-1], Image.Resampling.BICUBIC), np.uint8)


def _jpeg(film: Grey, strength: int) -> Grey:
    buffer = io.BytesIO()
    Image.fromarray(film).save(buffer, "JPEG", quality=(60, 35, 15)[strength - 1])
    return np.asarray(Image.open(buffer), np.uint8)


def _noise(film: Grey, strength: int) -> Grey:
    grain = np.random.default_rng(int(film[::7, ::7].sum())).normal(0, (5, 10, 18)[strength - 1], film.shape)
    return np.clip(film + grain, 0, 255).astype(np.uint8)


def reframe(film: Grey, width: float, height: float, degrees: float = 0.0, right: float = 0.0) -> Grey:
    """Show ``width`` × ``height`` of the film (1 = all of it), turned, moved to the right by a share of its width."""
    full = film.shape[0]
    angle = np.deg2rad(degrees)
    a, b = np.cos(angle) * width, -np.sin(angle) * height
    d, e = np.sin(angle) * width, np.cos(angle) * height
    half = full / 2
    matrix = (a, b, half - (a + b) * half - right * full, d, e, half - (d + e) * half)
    changed = Image.fromarray(film).transform(
        (full, full), Image.Transform.AFFINE, matrix, resample=Image.Resampling.BICUBIC
    )
    return np.asarray(changed, np.uint8)


def _marker(film: Grey, strength: int) -> Grey:
    canvas = Image.fromarray(film).copy()
    pen, size = ImageDraw.Draw(canvas), (14, 22, 32)[strength - 1]
    full = film.shape[0]
    pen.text((full - size, 4), "L", fill=255, font=ImageFont.load_default(size))
    pen.text((3, full // 3), "R", fill=240, font=ImageFont.load_default(size))
    if strength == 3:
        pen.text((full // 2, full - 16), "12:04:31", fill=230, font=ImageFont.load_default(12))
    return np.asarray(canvas, np.uint8)


SHIFTS: dict[str, Callable[[Grey, int], Grey]] = {
    "resolution": _resolution,
    "sharpening": lambda f, s: _through_pillow(
        lambda i: i.filter(ImageFilter.UnsharpMask(2, (60, 120, 200)[s - 1])), f
    ),
    "jpeg": _jpeg,
    "noise": _noise,
    "brighter": lambda f, s: _curve(f, lambda v: v ** (0.8, 0.62, 0.48)[s - 1]),
    "darker": lambda f, s: _curve(f, lambda v: v ** (1.25, 1.6, 2.1)[s - 1]),
    "flat": lambda f, s: _curve(f, lambda v: 0.5 + (v - 0.5) * (0.75, 0.55, 0.4)[s - 1]),
    "steep": lambda f, s: _curve(f, lambda v: 0.5 + (v - 0.5) * (1.25, 1.6, 2.0)[s - 1]),
    "equalised": lambda f, s: np.asarray(
        Image.blend(Image.fromarray(f), ImageOps.equalize(Image.fromarray(f)), (0.4, 0.7, 1.0)[s - 1]), np.uint8
    ),
    "tight": lambda f, s: reframe(f, *((0.9, 0.82, 0.72)[s - 1],) * 2),
    "loose": lambda f, s: reframe(f, *((1.1, 1.2, 1.35)[s - 1],) * 2),
    "wide": lambda f, s: reframe(f, (0.9, 0.8, 0.7)[s - 1], 1.0),
    "tall": lambda f, s: reframe(f, 1.0, (0.9, 0.8, 0.7)[s - 1]),
    "turned": lambda f, s: reframe(f, 0.97, 0.97, (4.0, 8.0, 14.0)[s - 1]),
    "moved": lambda f, s: reframe(f, 1.0, 1.0, 0.0, (0.05, 0.1, 0.16)[s - 1]),
    "marker": _marker,
}


def shift(films: NDArray[np.uint8], name: str, strength: int) -> NDArray[np.uint8]:
    """Apply one shift to films (N, H, H), uint8; strength 1 (often seen) to 3 (rarely seen)."""
    return np.stack([SHIFTS[name](film, strength) for film in films])


def blend_of_shifts(films: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """Films (N, H, H), each under three shifts drawn for it; the same for the same seed: what training watches."""
    rng: Any = np.random.default_rng(seed)
    names = sorted(SHIFTS)
    result = films.copy()
    for i in range(len(films)):
        for pick in rng.choice(len(names), 3, replace=False):
            result[i] = SHIFTS[names[pick]](result[i], int(rng.integers(1, 3)))
    return result


def stretched(films: Grey) -> Grey:
    """Films (n, h, w) with the grey levels from the 5th to the 95th percentile spread over the whole range."""
    low, high = np.percentile(films, [5, 95], axis=(1, 2), keepdims=True)
    spread: Grey = np.clip(np.rint((films - low) / np.maximum(high - low, 1.0) * 255), 0, 255).astype(np.uint8)
    return spread
