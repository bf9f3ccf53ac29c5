"""Small good files of every kind and big bad ones, all made by code: what intake is tested and fuzzed with."""

from __future__ import annotations

import functools
import io
import struct
import zlib

import numpy as np
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence

from tests import phantoms
from tests.dicom_files import as_file, dicom_bytes, encoded, film_object

GREY = phantoms.film(7, width=240, height=200)
DEEP = phantoms.film(7, width=240, height=200, bits=12)


def saved(kind: str, pixels: np.ndarray = GREY, mode: str | None = None, **options: object) -> bytes:
    picture = Image.fromarray(pixels)
    out = io.BytesIO()
    (picture.convert(mode) if mode else picture).save(out, kind, **options)
    return out.getvalue()


@functools.cache
def seeds() -> dict[str, bytes]:
    """One good file of each kind that has a reader of its own."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "described"
    return {
        "jpeg": saved("JPEG", exif=exif),
        "jpeg-progressive-rgb": saved("JPEG", mode="RGB", progressive=True),
        "jpeg-cmyk": saved("JPEG", mode="CMYK"),
        "png": saved("PNG"),
        "png-16": saved("PNG", DEEP),
        "png-palette": saved("PNG", mode="P"),
        "tiff": saved("TIFF"),
        "tiff-lzw-16": saved("TIFF", DEEP, compression="tiff_lzw"),
        "bmp": saved("BMP"),
        "webp": saved("WEBP", mode="RGB", lossless=True),
        "webp-lossy": saved("WEBP", mode="RGB", quality=60),
        "jp2": saved("JPEG2000"),
        "j2k": saved("JPEG2000", DEEP, no_jp2=True),
        **{
            f"dicom-{uid.UID(syntax).keyword}": dicom_bytes(DEEP, 12, syntax, WindowCenter=2048, WindowWidth=4096)
            for syntax in (
                uid.ImplicitVRLittleEndian,
                uid.ExplicitVRLittleEndian,
                uid.ExplicitVRBigEndian,
                uid.DeflatedExplicitVRLittleEndian,
                uid.RLELossless,
                uid.JPEGLosslessSV1,
                uid.JPEGExtended12Bit,
                uid.JPEGLSLossless,
                uid.JPEG2000Lossless,
            )
        },
        "dicom-JPEGBaseline8Bit": dicom_bytes(GREY, 8, uid.JPEGBaseline8Bit),
        "dicom-bare": as_file(film_object(DEEP, 12, uid.ImplicitVRLittleEndian), preamble=False),
    }


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of(width: int, height: int, *chunks: bytes, bits: int = 8, colour: int = 0) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b"")


@functools.cache
def bomb(size: int) -> bytes:
    """``size`` zeros, deflated: one mebibyte's block as often as it takes, for to pack 256 of them takes a second."""
    packer, piece = zlib.compressobj(9), bytes(1 << 20)
    first, again = (packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    checksum = struct.pack(">I", size % 65521 << 16 | 1)  # Adler-32: each zero adds one to the upper half
    return first + again * ((size >> 20) - 1) + packer.flush()[:-4] + checksum


def jpeg_with(*segments: bytes, after: bytes = b"") -> bytes:
    plain = saved("JPEG")
    return plain[:2] + b"".join(segments) + plain[2:] + after


def segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


def resized_jpeg(width: int, height: int) -> bytes:
    """A JPEG that declares another size than it has."""
    data = bytearray(saved("JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def many_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan comes over and over again."""
    data = saved("JPEG", np.asarray(Image.fromarray(GREY).resize((1600, 1200))), progressive=True, quality=1)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * count + data[-2:]


def nested(depth: int) -> bytes:
    """Sequences of undefined length, one in the other."""
    data = film_object(DEEP, 12, uid.ImplicitVRLittleEndian)
    whole = as_file(data)
    opening = b"\x08\x00\x40\x11\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    closing = b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
    at = whole.index(b"\x10\x00\x10\x00")
    return whole[:at] + opening * depth + closing * depth + whole[at:]


def with_frames(frame: bytes, syntax: str) -> bytes:
    data = film_object(DEEP, 12)
    data.file_meta.TransferSyntaxUID = uid.UID(syntax)
    data.PixelData = encapsulate([frame]) if frame else b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    data["PixelData"].is_undefined_length = True
    return as_file(data)


def deflate_bomb() -> bytes:
    whole = dicom_bytes(DEEP, 12, uid.DeflatedExplicitVRLittleEndian)
    start = 144 + int.from_bytes(whole[140:144], "little")
    return whole[:start] + bomb(1 << 28)[2:-4]


def interlaced_png(pixels: np.ndarray, height: int) -> bytes:
    """An interlaced PNG that declares ``height`` rows, and ends with the last row of ``pixels``."""
    steps = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    rows = [b"\0" + row.tobytes() for x, y, dx, dy in steps for row in pixels[y::dy, x::dx]]
    width = pixels.shape[1]
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 1))
    body = chunk(b"IDAT", zlib.compress(b"".join(rows)))
    return b"\x89PNG\r\n\x1a\n" + header + body + chunk(b"IEND", b"")


def signed_tiff() -> bytes:
    """A TIFF whose bytes lie around zero, which Pillow passes over."""
    return saved("TIFF", GREY, tiffinfo={339: 2})


def looped_tiff() -> bytes:
    entries = struct.pack("<H", 1) + struct.pack("<HHII", 256, 4, 1, 300)
    return b"II*\0" + struct.pack("<I", 8) + entries + struct.pack("<I", 8)


def broken_table() -> bytes:
    data = film_object(DEEP, 12)
    item = Dataset()
    item.add_new(0x00283002, "US", [0, 0, 99])
    item.add_new(0x00283006, "OW", b"")
    data.VOILUTSequence = Sequence([item])
    return as_file(data)


JUNK = np.random.default_rng(1).integers(0, 256, 50_000, dtype=np.uint8).tobytes()
HTML = b"<!DOCTYPE html><script>alert(1)</script>"
SIZ = b"\xff\x4f\xff\x51" + struct.pack(">HHIIIIIIIIHBBB", 41, 0, *(60000, 60000, 0, 0, 1, 1, 0, 0), 1, 7, 1, 1)


@functools.cache
def hostile() -> dict[str, bytes]:
    """Files that must be refused, each with a code, quickly, and without eating the memory."""
    jp2 = saved("JPEG2000", no_jp2=True)
    return {
        "nothing": b"",
        "one byte": b"\xff",
        "zeros": bytes(5000),
        "noise": JUNK,
        "spaces": b" " * 5000,
        "jpeg start": b"\xff\xd8\xff",
        "png start": b"\x89PNG\r\n\x1a\n",
        "tiff start": b"II*\0",
        "dicom start": bytes(128) + b"DICM",
        "svg": b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "html": HTML,
        "html before jpeg": HTML + saved("JPEG"),
        "pdf": b"%PDF-1.7\n1 0 obj",
        "zip": b"PK\x03\x04" + JUNK,
        "text": b"name,age\nJane,3\n" * 99,
        "mp4": b"\0\0\0\x20ftypisom" + JUNK,
        "avi": b"RIFF\0\0\0\0AVI " + JUNK,
        "heic": b"\0\0\0\x18ftypheic" + JUNK,
        "gif": saved("GIF"),
        "png of 65535²": png_of(65535, 65535, chunk(b"IDAT", bomb(1 << 20)), bits=1),
        "jpeg of 65535²": resized_jpeg(65535, 65535),
        "j2k of 60000² in tiles of one": SIZ + JUNK,
        "jp2 cut": jp2[: len(jp2) // 2],
        "png inflating to 256 MB": png_of(240, 200, chunk(b"IDAT", bomb(1 << 28))[:-8]),
        "png with text inflating to 256 MB": png_of(240, 200, chunk(b"zTXt", b"a\0\0" + bomb(1 << 28)), idat(GREY)),
        "png with a profile inflating to 256 MB": png_of(
            240, 200, chunk(b"iCCP", b"a\0\0" + bomb(1 << 28)), idat(GREY)
        ),
        "png of 2 million chunks": b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 240, 200, 8, 0, 0, 0, 0))
        + chunk(b"tEXt", b"") * 2_000_000,
        "jpeg of 5 million segments": b"\xff\xd8" + segment(0xE5, b"\0") * 5_000_000,
        "jpeg of 5,000 scans": many_scans(5000),
        "jpeg with an odd marker": b"\xff\xd8\xff\xc8\0\x04\0\0",
        "png of too few rows": png_of(240, 400, idat(GREY)),
        "png interlaced of too few rows": interlaced_png(GREY[:150], 200),
        "jpeg of 12 bits": saved("JPEG").replace(b"\xff\xc0\0\x0b\x08", b"\xff\xc1\0\x0b\x0c"),
        "tiff of signed bytes": signed_tiff(),
        "tiff in a circle": looped_tiff(),
        "tiff cut": saved("TIFF")[:200],
        "bmp of minus one": b"BM"
        + struct.pack("<IHHIIiiHHIIiiII", 99, 0, 0, 54, 40, -1, -1, 1, 8, 1, 0, 0, 0, 0, 0)
        + JUNK,
        "bmp of 65535²": b"BM"
        + struct.pack("<IHHIIiiHHIIiiII", 99, 0, 0, 54, 40, 65535, 65535, 1, 8, 1, 0, 0, 0, 0, 0)
        + JUNK,
        "webp of 16383²": b"RIFF"
        + struct.pack("<I", 99)
        + b"WEBPVP8X"
        + struct.pack("<I", 10)
        + b"\0\0\0\0\xfe\x3f\0\xfe\x3f\0"
        + JUNK,
        "dicom of 65535²": dicom_bytes(DEEP, 12, Rows=65535, Columns=65535),
        "dicom without rows": dicom_bytes(DEEP, 12, Rows=None),
        "dicom nested 20,000 deep": nested(20_000),
        "dicom inflating to 256 MB": deflate_bomb(),
        "dicom cut": dicom_bytes(DEEP, 12)[:20_000],
        "dicom of no fragments": with_frames(b"", uid.JPEG2000Lossless),
        "dicom j2k of 60000²": with_frames(SIZ + JUNK, uid.JPEG2000),
        "dicom jpeg of noise": with_frames(b"\xff\xd8" + JUNK, uid.JPEGLosslessSV1),
        "dicom rle of noise": with_frames(JUNK, uid.RLELossless),
        "dicom jls of noise": with_frames(JUNK, uid.JPEGLSLossless),
        "dicom jls cut": with_frames(encoded(DEEP, 12, uid.JPEGLSLossless)[:5000], uid.JPEGLSLossless),
        "dicom j2k called jpeg": with_frames(encoded(DEEP, 12, uid.JPEG2000Lossless), uid.JPEGBaseline8Bit),
        "dicom jpeg in colours called grey": with_frames(saved("JPEG", mode="RGB"), uid.JPEGBaseline8Bit),
        "dicom of 0 bits": dicom_bytes(DEEP, 12, BitsAllocated=0),
        "dicom of 13 bits": dicom_bytes(DEEP, 12, BitsAllocated=13),
        "dicom of nine samples": dicom_bytes(DEEP, 12, SamplesPerPixel=9),
        "dicom with a wrong length": dicom_bytes(DEEP, 12).replace(b"PN\x08\x00", b"PN\xf8\xff"),
        "dicom with text for frames": dicom_bytes(DEEP, 12).replace(
            b"\x28\x00\x10\x00US\x02\x00", b"\x28\x00\x10\x00UN\x02\x00"
        )[:9000],
    }


@functools.cache
def odd_but_good() -> dict[str, bytes]:
    """Files that look suspicious and are films all the same."""
    return {
        "jpeg with html in a comment": jpeg_with(segment(0xFE, HTML)),
        "jpeg with html at its end": jpeg_with(after=HTML + JUNK),
        "jpeg with junk for exif": jpeg_with(segment(0xE1, b"Exif\0\0" + JUNK[:9000])),
        "jpeg with junk for a colour profile": jpeg_with(segment(0xE2, b"ICC_PROFILE\0\x01\x01" + JUNK[:9000])),
        "jpeg with fill bytes": jpeg_with(b"\xff\xff\xff" + segment(0xFE, b"")[1:]),
        "png with bytes after its end": saved("PNG") + HTML,
        "dicom with a tiff before it": b"II*\0" + dicom_bytes(DEEP, 12)[4:],
        "dicom nested 60 deep": nested(60),
        "dicom with a broken table": broken_table(),
        "dicom with text for a window": dicom_bytes(DEEP, 12, WindowCenter=2048, WindowWidth=4096).replace(
            b"2048", b"much"
        ),
    }


def idat(pixels: np.ndarray) -> bytes:
    return chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row.tobytes() for row in pixels)))
