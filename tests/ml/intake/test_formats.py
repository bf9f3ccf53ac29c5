"""Every picture format at every depth, against the pixels that went in."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from pydicom import uid

from ml.errors import IntakeError
from ml.intake.read import read_radiograph
from tests import phantoms
from tests.dicom_files import encoded

GREY = phantoms.film(5, width=320, height=256)
SIXTEEN = phantoms.film(5, width=320, height=256, bits=16)


def saved(pixels, kind, mode=None, **options) -> bytes:
    picture = Image.fromarray(pixels)
    out = io.BytesIO()
    (picture.convert(mode) if mode else picture).save(out, kind, **options)
    return out.getvalue()


def read(data: bytes) -> np.ndarray:
    return read_radiograph(data).pixels


def png(colour: int, bits: int, rows: list[bytes], width: int, interlace: int = 0) -> bytes:
    """A PNG by hand, for what Pillow cannot write."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, len(rows), bits, colour, 0, 0, interlace)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [("PNG", None, {}), ("PNG", "RGB", {}), ("PNG", "LA", {}), ("PNG", "RGBA", {}), ("PNG", "P", {}), ("BMP", None, {}),
     ("BMP", "RGB", {}), ("TIFF", None, {}), ("TIFF", "RGB", {}), ("TIFF", None, {"compression": "tiff_lzw"}),
     ("TIFF", None, {"compression": "tiff_deflate"}), ("TIFF", None, {"compression": "packbits"}),
     ("TIFF", None, {"big_tiff": True}), ("WEBP", "RGB", {"lossless": True}), ("JPEG2000", None, {}),
     ("JPEG2000", "RGB", {"no_jp2": True})],
)  # fmt: skip
def test_lossless_pictures_come_out_as_they_went_in(kind, mode, options):
    film = read_radiograph(saved(GREY, kind, mode, **options))
    assert film.format == kind
    np.testing.assert_array_equal(film.pixels, GREY)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True, "quality": 75}, {"subsampling": 2}])
def test_jpeg_of_every_make_is_read_as_pillow_reads_it(mode, options):
    data = saved(GREY, "JPEG", mode, **options)
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB").convert("L"))
    assert np.abs(read(data) - expected.astype(int)).max() <= 1
    assert np.abs(read(data) - GREY.astype(int)).mean() < 4


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_deep_samples_are_scaled_by_the_depth_that_their_brightest_pixel_needs(kind, bits):
    values = (SIXTEEN >> (16 - bits)).astype(np.uint16)
    expected = np.rint(values * (255.0 / (2**bits - 1))).astype(np.uint8)
    np.testing.assert_array_equal(read(saved(values, kind)), expected)


def test_deep_jpeg_2000_is_read():
    data = saved(SIXTEEN, "JPEG2000")
    np.testing.assert_array_equal(read(data), np.rint(SIXTEEN / 257.0).astype(np.uint8))


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_jpeg_2000_of_fewer_bits_is_scaled_by_the_depth_that_it_declares(bits):
    values = (SIXTEEN >> (16 - bits)).astype(np.uint16)
    data = encoded(values, bits, uid.JPEG2000Lossless)
    expected = np.rint(values * (255.0 / (2**bits - 1))).astype(np.uint8)
    np.testing.assert_array_equal(read(data), expected)


@pytest.mark.parametrize(("order", "white_is_zero"), [("<", False), ("<", True), (">", False)])
def test_deep_tiff_is_read_in_either_byte_order_and_with_white_as_zero(order, white_is_zero):
    photometric = 0 if white_is_zero else 1
    entries = [(256, 4, 320), (257, 4, 256), (258, 3, 16), (259, 3, 1), (262, 3, photometric), (273, 4, 122),
               (277, 3, 1), (278, 4, 256), (279, 4, SIXTEEN.nbytes)]  # fmt: skip
    directory = struct.pack(order + "H", len(entries))
    for tag, kind, value in entries:
        directory += struct.pack(order + "HHI", tag, kind, 1) + struct.pack(order + ("HH" if kind == 3 else "I"), *(
            (value, 0) if kind == 3 else (value,)))  # fmt: skip
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    stored = (65535 - SIXTEEN if white_is_zero else SIXTEEN).astype(order + "u2")
    data = (start + directory).ljust(122, b"\0") + stored.tobytes()
    np.testing.assert_array_equal(read(data), np.rint(SIXTEEN / 257.0).astype(np.uint8))


def test_floating_point_tiff_between_zero_and_one_is_read():
    unit = (GREY / 255.0).astype(np.float32)
    np.testing.assert_array_equal(read(saved(unit, "TIFF")), GREY)
    with pytest.raises(IntakeError):
        read(saved(unit * 1e9, "TIFF"))


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_shallow_png_is_read(bits):
    levels = GREY >> (8 - bits)
    packed = np.packbits(
        ((levels[..., None] >> np.arange(bits - 1, -1, -1)) & 1).astype(np.uint8).reshape(256, -1), axis=1
    )
    expected = np.rint(levels * (255.0 / (2**bits - 1))).astype(np.uint8)
    np.testing.assert_array_equal(read(png(0, bits, [row.tobytes() for row in packed], 320)), expected)


def test_interlaced_png_is_read():
    rows = []
    for y0, x0, dy, dx in (
        (0, 0, 8, 8),
        (0, 4, 8, 8),
        (4, 0, 8, 4),
        (0, 2, 4, 4),
        (2, 0, 4, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 1),
    ):
        rows += [GREY[y, x0::dx].tobytes() for y in range(y0, 256, dy)]
    data = bytearray(png(0, 8, rows, 320, interlace=1))
    data[20:24] = struct.pack(">I", 256)
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    np.testing.assert_array_equal(read(bytes(data)), GREY)


def test_what_is_transparent_is_black():
    alpha = np.full(GREY.shape, 255, np.uint8)
    alpha[:, :40] = 0
    pixels = read(saved(np.dstack([GREY, GREY, GREY, alpha]), "PNG"))
    assert (pixels[:, :40] == 0).all()
    np.testing.assert_array_equal(pixels[:, 40:], GREY[:, 40:])


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_exif_orientation_is_obeyed(kind, turn):
    stored = {
        1: GREY, 2: GREY[:, ::-1], 3: GREY[::-1, ::-1], 4: GREY[::-1], 5: GREY.T, 6: np.rot90(GREY, 1),
        7: np.rot90(GREY, 2).T, 8: np.rot90(GREY, -1),
    }[turn]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = turn
    options = {"quality": 98} if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
    data = saved(np.ascontiguousarray(stored), kind, "RGB" if kind == "WEBP" else None, exif=exif, **options)
    assert np.abs(read(data) - GREY.astype(int)).mean() < 1.5
