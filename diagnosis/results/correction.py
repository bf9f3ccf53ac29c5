"""A film as it is shown: put upright and bones bright as the image check did. The stored film stays as submitted."""

from __future__ import annotations

import io
from typing import IO

import numpy as np
from django.utils.translation import gettext
from numpy.typing import NDArray
from PIL import Image, ImageOps

from diagnosis.models import Study

_TURNS = {1: Image.Transpose.ROTATE_90, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_270}


def put_right(film: Image.Image, study: Study) -> Image.Image:
    """A grey film as the networks saw it and people are shown it."""
    if study.quarter_turns:
        film = film.transpose(_TURNS[study.quarter_turns])
    return ImageOps.invert(film) if study.inverted else film


def how_corrected(study: Study) -> str:
    """In words: "turned", "black and white exchanged", or both."""
    words = [gettext("turned")] if study.quarter_turns else []
    return ", ".join([*words, *([gettext("black and white exchanged")] if study.inverted else [])])


def as_submitted(heat: NDArray[np.float32], study: Study) -> NDArray[np.float32]:
    """A heat map (h, w), kept as the film is shown, turned back onto the film as it was submitted."""
    return np.ascontiguousarray(np.rot90(heat, -study.quarter_turns))


def corrected_file(file: IO[bytes], study: Study, *, small: bool) -> tuple[bytes, str]:
    """A stored film or thumbnail put right, and its content type: lossless, but for the thumbnail, which never was."""
    buffer = io.BytesIO()
    with Image.open(file) as stored:
        shown = put_right(stored.convert("L"), study)
    shown.save(buffer, "JPEG", quality=85) if small else shown.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue(), "image/jpeg" if small else "image/png"
