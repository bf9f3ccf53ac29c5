"""What is kept of a film: the same pixels, no metadata, a small preview, a hash that knows duplicates."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from ml import phantom
from ml.errors import IntakeError
from ml.intake.read import FILM_SIZE, Header, ModelInput, Radiograph, read_radiograph
from tests import phantoms

GREY = phantoms.film(2, width=700, height=520)


def saved(kind: str, mode: str | None = None, **options) -> bytes:
    picture = Image.fromarray(GREY)
    out = io.BytesIO()
    (picture.convert(mode) if mode else picture).save(out, kind, **options)
    return out.getvalue()


def decoded(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("L"))


@pytest.mark.parametrize(
    ("data", "kind"),
    [(saved("JPEG"), "image/jpeg"), (saved("JPEG", progressive=True), "image/jpeg"), (saved("PNG"), "image/png"),
     (saved("JPEG", optimize=True, restart_marker_rows=1), "image/jpeg"), (saved("JPEG", "RGB"), "image/png"),
     (saved("JPEG", "CMYK"), "image/png"), (saved("TIFF"), "image/png")],
)  # fmt: skip
def test_the_stored_film_has_exactly_the_pixels_that_were_read(data, kind):
    film = read_radiograph(data)
    stored, content_type = film.to_stored()
    assert content_type == kind
    np.testing.assert_array_equal(decoded(stored), film.pixels)
    np.testing.assert_array_equal(decoded(film.to_png()), film.pixels)
    np.testing.assert_array_equal(read_radiograph(stored).pixels, film.pixels)


def test_a_jpeg_turned_by_exif_is_stored_upright():
    exif = Image.Exif()
    exif[0x0112] = 8
    film = read_radiograph(saved("JPEG", exif=exif))
    assert film.pixels.shape == (700, 520)
    assert film.to_stored()[1] == "image/png"


def test_nothing_but_the_picture_is_stored():
    exif = Image.Exif()
    exif[0x010E], exif[0x013B] = "Quastenflosser", "Wilhelmine"
    comment = {"comment": b"Quastenkommentar", "icc_profile": b"Quastenprofil", "xmp": b"<x>Quasten</x>"}
    film = read_radiograph(saved("JPEG", exif=exif, dpi=(300, 300), **comment))
    for kept in (film.to_stored()[0], film.to_png(), film.thumbnail(), film.model_input().to_png()):
        assert b"Quasten" not in kept
        assert b"Wilhelmine" not in kept
        with Image.open(io.BytesIO(kept)) as picture:
            assert not picture.getexif()
            assert not {"comment", "icc_profile", "xmp", "exif"} & set(picture.info)


def test_a_thumbnail_keeps_the_shape_and_stays_small():
    with Image.open(io.BytesIO(read_radiograph(saved("PNG")).thumbnail(320))) as small:
        assert small.size == (320, 238)
        assert small.format == "JPEG"
    assert len(read_radiograph(saved("PNG")).thumbnail(160)) < 20_000


def test_equal_pixels_have_equal_hashes_whatever_the_file():
    film = read_radiograph(saved("PNG"))
    assert film.pixel_hash() == read_radiograph(saved("TIFF")).pixel_hash()
    assert film.pixel_hash() == read_radiograph(saved("PNG", "RGB")).pixel_hash()
    assert film.pixel_hash() == read_radiograph(film.to_stored()[0]).pixel_hash()
    other = GREY.copy()
    other[3, 4] ^= 1
    assert film.pixel_hash() != dataclasses.replace(film, pixels=other).pixel_hash()
    assert film.pixel_hash() != dataclasses.replace(film, pixels=GREY.reshape(700, 520)).pixel_hash()
    assert len(film.pixel_hash()) == 64


def test_the_model_input_survives_its_storage():
    film = Radiograph(GREY, "PNG", Header(age_years=3.0))
    seen = film.model_input()
    assert seen.pixels.shape == (FILM_SIZE, FILM_SIZE)
    assert (seen.width, seen.height, seen.header.age_years) == (700, 520, 3.0)
    again = ModelInput.from_png(seen.to_png(), seen.width, seen.height, seen.header)
    np.testing.assert_array_equal(again.pixels, seen.pixels)
    for damaged in (b"", b"\x89PNG", seen.to_png()[:900], film.to_png()):
        with pytest.raises(ValueError, match="stored model input"):
            ModelInput.from_png(damaged, 1, 1)


def test_reading_for_the_model_alone_gives_nearly_the_same_input_and_no_hash():
    data = saved("JPEG", quality=90)
    big = read_radiograph(phantom.jpeg(phantoms.film(2, width=2000, height=1500)), for_model_only=True)
    assert big.scaled_from == (2000, 1500)
    assert (big.width, big.height) == (2000, 1500)
    with pytest.raises(ValueError, match="pixel hash"):
        big.pixel_hash()
    whole = read_radiograph(data).model_input()
    quick = read_radiograph(data, for_model_only=True).model_input()
    assert np.abs(whole.pixels.astype(int) - quick.pixels).mean() < 1
    assert (whole.width, whole.height) == (quick.width, quick.height)


def test_writing_in_the_margin_is_pointed_out_and_a_lone_marker_is_not():
    plain = GREY.copy()
    plain[-60:] = 20  # where the phantom's own word stands
    assert not read_radiograph(phantom.png(plain)).notices
    assert [notice.code for notice in read_radiograph(phantom.png(GREY)).notices] == ["BURNED_IN_TEXT"]


def test_a_refusal_crosses_a_process_boundary_whole():
    import pickle

    error = IntakeError("DAMAGED", "The file is damaged.", "Export it again.")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (again.code, again.message, again.advice) == (error.code, error.message, error.advice)
