"""DICOM pixels come out as they went in: every transfer syntax, depth, sign and polarity, against a plain reference."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom import uid

from ml.errors import IntakeError
from ml.intake.read import Limits, read_radiograph
from tests.dicom_files import (
    HTJ2K_SLOPE,
    LOSSLESS,
    NATIVE,
    as_file,
    dicom_bytes,
    encoded,
    film_object,
    film_values,
    scaled,
)

SMALL = Limits(min_side=8, min_pixels=64)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("bits", [8, 10, 12, 15, 16])
@pytest.mark.parametrize("syntax", [*NATIVE, *LOSSLESS], ids=lambda syntax: uid.UID(syntax).keyword)
def test_lossless_syntaxes_give_the_same_film_at_every_depth_and_polarity(syntax, bits, photometric):
    values = film_values(bits)
    film = read_radiograph(dicom_bytes(values, bits, syntax, PhotometricInterpretation=photometric))
    top = 2**bits - 1
    expected = scaled(values, 0, top) if photometric == "MONOCHROME2" else scaled(values, top, 0)
    assert film.format == "DICOM"
    np.testing.assert_array_equal(film.pixels, expected)


@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize(
    "syntax",
    [*NATIVE, uid.RLELossless, uid.JPEGLosslessSV1, uid.JPEGLSLossless, uid.JPEG2000Lossless],
    ids=lambda syntax: uid.UID(syntax).keyword,
)
def test_signed_pixels_are_read_as_signed(syntax, bits):
    values = film_values(bits, signed=True)
    film = read_radiograph(dicom_bytes(values, bits, syntax))
    np.testing.assert_array_equal(film.pixels, scaled(values, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1))


@pytest.mark.parametrize(("syntax", "bits"), [(uid.JPEGBaseline8Bit, 8), (uid.JPEGExtended12Bit, 12)])
def test_lossy_jpeg_is_read_within_its_loss(syntax, bits):
    values = film_values(bits)
    film = read_radiograph(dicom_bytes(values, bits, syntax))
    apart = np.abs(film.pixels.astype(int) - scaled(values, 0, 2**bits - 1))
    assert apart.mean() < 2.5


@pytest.mark.parametrize("syntax", [uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K])
def test_high_throughput_jpeg_2000_is_read(syntax):
    down, across = np.mgrid[:40, :48]
    values = (80 * across + 7 * down).astype(np.uint16)
    data = film_object(values, 16, WindowCenter=2048, WindowWidth=4096)
    data.file_meta.TransferSyntaxUID = syntax
    from pydicom.encaps import encapsulate

    data.PixelData = encapsulate([HTJ2K_SLOPE])
    data["PixelData"].is_undefined_length = True
    film = read_radiograph(as_file(data), limits=SMALL)
    np.testing.assert_array_equal(film.pixels, scaled(values, 0, 4095))


@pytest.mark.parametrize("syntax", NATIVE[:3], ids=lambda syntax: uid.UID(syntax).keyword)
def test_a_file_without_preamble_and_meta_information_is_read(syntax):
    values = film_values(12)
    data = as_file(film_object(values, 12, syntax), preamble=False)
    assert b"DICM" not in data[:200]
    np.testing.assert_array_equal(read_radiograph(data).pixels, scaled(values, 0, 4095))


@pytest.mark.parametrize("syntax", [uid.RLELossless, uid.JPEGLosslessSV1, uid.JPEGLSLossless, uid.JPEG2000Lossless])
def test_a_compressed_picture_without_meta_information_is_known_by_its_coding(syntax):
    values = film_values(12)
    data = as_file(film_object(values, 12, syntax), preamble=False)
    np.testing.assert_array_equal(read_radiograph(data).pixels, scaled(values, 0, 4095))


def test_what_can_mean_one_thing_only_may_be_left_out():
    values = film_values(16)
    data = dicom_bytes(values, 16, SamplesPerPixel=None, PixelRepresentation=None, BitsStored=None, HighBit=None)
    np.testing.assert_array_equal(read_radiograph(data).pixels, scaled(values, 0, 65535))


def test_a_file_that_begins_with_its_meta_information_is_read():
    values = film_values(12)
    data = dicom_bytes(values, 12)[132:]
    np.testing.assert_array_equal(read_radiograph(data).pixels, scaled(values, 0, 4095))


def test_a_codestream_split_into_fragments_is_joined():
    from pydicom.encaps import encapsulate

    values = film_values(12)
    data = film_object(values, 12, uid.JPEG2000Lossless)
    data.PixelData = encapsulate([encoded(values, 12, uid.JPEG2000Lossless)], fragments_per_frame=3)
    np.testing.assert_array_equal(read_radiograph(as_file(data)).pixels, scaled(values, 0, 4095))


def test_a_codestream_of_another_size_than_declared_is_refused():
    data = dicom_bytes(film_values(12), 12, uid.JPEG2000Lossless, Rows=300)
    with pytest.raises(IntakeError) as refused:
        read_radiograph(data)
    assert refused.value.code == "DAMAGED"


def test_video_in_dicom_is_refused_by_its_compression():
    data = film_object(film_values(8), 8, uid.JPEGBaseline8Bit)
    data.file_meta.TransferSyntaxUID = uid.MPEG4HP41
    with pytest.raises(IntakeError) as refused:
        read_radiograph(as_file(data))
    assert refused.value.code == "UNSUPPORTED_COMPRESSION"
