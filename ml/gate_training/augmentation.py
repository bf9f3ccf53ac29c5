"""What other hospitals, viewers and phones do to a picture, done by chance to every training picture of the gate.

All changes leave it what it is: a frontal chest stays one (crops keep at least 0.7 of width and height). Quarter turns
and inversions are not made here but by whoever asks for the picture, since they are what the gate must recognise.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ml.gate_training.negatives.shapes import Canvas, Rng, axes, blur, fractal, pencil, unpencil, words, write

SOURCE_SIZE = 144
"""Width and height at which pictures are kept in memory while training."""
INPUT_SIZE = 112
"""Width and height at which the network works; the served network gets there from 224 by averaging pairs."""


def place(rng: Rng, picture: NDArray[np.uint8], mild: float = 1.0, *, whole: bool = False) -> Canvas:
    """Return the picture cropped, shifted, turned a little and stretched, (INPUT_SIZE, INPUT_SIZE) in [0, 1].

    ``mild`` scales every change; 0 only resizes. ``whole`` cuts off hardly anything.
    """
    size = picture.shape[0]
    zoom = np.exp(rng.uniform(-0.35, 0.12) if rng.random() < 0.8 else rng.uniform(0.12, 0.45)) ** mild
    stretch = np.exp(rng.normal(0, 0.13) * mild)
    least, most = (0.95, 1.1) if whole else (0.7, 1.55)  # share of the film that is seen
    sx, sy = np.clip([zoom * stretch, zoom / stretch], least, most)
    angle = np.radians(np.clip(rng.normal(0, 6), -18, 18)) * mild
    slack_x, slack_y = abs(1 - sx) * 0.3 + 0.03 * mild, abs(1 - sy) * 0.4 + 0.03 * mild
    cx, cy = 0.5 + rng.uniform(-slack_x, slack_x), 0.5 + rng.uniform(-slack_y, slack_y)
    step = size / INPUT_SIZE
    cos, sin, shear = np.cos(angle), np.sin(angle), rng.normal(0, 0.04) * mild
    a, b = sx * step * cos, -sx * step * (sin + shear)
    d, e = sy * step * sin, sy * step * cos
    half = INPUT_SIZE / 2
    matrix = (a, b, cx * size - a * half - b * half, d, e, cy * size - d * half - e * half)
    fill = int(rng.choice((0, 0, 0, 255, int(rng.integers(0, 256 if whole else 40)))))  # no export lies on mid grey
    moved = Image.fromarray(picture).transform(
        (INPUT_SIZE, INPUT_SIZE), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR, fillcolor=fill
    )
    canvas = np.asarray(moved, dtype=np.float32) / 255
    return canvas[:, ::-1] if rng.random() < 0.5 else canvas


def retone(rng: Rng, canvas: Canvas) -> Canvas:
    """Return the canvas with another tone curve: gamma, window, toe and shoulder, local contrast, uneven light."""
    canvas = canvas ** np.float32(np.exp(rng.normal(0, 0.35)))
    pick = rng.random()
    if pick < 0.25:  # a window that clips both ends
        low, high = np.percentile(canvas, (rng.uniform(0, 12), rng.uniform(85, 100)))
        canvas = np.clip((canvas - low) / max(0.05, high - low), 0, 1).astype(np.float32)
    elif pick < 0.4:  # a flat, grey copy
        canvas = (rng.uniform(0, 0.5) + canvas * rng.uniform(0.25, 0.6)).astype(np.float32)
    elif pick < 0.55:  # any rising curve
        knots = np.cumsum(rng.random(6) + 0.05)
        canvas = np.interp(canvas, np.linspace(0, 1, 6), (knots - knots[0]) / (knots[-1] - knots[0])).astype(np.float32)
    elif pick < 0.7:  # equalised, as some viewers and archives do
        ranks = np.searchsorted(np.sort(canvas, axis=None), canvas) / canvas.size
        share = rng.uniform(0.3, 1)
        canvas = ((1 - share) * canvas + share * ranks).astype(np.float32)
    if rng.random() < 0.25:
        canvas = np.clip(canvas + rng.uniform(0.3, 1.2) * (canvas - blur(canvas, rng.uniform(4, 15))), 0, 1)
    if rng.random() < 0.2:
        x, y = axes(INPUT_SIZE)
        light = 1 + rng.uniform(-0.3, 0.3) * x + rng.uniform(-0.3, 0.3) * y - rng.uniform(0, 0.35) * (x * x + y * y)
        canvas = np.clip(canvas * light, 0, 1).astype(np.float32)
    return canvas


def degrade(rng: Rng, canvas: Canvas) -> Canvas:
    """Return the canvas blurred, made coarse, noisy or JPEG-worn, at times."""
    size = canvas.shape[0]
    if rng.random() < 0.3:
        canvas = blur(canvas, rng.uniform(0.3, 1.8))
    if rng.random() < 0.12:
        small = int(rng.integers(28, 80))
        image = pencil(canvas)[0].resize((small, small), Image.Resampling.BOX)
        canvas = unpencil(image.resize((size, size), Image.Resampling(int(rng.choice((0, 2, 3))))))
    if rng.random() < 0.3:
        strength = rng.uniform(0.04, 0.4) * float(canvas.std())  # in proportion, or a flat film would drown
        canvas = canvas + rng.normal(0, strength, canvas.shape).astype(np.float32)
    if rng.random() < 0.25:
        buffer = io.BytesIO()
        pencil(canvas)[0].save(buffer, "JPEG", quality=int(rng.integers(12, 70)))
        canvas = unpencil(Image.open(buffer))
    return canvas


def scribble(rng: Rng, canvas: Canvas) -> Canvas:
    """Return the canvas with what people leave on films: markers, writing, arrows, wires, frames, a covered corner."""
    if rng.random() < 0.3:
        canvas = write(rng, canvas, int(rng.integers(1, 4)))
    if rng.random() < 0.12:
        image, draw = pencil(canvas)
        _corner_texts(rng, draw, image.width)
        canvas = unpencil(image)
    if rng.random() < 0.3:
        image, draw = pencil(canvas)
        for _ in range(int(rng.integers(1, 4))):
            _mark(rng, draw, image.width)
        canvas = unpencil(image)
    if rng.random() < 0.25:
        canvas = _framed(rng, canvas)
    return canvas


def _corner_texts(rng: Rng, draw: ImageDraw.ImageDraw, size: int) -> None:
    """What an archive's viewer writes into the corners."""
    font_size, shade = rng.uniform(3, 6), int(rng.choice((255, 255, 200, 0)))
    for x, y in ((1, 1), (size * 0.75, 1), (1, size * 0.8), (size * 0.75, size * 0.8)):
        if rng.random() < 0.6:
            text = "\n".join(words(rng, int(rng.integers(4, 16))) for _ in range(int(rng.integers(1, 5))))
            draw.multiline_text((x, y), text, fill=shade, font_size=font_size, spacing=1)


