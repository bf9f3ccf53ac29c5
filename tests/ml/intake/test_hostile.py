"""Damaged, odd and hostile files end in a refusal that a person understands, soon, and in bounded memory."""

from __future__ import annotations

import resource
import time

import pytest

from ml.errors import IntakeError
from ml.intake.read import read_radiograph
from tests.ml.intake.corpus import HTML, hostile, odd_but_good, seeds

CODES = {
    "EMPTY_FILE", "DAMAGED", "UNSUPPORTED_FORMAT", "NOT_AN_IMAGE", "TOO_LARGE", "TOO_SMALL", "TOO_DARK_OR_BRIGHT",
    "NO_PIXEL_DATA", "COLOUR_PICTURE", "MULTIPLE_IMAGES", "CROPPED", "WRONG_DICOM_OBJECT", "UNSUPPORTED_COMPRESSION",
}  # fmt: skip


def outcome_of(data: bytes) -> str:
    """``"read"``, or the code of the refusal."""
    try:
        read_radiograph(data)
    except IntakeError as error:
        return error.code
    return "read"


@pytest.mark.parametrize("name", hostile())
def test_a_hostile_file_is_refused_in_plain_words(name):
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(IntakeError) as refused:
        read_radiograph(hostile()[name])
    error = refused.value
    assert error.code in CODES
    assert error.message.endswith(".")
    assert error.advice.endswith(".")
    assert len(error.message) < 120
    # The time that this process itself spent; what went apart has its own bound.
    assert time.process_time() - began < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kB


@pytest.mark.parametrize("name", odd_but_good())
def test_a_film_with_something_odd_beside_it_is_read_and_the_oddity_is_not_kept(name):
    film = read_radiograph(odd_but_good()[name])
    assert film.pixels.shape == (200, 240)
    stored, kind = film.to_stored()
    assert kind in ("image/jpeg", "image/png")
    assert HTML not in stored
    assert b"ICC_PROFILE" not in stored
    assert b"Exif" not in stored


@pytest.mark.parametrize("name", seeds())
def test_a_file_cut_anywhere_is_refused_or_read_but_never_more(name):
    data = seeds()[name]
    for share in (0.003, 0.05, 0.3, 0.6, 0.9, 0.999):
        outcome = outcome_of(data[: int(len(data) * share)])
        assert outcome in CODES or (outcome == "read" and share > 0.5)


@pytest.mark.parametrize("name", ["jpeg", "png", "tiff", "bmp", "webp", "jp2", "j2k"])
def test_one_formats_start_before_anothers_body_is_refused(name):
    other = seeds()["png" if name != "png" else "jpeg"]
    with pytest.raises(IntakeError):
        read_radiograph(seeds()[name][:24] + other[24:])


def test_the_name_of_what_was_sent_is_in_the_refusal():
    for name, words in {
        "svg": "SVG", "pdf": "PDF", "zip": "ZIP", "html": "web page", "mp4": "video", "heic": "HEIC", "gif": "GIF",
        "text": "text file",
    }.items():  # fmt: skip
        with pytest.raises(IntakeError, match=words):
            read_radiograph(hostile()[name])
