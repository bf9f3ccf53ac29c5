"""Header words spelled otherwise or missing, colours under the wrong name, and padding that occurs on the film too."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

import jpeg_ls
import numpy as np
from numpy.typing import NDArray
from openjpeg import utils as openjpeg
from PIL import Image
from pydicom import uid

from tests.dicom_files import NATIVE, as_file, dicom_bytes, encoded, film_object, film_values, scaled
from tests.ml.intake.siblings import Case, Grey
from tests.ml.intake.siblings.depth import coded

_VALUES = film_values(12)
_EIGHT = film_values(8)
_UP, _DOWN = scaled(_VALUES, 0, 4095), scaled(_VALUES, 4095, 0)
_RGB = np.stack([_EIGHT] * 3, axis=-1)
_YCC = np.stack([_EIGHT, np.full_like(_EIGHT, 128), np.full_like(_EIGHT, 128)], axis=-1)
_SECONDARY = {"SOPClassUID": uid.SecondaryCaptureImageStorage, "Modality": "OT"}


def _case(name: str, data: bytes, wanted: Grey | tuple[str, str], within: float = 0.6, notice: str = "") -> Case:
    return Case("headers", name, data, wanted, within, notice)


def cases() -> Iterator[Case]:
    """Words, colours, padding."""
    for word, wanted, notice in (
        ("monochrome1", _DOWN, ""), ("Monochrome2", _UP, ""), ("MONOCHROME 2", _UP, ""), ("MONOCHROME_1", _DOWN, ""),
        ("MONOCHROME2\0", _UP, ""), (" MONOCHROME1", _DOWN, ""), ("MONOCHROME", _UP, "POLARITY_UNSURE"),
        ("", _UP, "POLARITY_UNSURE"),
    ):  # fmt: skip
        for syntax in ("1.2.840.10008.1.2.1", uid.JPEGLSLossless, uid.JPEG2000Lossless, uid.RLELossless):
            data = dicom_bytes(_VALUES, 12, syntax, PhotometricInterpretation=word)
            yield _case(f"{word!r}, {uid.UID(syntax).keyword}", data, wanted, notice=notice)
    for word in ("rgb", "Rgb ", None):
        data = dicom_bytes(_RGB, 8, PhotometricInterpretation=word, PlanarConfiguration=None, **_SECONDARY)
        yield _case(f"colours called {word!r}, no planar configuration", data, _EIGHT)
    yield from _syntaxes()
    yield from _planes()
    yield from _colours()
    yield from _padding()


def _syntaxes() -> Iterator[Case]:
    for syntax in ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2", uid.JPEGLSLossless, uid.JPEG2000Lossless,
                   uid.RLELossless, uid.JPEGLosslessSV1):  # fmt: skip
        whole = dicom_bytes(_VALUES, 12, syntax)
        at = whole.index(b"\x02\x00\x10\x00UI") + 6
        length = struct.unpack_from("<H", whole, at)[0]
        label = uid.UID(syntax).keyword
        yield _case(f"no transfer syntax, {label}", whole[:at] + b"\0\0" + whole[at + 2 + length :], _UP)
        blank = whole[: at + 2] + b" " * length + whole[at + 2 + length :]
        yield _case(f"a transfer syntax of spaces, {label}", blank, _UP)
        spaced = whole[: at + 2] + str(syntax).encode().ljust(length, b" ") + whole[at + 2 + length :]
        yield _case(f"a transfer syntax that ends in a space, {label}", spaced, _UP)
    implicit, explicit, big, deflated = (str(syntax) for syntax in NATIVE[:4])
    for true, called in ((implicit, explicit), (explicit, implicit), (implicit, big), (explicit, big), (big, implicit),
                         (big, explicit), (explicit, deflated), (implicit, deflated)):  # fmt: skip
        whole, new = dicom_bytes(_VALUES, 12, true), called.encode() + b"\0" * (len(called) % 2)
        at = whole.index(b"\x02\x00\x10\x00UI") + 6
        rest = whole[at + 2 + struct.unpack_from("<H", whole, at)[0] :]
        data = whole[:at] + struct.pack("<H", len(new)) + new + rest
        length = struct.unpack_from("<I", data, 140)[0] + len(data) - len(whole)
        data = data[:140] + struct.pack("<I", length) + data[144:]
        yield _case(f"{uid.UID(true).keyword} called {uid.UID(called).keyword}", data, _UP)
    for name, missing in (("BitsStored", ["BitsStored", "HighBit"]), ("PixelRepresentation", ["PixelRepresentation"]),
                          ("SamplesPerPixel", ["SamplesPerPixel"])):  # fmt: skip
        tags: dict[str, Any] = dict.fromkeys(missing)
        yield _case(f"no {name}", dicom_bytes(film_values(16), 16, **tags), scaled(film_values(16), 0, 65535))
    yield _case("colours, no SamplesPerPixel", dicom_bytes(_RGB, 8, SamplesPerPixel=None, **_SECONDARY), _EIGHT)
    yield _case("a high bit that is none", dicom_bytes(_VALUES, 12, HighBit=15), _UP)
    high = (_VALUES << 4).astype(np.uint16)
    yield _case("a picture in the upper bits", dicom_bytes(high, 12, HighBit=15), _UP)


def _planes() -> Iterator[Case]:
    planar = np.ascontiguousarray(np.moveaxis(_RGB, -1, 0)).tobytes()
    for order in (0, 1, None):
        raw = planar if order == 1 else _RGB.tobytes()
        data = dicom_bytes(_RGB, 8, PixelData=raw, PlanarConfiguration=order, **_SECONDARY)
        yield _case(f"RGB, planar configuration {order}", data, _EIGHT)
    data = dicom_bytes(_RGB, 8, PixelData=planar, PlanarConfiguration=None, **_SECONDARY)
    yield _case("RGB by planes, no planar configuration", data, _EIGHT)
    for order in (0, 1):  # of a codestream it says nothing
        for syntax in (uid.JPEG2000Lossless, uid.RLELossless, uid.JPEGLSLossless):
            data = dicom_bytes(_RGB, 8, syntax, PlanarConfiguration=order, **_SECONDARY)
            yield _case(f"RGB in {uid.UID(syntax).keyword}, planar configuration {order}", data, _EIGHT)
    deep = np.stack([film_values(16)] * 3, axis=-1)
    for syntax in ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", uid.JPEG2000Lossless, uid.RLELossless):
        data = dicom_bytes(deep, 16, syntax, **_SECONDARY)
        yield _case(f"RGB of 16 bits, {uid.UID(syntax).keyword}", data, scaled(film_values(16), 0, 65535))
    twelve = np.stack([_VALUES] * 3, axis=-1)
    for syntax in ("1.2.840.10008.1.2.1", uid.JPEG2000Lossless):
        data = dicom_bytes(twelve, 12, syntax, **_SECONDARY)
        yield _case(f"RGB of 12 bits, {uid.UID(syntax).keyword}", data, _UP)


def _colours() -> Iterator[Case]:
    for label in ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT"):
        tags = {**_SECONDARY, "PhotometricInterpretation": label}
        for name, options in (("YCbCr", {}), ("YCbCr, 4:2:0", {"subsampling": 2}), ("RGB", {"keep_rgb": True})):
            out = io.BytesIO()
            Image.fromarray(_RGB).save(out, "JPEG", quality=95, **options)
            for marked in (True, False):
                frame = out.getvalue() if marked else _without_marks(out.getvalue())
                data = coded(frame, _RGB, 8, uid.JPEGBaseline8Bit, **tags)
                title = f"JPEG in {name}{'' if marked else ' without marks'} called {label}"
                yield _case(title, data, _EIGHT, 1.5)
        for name, planes in (("RGB", _RGB), ("YCbCr", _YCC)):
            yield _case(f"native {name} called {label}", _native(planes, label), _EIGHT, 1)
            for syntax, frame in (
                (uid.RLELossless, encoded(planes, 8, uid.RLELossless)),
                (uid.JPEGLSLossless, jpeg_ls.encode_array(planes, interleave_mode=2)),
                (uid.JPEG2000Lossless, openjpeg.encode_array(planes, bits_stored=8, use_mct=False)),
            ):
                data = coded(frame, planes, 8, syntax, **tags)
                yield _case(f"{uid.UID(syntax).keyword} in {name} called {label}", data, _EIGHT, 1)
    pairs = np.stack([_EIGHT[:, ::2], _EIGHT[:, 1::2], *[np.full_like(_EIGHT[:, ::2], 128)] * 2], axis=-1)
    yield _case("native 4:2:2", _native(_RGB, "YBR_FULL_422", pairs.tobytes()), _EIGHT, 1)
    tinted = np.clip(_RGB.astype(int) + np.array([-14, 0, 22]), 0, 255).astype(np.uint8)
    yield _case("a blue tint stays a film", _native(tinted, "RGB"), np.asarray(Image.fromarray(tinted).convert("L")))
    wild = np.random.default_rng(1).integers(0, 256, _RGB.shape).astype(np.uint8)
    yield _case("real colours are refused", _native(wild, "RGB"), ("COLOUR_PICTURE", "colour"))


def _native(planes: NDArray[Any], label: str, raw: bytes | None = None) -> bytes:
    data = film_object(planes, 8, PhotometricInterpretation=label, **_SECONDARY)
    if raw is not None:
        data.PixelData = raw
    return as_file(data)


def _without_marks(frame: bytes) -> bytes:
    """A JPEG without APP segments; Pillow writes them first."""
    at = 2
    while 0xE0 <= frame[at + 1] <= 0xEF:
        at += 2 + int.from_bytes(frame[at + 2 : at + 4], "big")
    return frame[:2] + frame[at:]


def _padding() -> Iterator[Case]:
    bright = np.clip(_VALUES.astype(int) * 5 // 4, 0, 4095).astype(np.uint16)  # white occurs on the film
    bright[60:180, 100:150] = 4095
    for photometric, pad, film in (("MONOCHROME2", 4095, bright), ("MONOCHROME1", 0, 4095 - bright)):
        wanted = scaled(bright, 0, 4095)
        tags = {"PhotometricInterpretation": photometric, "PixelPaddingValue": pad}
        yield _case(f"padding {pad} occurs on the film alone, {photometric}", dicom_bytes(film, 12, **tags), wanted)
        framed, edged = film.copy(), wanted.copy()
        framed[:20] = framed[:, -15:] = pad
        edged[:20] = edged[:, -15:] = 0
        yield _case(f"padding {pad} at two edges as well, {photometric}", dicom_bytes(framed, 12, **tags), edged)
        turned, cornered = film.copy(), wanted.copy()
        down, across = np.indices(film.shape)
        corner = down + across < 70
        turned[corner] = pad
        cornered[corner] = 0
        yield _case(f"padding {pad} in a corner, {photometric}", dicom_bytes(turned, 12, **tags), cornered)
        spread = film.copy()
        spread[:20] = np.clip(np.abs(pad - np.random.default_rng(3).integers(0, 30, (20, film.shape[1]))), 0, 4095)
        ranged = {**tags, "PixelPaddingRangeLimit": abs(pad - 30)}
        edged = wanted.copy()
        edged[:20] = 0
        inside = (film >= 4065) if pad else (film <= 30)
        keep = _from_top(inside)
        edged[keep] = 0
        yield _case(
            f"padding from {pad} to {abs(pad - 30)}, {photometric}", dicom_bytes(spread, 12, **ranged), edged, 1
        )
    spine = bright.copy()
    spine[120:, 100:150] = 4095
    data = dicom_bytes(spine, 12, PixelPaddingValue=4095)
    yield _case("a white spine that runs to the lower edge", data, scaled(spine, 0, 4095))
    along, cleared = bright.copy(), scaled(bright, 0, 4095)
    along[:18, 20:-20] = 4095
    cleared[:18, 20:-20] = 0
    yield _case("padding along most of an edge", dicom_bytes(along, 12, PixelPaddingValue=4095), cleared)
    data = dicom_bytes(bright, 12, PixelPaddingValue=0, PixelPaddingRangeLimit=4095)
    yield _case("padding that is everything", data, scaled(bright, 0, 4095))
    signed = film_values(12, signed=True).copy()
    signed[:20] = -2048
    wanted = scaled(signed, -2048, 2047)
    for pad in (-2048, 63488, 2048):
        data = film_object(signed, 12)
        data.add_new(0x00280120, "SS" if pad < 0 else "US", pad)
        yield _case(f"signed, padding {pad}", as_file(data), wanted)


def _from_top(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels in the padding's range that hang on the padded strip."""
    reached = np.zeros_like(inside)
    reached[19] = True
    for row in range(20, inside.shape[0]):
        reached[row] = inside[row] & reached[row - 1]
    return reached
