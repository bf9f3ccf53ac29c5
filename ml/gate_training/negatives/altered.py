"""Negatives made from films: parts, mosaics, scrambles, and laterals folded out of half a film.

They have a film's own texture and tone, so the network cannot pass a picture for its grain alone: the anatomy of the
whole frontal chest has to be there. They live in memory while the gate is trained and are never written anywhere.

Films come in and pictures go out as (size, size) uint8.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.gate_training.negatives.shapes import Canvas, Rng, axes, blur, fractal, sample, step, turned, warp

Film: TypeAlias = NDArray[np.uint8]
Maker: TypeAlias = Callable[[Rng, list[Film]], Film]


def cut(film: Film, left: float, top: float, right: float, bottom: float, size: int) -> Film:
    """Return that box of the film (shares of its width and height), stretched to (size, size)."""
    h, w = film.shape
    image = Image.fromarray(film)
    return np.asarray(
        image.resize((size, size), Image.Resampling.BILINEAR, box=(left * w, top * h, right * w, bottom * h))
    )


def _bytes(picture: Canvas) -> Film:
    return (np.clip(picture, 0, 1) * 255).astype(np.uint8)


def _canvas(film: Film) -> Canvas:
    return film.astype(np.float32) / 255


def one_lung(rng: Rng, films: list[Film]) -> Film:
    """One side of the chest alone."""
    size = films[0].shape[0]
    width, top = rng.uniform(0.26, 0.42), rng.uniform(0.0, 0.3)
    left = rng.uniform(0.0, 0.08) if rng.random() < 0.5 else 1 - width - rng.uniform(0.0, 0.08)
    return cut(films[0], left, top, left + width, top + rng.uniform(0.45, 0.7), size)


def part(rng: Rng, films: list[Film]) -> Film:
    """A small part of a film from anywhere: a shoulder, a costal angle, a stretch of spine."""
    size_x, size_y = rng.uniform(0.12, 0.4, 2)
    left, top = rng.uniform(0, 1 - size_x), rng.uniform(0, 1 - size_y)
    return cut(films[0], left, top, left + size_x, top + size_y, films[0].shape[0])


def edge_strip(rng: Rng, films: list[Film]) -> Film:
    """Only what lies under the lungs, or only the neck and shoulders."""
    depth = rng.uniform(0.15, 0.28)
    top = 1 - depth if rng.random() < 0.6 else 0.0
    left = rng.uniform(0, 0.25)
    return cut(films[0], left, top, 1 - rng.uniform(0, 0.25), top + depth, films[0].shape[0])


def upper_part(rng: Rng, films: list[Film]) -> Film:
    """The upper half of a film or less: the lower lungs and the domes are missing."""
    left, right = rng.uniform(0, 0.12, 2)
    top = rng.uniform(0, 0.06)
    return cut(films[0], left, top, 1 - right, top + rng.uniform(0.3, 0.53), films[0].shape[0])


def lower_part(rng: Rng, films: list[Film]) -> Film:
    """The lower half of a film or less: the tops of the lungs, collar-bones and neck are missing."""
    left, right = rng.uniform(0, 0.12, 2)
    bottom = 1 - rng.uniform(0, 0.06)
    return cut(films[0], left, bottom - rng.uniform(0.3, 0.53), 1 - right, bottom, films[0].shape[0])


def side_part(rng: Rng, films: list[Film]) -> Film:
    """The left or right half of a film, at full height: one lung, and the spine at its edge at most."""
    top, bottom = rng.uniform(0, 0.12, 2)
    width, start = rng.uniform(0.36, 0.53), rng.uniform(0, 0.06)
    left = start if rng.random() < 0.5 else 1 - start - width
    return cut(films[0], left, top, left + width, 1 - bottom, films[0].shape[0])


def mosaic(rng: Rng, films: list[Film]) -> Film:
    """Several films on one sheet, side by side or in a grid, with or without gaps."""
    size = films[0].shape[0]
    rows, columns = ((1, 2), (2, 1), (2, 2), (1, 3), (2, 3), (3, 3), (1, 2))[int(rng.integers(0, 7))]
    sheet = np.full((size, size), int(rng.choice((0, 255, 128))), np.uint8)
    gap = int(rng.choice((0, 0, 2, 5)))
    edges_y, edges_x = (np.linspace(0, size, n + 1).astype(int) for n in (rows, columns))
    for r in range(rows):
        for c in range(columns):
            h, w = edges_y[r + 1] - edges_y[r] - gap, edges_x[c + 1] - edges_x[c] - gap
            one = Image.fromarray(films[int(rng.integers(0, len(films)))])
            sheet[edges_y[r] : edges_y[r] + h, edges_x[c] : edges_x[c] + w] = np.asarray(one.resize((w, h)))
    return sheet


def shuffled(rng: Rng, films: list[Film]) -> Film:
    """The tiles of a film in another order, each turned or not."""
    film, n = films[0], int(rng.integers(2, 7))
    tile = film.shape[0] // n
    tiles = [film[r * tile : (r + 1) * tile, c * tile : (c + 1) * tile] for r in range(n) for c in range(n)]
    order = rng.permutation(n * n)
    if n == 2:  # a chance order of four may leave the film whole
        order = np.array(((3, 2, 1, 0), (2, 3, 0, 1), (1, 2, 3, 0), (3, 0, 1, 2))[int(rng.integers(0, 4))])
    turned_tiles = [np.rot90(tiles[i], int(rng.integers(0, 4)) if rng.random() < 0.3 else 0) for i in order]
    rows = [np.hstack(turned_tiles[r * n : (r + 1) * n]) for r in range(n)]
    return np.asarray(Image.fromarray(np.vstack(rows)).resize(film.shape))


def scrambled(rng: Rng, films: list[Film]) -> Film:
    """The film's spectrum with another phase: its tones and grain without any anatomy."""
    size = films[0].shape[0]
    amplitude = np.abs(np.fft.rfft2(_canvas(films[0])))
    other = rng.standard_normal((size, size)) if rng.random() < 0.7 else fractal(rng, size, 2.5)
    phase = np.angle(np.fft.rfft2(other))
    picture = np.fft.irfft2(amplitude * np.exp(1j * phase), s=(size, size))
    low, high = np.percentile(picture, (1, 99))
    return _bytes(((picture - low) / (high - low + 1e-6)).astype(np.float32))


