"""Pictures for the report: copies, scaled for paper. The stored film is never drawn on."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping
from typing import IO, Any

import numpy as np
from PIL import Image, ImageDraw

from diagnosis.results.heatmap_image import colour
from diagnosis.reviews.marks import ENDS
from ml import upsample

PIXELS = 1000  # longest side on paper: 8.5 cm at 300 dpi
MARK, LINE, HEAD = (255, 209, 102), 5, 36  # colour, width and arrow head of what a reader drew, in those pixels


def for_paper(file: IO[bytes]) -> Image.Image:
    """A grey copy of a stored film, no larger than what paper can show."""
    with Image.open(file) as film:
        film.draft("L", (PIXELS, PIXELS))  # a JPEG is decoded at the size that is needed; nothing happens to a PNG
        copy = film.convert("L")
    copy.thumbnail((PIXELS, PIXELS), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return copy


def overlaid(film: Image.Image, heatmap: bytes) -> Image.Image:
    """A copy of the film with the heat map over it.

    Args:
        film: grey, from ``for_paper``.
        heatmap: the class activation map as a small grey PNG, 255 = 1.
    """
    base = film.convert("RGB")
    with Image.open(io.BytesIO(heatmap)) as image:
        levels = np.asarray(image.convert("L"), dtype=np.float32) / np.float32(255)
    layer = colour(upsample(levels, base.width, base.height))
    layer.putalpha(layer.getchannel("A").point(lambda alpha: int(alpha * 0.55)))
    base.paste(layer, mask=layer)
    return base


def marked(film: Image.Image, marks: Iterable[Mapping[str, Any]], size: tuple[int, int]) -> Image.Image:
    """A copy of the film with the reader's boxes and arrows on it.

    Args:
        film: as it is shown, from ``for_paper``.
        marks: as a review keeps them (``diagnosis.reviews.marks``).
        size: width and height of the film they were drawn on.
    """
    copy = film.convert("RGB")
    draw, scale = ImageDraw.Draw(copy), copy.width / size[0]
    for mark in marks:
        x1, y1, x2, y2 = (mark[end] * scale for end in ENDS)
        if mark["kind"] == "box":
            draw.rectangle((min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)), outline=MARK, width=LINE)
            continue
        draw.line((x1, y1, x2, y2), MARK, LINE)
        for turned in (-0.4, 0.4):  # the two sides of the head
            back = math.atan2(y1 - y2, x1 - x2) + turned
            draw.line((x2, y2, x2 + HEAD * math.cos(back), y2 + HEAD * math.sin(back)), MARK, LINE)
    return copy


def as_jpeg(picture: Image.Image) -> io.BytesIO:
    """The picture as JPEG, as the PDF will contain it."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=88)
    buffer.seek(0)
    return buffer
