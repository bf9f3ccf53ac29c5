"""Pictures for the report: copies, scaled for paper. The stored film is never drawn on."""

from __future__ import annotations

import io
from typing import IO

import numpy as np
from PIL import Image

from diagnosis.results.heatmap_image import colour
from ml import upsample

PIXELS = 1000  # longest side on paper: 8.5 cm at 300 dpi


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


def as_jpeg(picture: Image.Image) -> io.BytesIO:
    """The picture as JPEG, as the PDF will contain it."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=88)
    buffer.seek(0)
    return buffer