def twisted(rng: Rng, films: list[Film]) -> Film:
    """A film swirled, rolled up in polar coordinates, or bent beyond recognition."""
    film = _canvas(films[0])
    x, y = axes(film.shape[0])
    pick = rng.integers(0, 3)
    if pick == 0:
        radius = np.hypot(x, y)
        angle = rng.choice((-1, 1)) * rng.uniform(2.5, 6) * np.exp(-radius * rng.uniform(0.5, 1.5))
        return _bytes(sample(film, x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)))
    if pick == 1:
        return _bytes(sample(film, (np.arctan2(y, x) / np.pi).astype(np.float32), np.hypot(x, y) * 2 - 1))
    return _bytes(warp(rng, film, rng.uniform(0.35, 0.7), int(rng.integers(4, 8))))


def folded(rng: Rng, films: list[Film]) -> Film:
    """Halves that do not belong together: the lower half mirrored upwards, halves exchanged, a kaleidoscope."""
    film = films[0]
    half = film.shape[0] // 2
    pick = rng.integers(0, 4)
    if pick == 0:
        return np.vstack((film[half:][::-1], film[half:]))
    if pick == 1:
        return np.vstack((film[:half], film[:half][::-1]))
    if pick == 2:
        return np.hstack((film[:, half:], film[:, :half]))
    return np.vstack((film[half:], film[:half]))


def edges(rng: Rng, films: list[Film]) -> Film:
    """The outlines of a film, or its silhouette in two tones."""
    film = _canvas(films[0])
    if rng.random() < 0.6:
        fine = blur(film, rng.uniform(0.6, 2))
        return _bytes(np.hypot(*np.gradient(fine)).astype(np.float32) * rng.uniform(5, 14))
    return _bytes((blur(film, 1.5) > np.percentile(film, rng.uniform(25, 75))).astype(np.float32))


def pictured(rng: Rng, films: list[Film]) -> Film:
    """A film so small in its picture (a poster, a screen) that it is no film any more; the last one is the page."""
    size = films[0].shape[0]
    w, h = (int(size * s) for s in rng.uniform(0.18, 0.42, 2))
    x, y = int(rng.integers(0, size - w)), int(rng.integers(0, size - h))
    sheet = films[-1].copy()
    sheet[y : y + h, x : x + w] = np.asarray(Image.fromarray(films[0]).resize((w, h)))
    return sheet


def side_view(rng: Rng, films: list[Film]) -> Film:
    """A lateral look: both halves of a film laid over each other, spine behind, a heart and a breastbone in front."""
    size = films[0].shape[0]
    middle = rng.uniform(0.46, 0.54)
    behind = rng.uniform(0.05, 0.16)  # how much of the other side stays, behind the spine
    right = cut(films[0], middle - behind, 0, min(1.0, middle + rng.uniform(0.38, 0.46)), 1, size)
    left = cut(films[0], max(0.0, middle - rng.uniform(0.38, 0.46)), 0, middle + behind, 1, size)[:, ::-1]
    share = rng.uniform(0.2, 0.8)
    view = share * _canvas(right) + (1 - share) * _canvas(left)
    x, y = axes(size)
    u, v = turned(x, y, rng.normal(-0.5, 0.2), rng.uniform(0.1, 0.5), rng.uniform(0.0, 0.4))
    heart = step(np.hypot(u / rng.uniform(0.3, 0.5), v / rng.uniform(0.3, 0.55)) - 1, 0.25)
    dome = step((rng.uniform(0.35, 0.75) - 0.3 * (x + 0.2)) - y, 0.08)
    tops = step(y + rng.uniform(0.5, 0.9) + 0.3 * x, 0.25)
    view = view + rng.uniform(0.05, 0.3) * heart + rng.uniform(0.05, 0.4) * dome + rng.uniform(0, 0.3) * tops
    front = rng.uniform(0.6, 0.95)
    view = np.where(x < front + 0.08 * y, view, view * step(x - front - 0.1, 0.1) * 0.5)
    view = warp(rng, view, 0.03)
    view = view / max(1.0, float(np.percentile(view, 99)))
    return _bytes(view if rng.random() < 0.5 else view[:, ::-1])


CROPS: dict[str, Maker] = {"one_lung": one_lung, "part": part, "edge_strip": edge_strip}
HALVES: dict[str, Maker] = {"upper_part": upper_part, "lower_part": lower_part, "side_part": side_part}
SHEETS: dict[str, Maker] = {"mosaic": mosaic}
SCRAMBLES: dict[str, Maker] = {
    "shuffled": shuffled,
    "scrambled": scrambled,
    "twisted": twisted,
    "folded": folded,
    "edges": edges,
    "pictured": pictured,
}
SIDE_VIEWS: dict[str, Maker] = {"side_view": side_view}
