"""The lungs as pictures: how they are stored, and the outline that is laid over a film."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw

from diagnosis.models import Study
from diagnosis.results.correction import as_submitted
from ml import Lungs

LINE, CASING = (77, 208, 225), (0, 20, 28)  # light on a dark edge: seen over bone and over air alike
LEAST = 0.003  # share of the film that a part has to cover: what is smaller is a stray spot
_FINER = 2  # drawn so many times larger and made smaller, for smooth edges


def encode_lungs(lungs: Lungs | None) -> bytes:
    """The probability of lung as a grey PNG, 255 = 1; nothing where none were found, or none looked for."""
    if lungs is None or not lungs.found:
        return b""
    buffer = io.BytesIO()
    Image.fromarray(np.rint(lungs.probability.clip(0, 1) * 255).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def outline(stored: bytes, study: Study, width: int, height: int, *, submitted: bool = False) -> bytes:
    """A PNG of the outline on transparent ground.

    Args:
        stored: By :func:`encode_lungs`.
        study: Whose film it is, for how it was put right.
        width, height: Of the picture, of the same shape as the film it is laid over.
        submitted: For the film as it was submitted, not as it is shown.
    """
    with Image.open(io.BytesIO(stored)) as image:
        probability = np.asarray(image, dtype=np.float32) / np.float32(255)
    lungs = Lungs(as_submitted(probability, study) if submitted else probability)
    scale = np.array([width, height]) * _FINER
    thin = max(2.0, min(width, height) / 220) * _FINER
    casing, line = (Image.new("L", (width * _FINER, height * _FINER)) for _ in range(2))
    for points in lungs.outlines(LEAST):
        corners = [(float(x), float(y)) for x, y in [*points, *points[:2]] * scale]
        ImageDraw.Draw(casing).line(corners, 160, round(thin * 2), "curve")
        ImageDraw.Draw(line).line(corners, 255, round(thin), "curve")
    small = [layer.resize((width, height), Image.Resampling.BOX) for layer in (casing, line)]
    picture = Image.new("RGBA", (width, height), (*CASING, 0))
    picture.putalpha(small[0])
    coloured = Image.new("RGBA", (width, height), (*LINE, 0))
    coloured.putalpha(small[1])
    buffer = io.BytesIO()
    Image.alpha_composite(picture, coloured).save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()