def _mark(rng: Rng, draw: ImageDraw.ImageDraw, size: int) -> None:
    """A letter, a stroke, a wire, a dot or ring, a covered patch, or an outline."""
    x, y, w, h = rng.uniform(0, size, 4)
    shade = int(rng.choice((0, 255, 200)))
    kind = rng.integers(0, 6)
    if kind == 0:
        draw.text((x, y), words(rng, 1), fill=255, font_size=rng.uniform(6, 14))
    elif kind == 1:
        draw.line((x, y, x + w / 5, y + h / 5), fill=shade, width=int(rng.integers(1, 3)))
    elif kind == 2:
        points = np.cumsum(rng.normal(0, size / 9, (6, 2)), 0) + np.array((x, y))
        draw.line([tuple(point) for point in points.tolist()], fill=shade, width=1, joint="curve")
    elif kind == 3:
        r = rng.uniform(1, size / 8)
        draw.ellipse((x - r, y - r, x + r, y + r), outline=shade, fill=shade if r < 4 else None)
    elif kind == 4:
        draw.rectangle((x, y, x + w / 4, y + h / 6), fill=int(rng.choice((0, 0, 255, 128))))
    else:
        box = (x / 2, y / 2, x / 2 + w / 2, y / 2 + h / 2)
        outline = draw.rectangle if rng.random() < 0.5 else draw.ellipse
        outline(box, outline=shade, width=int(rng.integers(1, 3)))


def _framed(rng: Rng, canvas: Canvas) -> Canvas:
    """The canvas with a black or white frame over its edges, of another width at each."""
    widths = rng.exponential(0.05, 4) * INPUT_SIZE * (rng.random(4) < 0.7)
    top, bottom, left, right = widths.astype(int).clip(0, INPUT_SIZE // 7)
    framed = np.full_like(canvas, rng.choice((0.0, 0.0, 1.0)))
    inside = (slice(top, INPUT_SIZE - bottom), slice(left, INPUT_SIZE - right))
    framed[inside] = canvas[inside]
    return framed


def augment(rng: Rng, picture: NDArray[np.uint8], *, mild: bool = False, whole: bool = False) -> NDArray[np.uint8]:
    """Return one changed copy, (INPUT_SIZE, INPUT_SIZE) uint8. ``mild``: only a third of the geometry."""
    if mild:
        canvas = place(rng, picture, 0.33)
    else:
        canvas = scribble(rng, degrade(rng, retone(rng, place(rng, picture, whole=whole))))
    return (np.clip(canvas, 0, 1) * 255).astype(np.uint8)


def textured(rng: Rng, drawn: NDArray[np.uint8], film: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a drawn picture with a film's own grain and shading laid on it, so that grain tells nothing."""
    n = film.shape[0]
    left, top = (rng.uniform(0, 0.7, 2) * n).tolist()  # a part too small to show a chest
    patch = Image.fromarray(film).resize(drawn.shape[::-1], box=(left, top, left + 0.3 * n, top + 0.3 * n))
    own = rng.random() < 0.6
    grain = (np.asarray(patch, dtype=np.float32) / 255 if own else fractal(rng, drawn.shape[0], 2.6)) - 0.5
    canvas = drawn.astype(np.float32) / 255
    return (np.clip(canvas * (1 + rng.uniform(0.3, 1.2) * grain), 0, 1) * 255).astype(np.uint8)
