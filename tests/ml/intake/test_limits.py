"""Pictures that are read but not taken: in colour, several in one file, too large, too small, blank."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from ml.errors import IntakeError
from ml.intake.read import Limits, read_radiograph
from tests import phantoms

GREY = phantoms.film(5, width=320, height=256)


def saved(pixels, kind) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind)
    return out.getvalue()


def read(data: bytes) -> np.ndarray:
    return read_radiograph(data).pixels


def test_a_tinted_film_and_a_coloured_mark_are_grey_enough_and_a_picture_in_colour_is_not():
    unit = GREY / 255.0
    blue = np.dstack([255 * unit**1.15, 255 * unit**1.05, 255 * unit**0.9]).astype(np.uint8)
    assert read(saved(blue, "PNG")).shape == GREY.shape
    marked = np.dstack([GREY] * 3)
    marked[10:40, 10:60] = (255, 30, 30)
    assert read(saved(marked, "PNG")).shape == GREY.shape
    colours = np.dstack([GREY, np.roll(GREY, 90, axis=1), GREY[::-1]])
    with pytest.raises(IntakeError) as refused:
        read(saved(colours, "JPEG"))
    assert refused.value.code == "COLOUR_PICTURE"


@pytest.mark.parametrize("kind", ["TIFF", "PNG", "WEBP", "GIF"])
def test_several_pictures_in_one_file_are_refused(kind):
    frames = [Image.fromarray(GREY), Image.fromarray(GREY[::-1])]
    out = io.BytesIO()
    frames[0].save(out, kind, save_all=True, append_images=frames[1:])
    with pytest.raises(IntakeError) as refused:
        read(out.getvalue())
    assert refused.value.code == ("UNSUPPORTED_FORMAT" if kind == "GIF" else "MULTIPLE_IMAGES")


def test_sizes_are_bounded_before_decoding():
    data = saved(GREY, "PNG")
    for limits, code in (
        (Limits(max_bytes=1000), "TOO_LARGE"),
        (Limits(max_pixels=1000), "TOO_LARGE"),
        (Limits(max_side=300), "TOO_LARGE"),
        (Limits(min_side=300), "TOO_SMALL"),
        (Limits(min_pixels=10**6), "TOO_SMALL"),
        (Limits(max_aspect=1.1), "CROPPED"),
    ):
        with pytest.raises(IntakeError) as refused:
            read_radiograph(data, limits=limits)
        assert refused.value.code == code


@pytest.mark.parametrize(("level", "word"), [(0, "black"), (255, "white"), (128, "contrast")])
def test_a_blank_picture_is_refused(level, word):
    with pytest.raises(IntakeError, match=word) as refused:
        read(saved(np.full((300, 300), level, np.uint8), "PNG"))
    assert refused.value.code == "TOO_DARK_OR_BRIGHT"
