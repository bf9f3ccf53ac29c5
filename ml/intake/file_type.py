"""What kind of file these bytes are, by content alone; everything that is no radiograph is refused by its name."""

from __future__ import annotations

import re
from typing import Literal

from ml.errors import IntakeError

READABLE = ("JPEG", "PNG", "TIFF", "BMP", "WEBP", "JPEG2000", "DICOM")

_EXPORT = "Export the film as DICOM, PNG or JPEG and submit that file."
_ALONE = "Submit the film itself, one file for each, as DICOM, PNG or JPEG."

# Start of file -> what a person calls it. Longer starts stand before shorter ones that they contain.
_NOT_IMAGES: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF-", "a PDF document", _ALONE),
    (b"{\\rtf", "a text document", _ALONE),
    (b"PK\x03\x04", "a ZIP archive or an office document", "Unpack it and submit the films it holds."),
    (b"PK\x05\x06", "an empty ZIP archive", _ALONE),
    (b"\x1f\x8b", "a compressed archive", "Unpack it and submit the films it holds."),
    (b"BZh", "a compressed archive", "Unpack it and submit the films it holds."),
    (b"\xfd7zXZ\x00", "a compressed archive", "Unpack it and submit the films it holds."),
    (b"7z\xbc\xaf\x27\x1c", "an archive", "Unpack it and submit the films it holds."),
    (b"Rar!\x1a\x07", "an archive", "Unpack it and submit the films it holds."),
    (b"\x28\xb5\x2f\xfd", "a compressed archive", "Unpack it and submit the films it holds."),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an office document", _ALONE),
    (b"%!PS", "a PostScript document", _ALONE),
    (b"\x7fELF", "a program", _ALONE),
    (b"MZ", "a program", _ALONE),
    (b"SQLite format 3\x00", "a database", _ALONE),
    (b"\x1aE\xdf\xa3", "a video", _ALONE),
    (b"\x00\x00\x01\xba", "a video", _ALONE),
    (b"\x00\x00\x01\xb3", "a video", _ALONE),
    (b"OggS", "a sound or a video", _ALONE),
    (b"ID3", "a sound", _ALONE),
    (b"fLaC", "a sound", _ALONE),
    (b"FLV\x01", "a video", _ALONE),
)
_OTHER_IMAGES: tuple[tuple[bytes, str], ...] = (
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"8BPS", "Photoshop"),
    (b"\x00\x00\x01\x00", "icon"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a", "JPEG XL"),
    (b"II\xbc\x01", "JPEG XR"),
    (b"\x89HDF\r\n", "HDF5"),
    (b"NRRD000", "NRRD"),
    (b"SIMPLE  =", "FITS"),
    (b"AT&TFORM", "DjVu"),
    (b"v/1\x01", "OpenEXR"),
    (b"DDS ", "DirectDraw"),
    (b"qoif", "QOI"),
    (b"\x93NUMPY", "NumPy"),
)
_ISO_BRANDS = {
    b"avif": "AVIF", b"avis": "AVIF", b"heic": "HEIC", b"heix": "HEIC", b"hevc": "HEIC", b"heim": "HEIC",
    b"mif1": "HEIC", b"msf1": "HEIC",
}  # fmt: skip
_DICOM_VRS = re.compile(
    rb"AE|AS|AT|CS|DA|DS|DT|FD|FL|IS|LO|LT|OB|OD|OF|OL|OV|OW|PN|SH|SL|SQ|SS|ST|SV|TM|UC|UI|UL|UN|UR|US|UT|UV"
)


def kind_of(data: bytes) -> str:
    """Name the format: one of :data:`READABLE`.

    Raises:
        IntakeError: ``NOT_AN_IMAGE`` or ``UNSUPPORTED_FORMAT``, naming what the file is.
    """
    head = data[:1024]
    if head[128:132] == b"DICM":
        return "DICOM"
    for kind, matches in (
        ("JPEG", head.startswith(b"\xff\xd8\xff")),
        ("PNG", head.startswith(b"\x89PNG\r\n\x1a\n")),
        ("TIFF", head[:4] in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")),
        ("WEBP", head[:4] == b"RIFF" and head[8:12] == b"WEBP"),
        ("JPEG2000", head.startswith((b"\x00\x00\x00\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"))),
        ("BMP", head[:2] == b"BM" and len(data) > 26 and head[14:18] in _BMP_HEADERS),
    ):
        if matches:
            return kind
    if _dicom_without_preamble(head):
        return "DICOM"
    raise _refusal(data, head)


_BMP_HEADERS = tuple(size.to_bytes(4, "little") for size in (12, 40, 52, 56, 64, 108, 124))


def _dicom_without_preamble(head: bytes) -> bool:
    """A data set that starts with its first element: group 0002 or 0008, either byte order, explicit or implicit."""
    if len(head) < 132:
        return False
    orders: tuple[Literal["little", "big"], ...] = ("little", "big")
    for order in orders:
        group, element = (int.from_bytes(head[at : at + 2], order) for at in (0, 2))
        if group not in (0x0002, 0x0008) or element > 0x1000:
            continue
        if _DICOM_VRS.fullmatch(head[4:6]):
            return True
        if int.from_bytes(head[4:8], order) <= 256:
            return True
    return False


def _refusal(data: bytes, head: bytes) -> IntakeError:
    """The refusal that names what was sent."""
    for start, name in _OTHER_IMAGES:
        if head.startswith(start):
            return _unsupported(name)
    if head[4:8] == b"ftyp":
        brand = _ISO_BRANDS.get(head[8:12])
        return _unsupported(brand) if brand else _not_an_image("a video", _ALONE)
    if head[344:348] in (b"n+1\x00", b"ni1\x00"):
        return _unsupported("NIfTI")
    for start, name, advice in _NOT_IMAGES:
        if head.startswith(start):
            return _not_an_image(name, advice)
    if head[:4] == b"RIFF":
        return _not_an_image("a video" if head[8:12] == b"AVI " else "a sound", _ALONE)
    if head[257:262] == b"ustar":
        return _not_an_image("an archive", "Unpack it and submit the films it holds.")
    if b"%PDF-" in head:
        return _not_an_image("a PDF document", _ALONE)
    if not data.strip(b"\x00"):
        return IntakeError(
            "DAMAGED", "The file holds nothing but zeros.", "Export the film again and submit the new file."
        )
    return _textual(head)


def _textual(head: bytes) -> IntakeError:
    """Markup, text, or something nobody knows."""
    lowered = head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if b"<svg" in lowered:
        return _not_an_image("a vector drawing (SVG)", _ALONE)
    if lowered.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<!--")):
        return _not_an_image("a web page", _ALONE)
    if lowered.startswith((b"<?xml", b"<")):
        return _not_an_image("an XML document", _ALONE)
    printable = sum(byte in b"\t\n\r" or 32 <= byte < 127 or byte >= 128 for byte in lowered)
    controls = sum(byte < 32 and byte not in b"\t\n\r" for byte in head)
    if lowered and printable == len(lowered) and controls == 0:
        return _not_an_image("a text file", _ALONE)
    return IntakeError("UNSUPPORTED_FORMAT", "This is not a kind of file that holds a radiograph.", _EXPORT)


def _unsupported(name: str) -> IntakeError:
    return IntakeError("UNSUPPORTED_FORMAT", f"Pictures in the {name} format are not read.", _EXPORT)


def _not_an_image(name: str, advice: str) -> IntakeError:
    return IntakeError("NOT_AN_IMAGE", f"This file is {name}, not a radiograph.", advice)
