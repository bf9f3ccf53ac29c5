"""Where a DICOM file's pixel data lie: cut out by their own structure, so that a careless writer costs no radiograph.

pydicom reads the header and stops before the pixel data. What follows is taken from the bytes themselves: a native
value, or the fragments of a compressed one. Offset tables are passed over (one frame is all its fragments), delimiters
may be missing, lengths may be odd; whether the picture is whole is for its codestream to say, not for its wrapping.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import Literal

import pydicom
from pydicom.dataelem import RawDataElement

from ml.errors import cut_off
from ml.intake.dicom.object_kinds import PIXEL_DATA
from ml.intake.jpeg2000 import J2K_START, JP2_START

_UNDEFINED = 0xFFFFFFFF
_JPEG_START = b"\xff\xd8\xff"
_RLE_HEADER = 64
_ITEM = b"\xfe\xff\x00\xe0"
_DELIMITER = b"\xfe\xff\xdd\xe0"
_LONG_VRS = (b"OB", b"OW", b"UN", b"OF", b"OD", b"OL", b"OV")


@dataclass(frozen=True, slots=True)
class PixelElement:
    """The value of (7FE0,0010).

    Attributes:
        vr: ``"OB"``, ``"OW"``, …; ``"OW"`` in implicit files.
        native: The value of an uncompressed picture, as long as the file has it; else empty.
        codestream: One frame's fragments, joined, without their offset table; else empty.
        cut: The file ends before the element does.
    """

    vr: str
    native: bytes
    codestream: bytes
    cut: bool


@dataclass(frozen=True, slots=True)
class Parts:
    """A file's header, and what follows it.

    Attributes:
        header: All elements before the pixel data.
        tag: Tag of the pixel data, ``None`` where the file ends before them.
        element: The pixel data, if they are whole numbers.
        breaks_off: The file ends within its header.
    """

    header: pydicom.FileDataset
    tag: int | None
    element: PixelElement | None
    breaks_off: bool


def split_file(data: bytes) -> Parts:
    """Take a file apart without decoding anything.

    Raises:
        IntakeError: ``DAMAGED``: it ends within an element or a sequence of its header.
    """
    stream = io.BytesIO(data)
    try:
        dataset = pydicom.dcmread(stream, force=True, stop_before_pixels=True)
    except (EOFError, struct.error):
        raise cut_off() from None
    at = stream.tell()
    implicit, little = (bool(flag) for flag in dataset.original_encoding)
    order: Literal["little", "big"] = "little" if little else "big"
    if len(data) - at < 8:
        return Parts(dataset, None, None, _breaks_off(dataset, len(data)))
    tag = int.from_bytes(data[at : at + 2], order) << 16 | int.from_bytes(data[at + 2 : at + 4], order)
    if tag != PIXEL_DATA:
        return Parts(dataset, tag, None, breaks_off=False)
    vr, start = data[at + 4 : at + 6], at + 12
    if vr in _LONG_VRS and (not implicit or data[at + 6 : at + 8] == b"\0\0"):
        length = int.from_bytes(data[at + 8 : at + 12], order)
    else:
        vr, start, length = b"OW", at + 8, int.from_bytes(data[at + 4 : at + 8], order)
    return Parts(dataset, tag, _element(data, vr.decode("ascii"), start, length), breaks_off=False)


def _element(data: bytes, vr: str, start: int, length: int) -> PixelElement:
    end = len(data) if length == _UNDEFINED else start + length
    if data[start : start + 4] == _ITEM and (length == _UNDEFINED or _holds_items(data, start, end)):
        items, cut = _items(data, start, min(end, len(data)))
        return PixelElement(vr, b"", _one_frame(items), cut)
    value = data[start:end]
    if begins_codestream(value) and length == _UNDEFINED:  # neither offset table nor items
        return PixelElement(vr, b"", value, cut=False)
    return PixelElement(vr, value, b"", end > len(data) or length == _UNDEFINED)


def _holds_items(data: bytes, start: int, end: int) -> bool:
    """Whether a value of defined length is a compressed one all the same: its first two items follow each other."""
    second = start + 8 + int.from_bytes(data[start + 4 : start + 8], "little")
    return second < end and data[second : second + 4] in (_ITEM, _DELIMITER)


def _items(data: bytes, at: int, end: int) -> tuple[list[bytes], bool]:
    """Contents of the items from ``at`` on, and whether the last one goes on beyond the end of the file."""
    found = []
    while at + 8 <= end:
        tag = data[at : at + 4]
        if tag == _ITEM:
            length = int.from_bytes(data[at + 4 : at + 8], "little")
            found.append(data[at + 8 : min(at + 8 + length, end)])
            at += 8 + length
        elif data[at + 1 : at + 5] in (_ITEM, _DELIMITER):  # an odd length that does not count its filling byte
            at += 1
        else:
            return found, False  # the delimiter, or whatever comes where one should be
    return found, at > end or data[at:end].startswith(_ITEM[:3])


def _one_frame(items: list[bytes]) -> bytes:
    """The fragments of the first picture; the first item is an offset table unless it begins a picture itself."""
    pieces = [item for item in (items if items and begins_codestream(items[0]) else items[1:]) if item]
    following = next((n for n, piece in enumerate(pieces) if n and begins_codestream(piece)), len(pieces))
    return b"".join(pieces[:following])


def _breaks_off(dataset: pydicom.FileDataset, size: int) -> bool:
    """Whether the last element of a header without pixel data ends elsewhere than the file does."""
    if not len(dataset):
        return False
    last = dataset.get_item(max(dataset.keys()))
    if isinstance(last, RawDataElement) and last.value_tell + last.length != size:
        return True
    described = [keyword in dataset for keyword in ("Rows", "Columns", "BitsAllocated")]
    return any(described) and not all(described)


def begins_codestream(data: bytes) -> bool:
    """Whether these bytes begin a JPEG of any kind, a JPEG 2000, or a DICOM run-length coding."""
    return data.startswith((_JPEG_START, J2K_START, JP2_START)) or begins_rle(data)


def begins_rle(data: bytes) -> bool:
    """A header of 64 bytes: 1 to 15 segments, the first right behind it."""
    count, first = (int.from_bytes(data[at : at + 4], "little") for at in (0, 4))
    return len(data) > _RLE_HEADER and 1 <= count <= 15 and first == _RLE_HEADER
