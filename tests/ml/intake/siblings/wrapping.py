"""Pixel data in careless wrapping: padding, offset tables, fragments, delimiters, lengths; files cut off in transit."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import uid

from tests.dicom_files import LOSSLESS, as_file, dicom_bytes, encoded, film_object, film_values, scaled
from tests.ml.intake.siblings import Case, Grey

_VALUES = film_values(12)
_WANTED = scaled(_VALUES, 0, 4095)
_CUT = ("DAMAGED", "cut off in transit")
_ITEM, _DELIMITER = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0" + bytes(4)
_EOI = b"\xff\xd9"


def item(content: bytes) -> bytes:
    return _ITEM + struct.pack("<I", len(content)) + content


def wrapped(value: bytes, values: NDArray[Any], bits: int, syntax: str, **tags: Any) -> bytes:
    """A file whose pixel data element, of undefined length, has exactly this value; nothing comes after it."""
    data = film_object(values, bits, **tags)
    data.file_meta.TransferSyntaxUID = uid.UID(syntax)
    data.PixelData = item(b"") + item(b"\0\0") + _DELIMITER
    data["PixelData"].is_undefined_length = True
    whole = as_file(data)
    return whole[: whole.index(b"\xe0\x7f\x10\x00") + 8] + b"\xff" * 4 + value


def _case(name: str, data: bytes, wanted: Grey | tuple[str, str] = _WANTED, within: float = 0.6) -> Case:
    return Case("wrapping", name, data, wanted, within)


def cases() -> Iterator[Case]:
    """All codings in all wrappings."""
    eight = film_values(8)
    codings: list[tuple[str, NDArray[Any], int, Grey, float]] = [
        (syntax, _VALUES, 12, _WANTED, 0.6) for syntax in LOSSLESS
    ]
    codings += [(uid.JPEGBaseline8Bit, eight, 8, eight, 1.5), (uid.JPEGExtended12Bit, _VALUES, 12, _WANTED, 1.5)]
    for syntax, values, bits, wanted, within in codings:
        frame = encoded(values, bits, syntax)
        frame = frame if syntax == uid.RLELossless else frame.rstrip(b"\0")
        label, half = uid.UID(syntax).keyword, len(frame) // 2
        good = item(b"") + item(frame)
        for name, value in {
            "a basic offset of 8": item(struct.pack("<I", 8)) + item(frame) + _DELIMITER,
            "a basic offset beyond the end": item(struct.pack("<I", 1 << 30)) + item(frame) + _DELIMITER,
            "a basic offset table of two bytes": item(b"\0\0") + item(frame) + _DELIMITER,
            "an offset table of three entries": item(bytes(12)) + item(frame) + _DELIMITER,
            "no offset table": item(frame) + _DELIMITER,
            "three fragments and one offset": item(bytes(4)) + item(frame[:200]) + item(frame[200:half])
            + item(frame[half:]) + _DELIMITER,
            "three fragments and three offsets": item(struct.pack("<III", 0, 208, 8 + half)) + item(frame[:200])
            + item(frame[200:half]) + item(frame[half:]) + _DELIMITER,
            "empty fragments": good + item(b"") + item(b"") + _DELIMITER,
            "an odd length": item(b"") + item(frame + b"\0" * (1 - len(frame) % 2)) + _DELIMITER,
            "an odd length and a byte that it does not count": item(b"") + item(frame + b"\0" * (1 - len(frame) % 2))
            + b"\0" + _DELIMITER,
            "no delimiter": good,
            "half a delimiter": good + _DELIMITER[:3],
            "a delimiter without its length": good + _DELIMITER[:4],
            "trailing zeros": good + _DELIMITER + bytes(100),
        }.items():  # fmt: skip
            yield _case(f"{label}, {name}", wrapped(value, values, bits, syntax), wanted, within)
        data = wrapped(good + _DELIMITER, values, bits, "1.2.840.10008.1.2.1")
        yield _case(f"{label}, called uncompressed", data, wanted, within)
        extended = {"ExtendedOffsetTable": struct.pack("<Q", 999), "ExtendedOffsetTableLengths": struct.pack("<Q", 7)}
        yield _case(f"{label}, a wrong extended offset table",
                    wrapped(good + _DELIMITER, values, bits, syntax, **extended), wanted, within)  # fmt: skip
        for share in (0.02, 0.5, 0.9):
            cut = good[: int(len(good) * share)]
            yield _case(f"{label}, cut at {share:.0%}", wrapped(cut, values, bits, syntax), _CUT)
            shorter = item(b"") + item(frame[: int(len(frame) * share)]) + _DELIMITER
            yield _case(
                f"{label}, {share:.0%} of it wrapped whole", wrapped(shorter, values, bits, syntax), ("DAMAGED", "")
            )
    yield from _ends()
    yield from _native()


def _ends() -> Iterator[Case]:
    """What may stand about the end of a codestream, or be missing there."""
    eight = film_values(8)
    for syntax, values, bits, wanted, within in (
        (uid.JPEGLSLossless, _VALUES, 12, _WANTED, 0.6),
        (uid.JPEGLSLossless, eight, 8, eight, 0.6),
        (uid.JPEG2000Lossless, _VALUES, 12, _WANTED, 0.6),
        (uid.JPEGLosslessSV1, _VALUES, 12, _WANTED, 0.6),
        (uid.JPEGLosslessSV1, eight, 8, eight, 0.6),
        (uid.JPEGBaseline8Bit, eight, 8, eight, 1.5),
        (uid.JPEGExtended12Bit, _VALUES, 12, _WANTED, 1.5),
    ):
        whole = encoded(values, bits, syntax).rstrip(b"\0")
        body = whole.removesuffix(_EOI)
        ends = {"FF behind": whole + b"\xff", "FF FF behind": whole + b"\xff\xff", "00 behind": whole + b"\0",
                "00 00 00 behind": whole + b"\0\0\0", "no end": body, "half an end": body + b"\xff",
                "00 for an end": body + b"\0"}  # fmt: skip
        if syntax == uid.JPEGLSLossless:
            ends |= {
                f"{filling.hex(' ').upper()} before the end": body + filling + _EOI
                for filling in (b"\xff", b"\0", b"\xff\xff", b"\0\0")
            }
        for name, frame in ends.items():
            data = wrapped(item(b"") + item(frame) + _DELIMITER, values, bits, syntax)
            yield _case(f"{uid.UID(syntax).keyword} of {bits} bits, {name}", data, wanted, within)
    out = io.BytesIO()
    Image.fromarray(eight).save(out, "JPEG", quality=95, progressive=True)
    frame = out.getvalue()
    value = item(b"") + item(frame.removesuffix(_EOI))
    yield _case("progressive JPEG without its end", wrapped(value, eight, 8, "1.2.840.10008.1.2.4.55"), eight, 1.5)
    last = frame.rindex(b"\xff\xda")
    value = item(b"") + item(frame[:last])
    yield _case("progressive JPEG without its last scan", wrapped(value, eight, 8, uid.JPEGBaseline8Bit), _CUT)


def _native() -> Iterator[Case]:
    for syntax in ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"):
        label, whole = uid.UID(syntax).keyword, dicom_bytes(_VALUES, 12, syntax)
        little = "Big" not in label
        for missing in (1, 2):
            yield _case(f"{label}, {missing} bytes missing at the end", whole[:-missing])
        yield _case(f"{label}, half of it", whole[: len(whole) // 2], _CUT)
        yield _case(f"{label}, a row missing", whole[: -2 * _VALUES.shape[1]], _CUT)
        yield _case(
            f"{label}, cut in its header", whole[: whole.rindex(b"\x03\x01" if little else b"\x01\x03") + 3], _CUT
        )
        pixels = whole.rindex(b"\xe0\x7f\x10\x00" if little else b"\x7f\xe0\x00\x10")
        for into in (2, 7, 11, 13):
            yield _case(f"{label}, cut {into} bytes into its pixel data", whole[: pixels + into], _CUT)
        short = _VALUES.tobytes()[:-1]
        yield _case(
            f"{label}, a value one byte too short", dicom_bytes(_VALUES, 12, "1.2.840.10008.1.2.1", PixelData=short)
        )
    for syntax in (
        uid.JPEGBaseline8Bit,
        uid.JPEGLosslessSV1,
        uid.JPEG2000Lossless,
        uid.RLELossless,
        uid.JPEGLSLossless,
    ):
        data = film_object(_VALUES, 12)
        data.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
        plain = as_file(data)
        old, new = b"1.2.840.10008.1.2.1\0", str(syntax).encode()
        new += b"\0" * (len(new) % 2)
        at = plain.index(old)
        renamed = plain[: at - 2] + struct.pack("<H", len(new)) + new + plain[at + len(old) :]
        yield _case(f"native pixels called {uid.UID(syntax).keyword}", renamed)
    odd = np.ascontiguousarray(film_values(8)[:239, :255])
    for syntax in ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"):
        yield _case(f"odd number of bytes, {uid.UID(syntax).keyword}", dicom_bytes(odd, 8, syntax), odd)
    eight = film_values(8)
    data = film_object(eight, 8, "1.2.840.10008.1.2.2")
    data.PixelData = eight.reshape(-1, 2)[:, ::-1].tobytes()
    data["PixelData"].VR = "OW"
    yield _case("bytes as OW in a big-endian file", as_file(data), eight)
