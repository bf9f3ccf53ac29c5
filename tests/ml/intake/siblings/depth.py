"""Codings deeper or shallower than their header says: clamped, never wrapped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jpeg_ls
import numpy as np
from numpy.typing import NDArray
from openjpeg import utils as openjpeg
from pydicom import uid
from pydicom.encaps import encapsulate

from tests.dicom_files import as_file, dicom_bytes, encoded, film_object, film_values, scaled
from tests.ml.intake.siblings import Case, Grey

TWELVE = np.clip(film_values(12).astype(np.int32) * 5 // 4, 0, 4095).astype(np.uint16)  # a spine that is white
_JLS, _NEAR, _J2K, _LOSSY = uid.JPEGLSLossless, uid.JPEGLSNearLossless, uid.JPEG2000Lossless, uid.JPEG2000
_WINDOW = {"WindowCenter": 2048, "WindowWidth": 4096}


def coded(frame: bytes, values: NDArray[Any], bits: int, syntax: str, **tags: Any) -> bytes:
    """A file around a codestream of our choice."""
    data = film_object(values, bits, **tags)
    data.file_meta.TransferSyntaxUID = uid.UID(syntax)
    data.PixelData = encapsulate([bytes(frame)])
    data["PixelData"].is_undefined_length = True
    return as_file(data)


def overshooting(values: NDArray[Any], top: int) -> NDArray[np.uint16]:
    """White that a lossy coding carried a little too far."""
    beyond = np.random.default_rng(2).integers(0, 120, values.shape)
    return np.where(values >= top, values + beyond, values).astype(np.uint16)


def _case(name: str, data: bytes, wanted: Grey, within: float = 0.6, notice: str = "") -> Case:
    return Case("depth", name, data, wanted, within, notice)


def cases() -> Iterator[Case]:
    """Overshoot, greater depth, lesser depth, strange bits above, signs."""
    white = scaled(TWELVE, 0, 4095)
    black = scaled(TWELVE, 4095, 0)
    over = overshooting(TWELVE, 4095)
    streams = {
        "JPEG-LS": (jpeg_ls.encode_array(over), _JLS),
        "JPEG 2000": (openjpeg.encode_array(over, bits_stored=16), _J2K),
        "JPEG 2000 of 13 bits": (openjpeg.encode_array(over, bits_stored=13), _J2K),
        "lossless JPEG": (encoded(over, 16, uid.JPEGLosslessSV1), uid.JPEGLosslessSV1),
        "RLE": (encoded(over, 16, uid.RLELossless), uid.RLELossless),
    }
    for name, (frame, syntax) in streams.items():
        yield _case(f"{name}, white carried too far", coded(frame, TWELVE, 12, syntax), white)
        tags = {**_WINDOW, "PhotometricInterpretation": "MONOCHROME1"}
        yield _case(f"{name}, too far, MONOCHROME1", coded(frame, TWELVE, 12, syntax, **tags), black)
    yield _case("native, white carried too far", dicom_bytes(over, 12), white)
    for ratio in (8, 30):
        frame = openjpeg.encode_array(TWELVE, bits_stored=16, compression_ratios=[ratio])
        yield _case(f"JPEG 2000 at {ratio}:1 in 16 bits", coded(frame, TWELVE, 12, _LOSSY), white, 5)
    for near in (3, 20):
        frame = jpeg_ls.encode_array(overshooting(TWELVE, 4095), lossy_error=near)
        yield _case(f"JPEG-LS near-lossless {near}", coded(frame, TWELVE, 12, _NEAR, **_WINDOW), white, 2)
    eleven = TWELVE >> 1
    frame = encoded(overshooting(eleven, 2047), 12, uid.JPEGExtended12Bit)
    yield _case("12-bit JPEG, 11 stored", coded(frame, eleven, 11, uid.JPEGExtended12Bit), scaled(eleven, 0, 2047), 3)

    for bits in (12, 14, 16):
        deep = film_values(bits)
        for name, frame, syntax in (
            ("JPEG 2000", openjpeg.encode_array(deep, bits_stored=bits), _J2K),
            ("JPEG-LS", encoded(deep, bits, _JLS), _JLS),
            ("lossless JPEG", encoded(deep, bits, uid.JPEGLosslessSV1), uid.JPEGLosslessSV1),
        ):
            wanted = scaled(deep, 0, 2**bits - 1)
            yield _case(
                f"{name} of {bits} bits, 10 stored", coded(frame, deep, 10, syntax), wanted, 0.6, "DEPTH_UNSURE"
            )
            tags = {"BitsAllocated": 8}
            data = coded(frame, deep, 8, syntax, **tags)
            yield _case(f"{name} of {bits} bits, 8 allocated", data, wanted, 0.6, "DEPTH_UNSURE")
    eight = film_values(8)
    for name, frame, syntax in (
        ("JPEG 2000", openjpeg.encode_array(eight, bits_stored=8), _J2K),
        ("JPEG-LS", encoded(eight, 8, _JLS), _JLS),
        ("lossless JPEG", encoded(eight, 8, uid.JPEGLosslessSV1), uid.JPEGLosslessSV1),
        ("JPEG", encoded(eight, 8, uid.JPEGBaseline8Bit), uid.JPEGBaseline8Bit),
    ):
        for stored, notice in ((8, ""), (12, "DEPTH_UNSURE"), (16, "DEPTH_UNSURE")):
            data = coded(frame, eight, stored, syntax, BitsAllocated=16)
            yield _case(f"{name} of 8 bits, 16 allocated, {stored} stored", data, eight, 1.5, notice)
        data = coded(frame, eight, 12, syntax, BitsAllocated=16, **_WINDOW)
        yield _case(f"{name} of 8 bits, a window for 12", data, eight, 1.5, "DEPTH_UNSURE")
    twelve = film_values(12)
    for allocated in (12, 32):
        data = coded(encoded(twelve, 12, _JLS), twelve, 12, _JLS, BitsAllocated=allocated)
        yield _case(f"JPEG-LS of 12 bits, {allocated} allocated", data, scaled(twelve, 0, 4095))
    yield _case("native bytes, 16 allocated, 8 stored", dicom_bytes(eight, 8, BitsAllocated=16), eight)
    yield from _strange_bits(white)
    yield from _signs()


def _strange_bits(white: Grey) -> Iterator[Case]:
    rows = np.indices(TWELVE.shape)[0]
    overlay = TWELVE | np.where(rows % 50 < 9, 0x8000, 0).astype(np.uint16)
    yield _case("an overlay in bit 15, native", dicom_bytes(overlay, 12), white)
    yield _case("an overlay in bit 15, JPEG-LS", coded(jpeg_ls.encode_array(overlay), TWELVE, 12, _JLS), white)
    yield _case(
        "an overlay in bit 15, RLE", dicom_bytes(overlay, 12, uid.RLELossless, BitsStored=12, HighBit=11), white
    )
    letters = TWELVE.copy()
    letters[10:40:2, 10:200:2] = 4095
    letters[11:40:2, 10:200:2] = 0
    few = letters | np.where((rows > 100) & (rows < 110), 0x1000, 0).astype(np.uint16)
    yield _case(
        "an overlay in bit 12 beside letters of black and white", dicom_bytes(few, 12), scaled(letters, 0, 4095)
    )
    lettered = TWELVE.copy()
    lettered[10:40:2, 10:60:2] = 65535
    lossless = coded(jpeg_ls.encode_array(lettered), TWELVE, 12, _JLS)
    yield _case("letters with every bit set, JPEG-LS", lossless, scaled(np.minimum(lettered, 4095), 0, 4095))
    noise = TWELVE | (np.random.default_rng(5).integers(0, 16, TWELVE.shape) << 12).astype(np.uint16)
    yield _case("noise above the stored bits", dicom_bytes(noise, 12), white)
    yield _case("every bit above set", dicom_bytes(TWELVE | np.uint16(0xF000), 12), white)
    data = film_object(overlay, 12)
    for element, vr, value in ((0x0100, "US", 16), (0x0102, "US", 15)):
        data.add_new(0x60000000 + element, vr, value)
    yield _case("an overlay that the header declares", as_file(data), white)
    thirteen = film_values(13)
    yield _case(
        "native, one bit more than stored", dicom_bytes(thirteen, 12), scaled(thirteen, 0, 8191), 0.6, "DEPTH_UNSURE"
    )
    high = (TWELVE << 4).astype(np.uint16)
    yield _case(
        "bits 4 to 15, JPEG 2000",
        coded(openjpeg.encode_array(high, bits_stored=16), TWELVE, 12, _J2K, HighBit=15),
        white,
    )


def _signs() -> Iterator[Case]:
    signed = film_values(12, signed=True)
    wanted = scaled(signed, -2048, 2047)
    frame = openjpeg.encode_array(signed, bits_stored=12)
    for centre in (None, 0, 2048):
        tags = {} if centre is None else {"WindowCenter": centre, "WindowWidth": 4096}
        data = coded(frame, signed, 12, _J2K, PixelRepresentation=0, **tags)
        yield _case(f"signed JPEG 2000 called unsigned, window at {centre}", data, wanted)
    wide = openjpeg.encode_array(signed, bits_stored=16)
    yield _case("signed JPEG 2000 of 16 bits, 12 stored", coded(wide, signed, 12, _J2K), wanted)
    words = (signed.astype(np.int32) & 0xFFF).astype(np.uint16)
    for name, stream, syntax in (
        ("JPEG 2000", openjpeg.encode_array(words, bits_stored=12), _J2K),
        ("JPEG-LS", jpeg_ls.encode_array(words), _JLS),
    ):
        yield _case(f"signed values as unsigned words, {name}", coded(stream, signed, 12, syntax), wanted)
    plain = film_values(12)
    stream = openjpeg.encode_array(plain, bits_stored=12)
    for tags in ({}, _WINDOW):
        data = coded(stream, plain, 12, _J2K, PixelRepresentation=1, **tags)
        yield _case(
            f"unsigned JPEG 2000 called signed{', with a window' if tags else ''}", data, scaled(plain, 0, 4095)
        )
    extended = signed.astype(np.int16).view(np.uint16)
    yield _case(
        "signed values extended to 16 bits, JPEG-LS", coded(jpeg_ls.encode_array(extended), signed, 12, _JLS), wanted
    )
    beyond = np.clip(signed.astype(np.int32) * 21 // 20, -2150, 2150).astype(np.int16)
    frame = openjpeg.encode_array(beyond, bits_stored=16)
    yield _case("signed, carried too far both ways", coded(frame, beyond, 12, _LOSSY), scaled(beyond, -2048, 2047), 1.5)
