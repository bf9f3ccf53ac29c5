"""What kind of file these bytes are, by content alone; everything that is no radiograph is refused by its name."""

from __future__ import annotations

import re
from typing import Literal

from ml.errors import IntakeError, damaged, gettext_noop

READABLE = ("JPEG", "PNG", "TIFF", "BMP", "WEBP", "JPEG2000", "DICOM")

_EXPORT = gettext_noop("Export the radiograph as DICOM, PNG or JPEG and submit that file.")
_ALONE = gettext_noop("Submit the radiograph itself, one file for each, as DICOM, PNG or JPEG.")
_UNPACK = gettext_noop("Unpack it and submit the radiographs it holds.")

# Start of file -> what a person calls it. Longer starts stand before shorter ones that they contain.
_NOT_IMAGES: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF-", gettext_noop("a PDF document"), _ALONE),
    (b"{\\rtf", gettext_noop("a text document"), _ALONE),
    (b"PK\x03\x04", gettext_noop("a ZIP archive or an office document"), _UNPACK),
    (b"PK\x05\x06", gettext_noop("an empty ZIP archive"), _ALONE),
    (b"\x1f\x8b", gettext_noop("a compressed archive"), _UNPACK),
    (b"BZh", gettext_noop("a compressed archive"), _UNPACK),
    (b"\xfd7zXZ\x00", gettext_noop("a compressed archive"), _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", gettext_noop("an archive"), _UNPACK),
    (b"Rar!\x1a\x07", gettext_noop("an archive"), _UNPACK),
    (b"\x28\xb5\x2f\xfd", gettext_noop("a compressed archive"), _UNPACK),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", gettext_noop("an office document"), _ALONE),
    (b"%!PS", gettext_noop("a PostScript document"), _ALONE),
    (b"\x7fELF", gettext_noop("a program"), _ALONE),
    (b"MZ", gettext_noop("a program"), _ALONE),
    (b"SQLite format 3\x00", gettext_noop("a database"), _ALONE),
    (b"\x1aE\xdf\xa3", gettext_noop("a video"), _ALONE),
    (b"\x00\x00\x01\xba", gettext_noop("a video"), _ALONE),
    (b"\x00\x00\x01\xb3", gettext_noop("a video"), _ALONE),
    (b"OggS", gettext_noop("a sound or a video"), _ALONE),
    (b"ID3", gettext_noop("a sound"), _ALONE),
    (b"fLaC", gettext_noop("a sound"), _ALONE),
    (b"FLV\x01", gettext_noop("a video"), _ALONE),
)
_OTHER_IMAGES: tuple[tuple[bytes, str], ...] = (
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"8BPS", "Photoshop"),
    (b"gimp xcf", "GIMP"),
    (b"\x00\x00\x01\x00", "ICO"),
    (b"icns", "ICNS"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a", "JPEG XL"),
    (b"II\xbc\x01", "JPEG XR"),
    (b"\x89HDF\r\n", "HDF5"),
    (b"NRRD000", "NRRD"),
    (b"ObjectType =", "MetaImage"),
    (b"SIMPLE  =", "FITS"),
    (b"AT&TFORM", "DjVu"),
    (b"v/1\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"DDS ", "DirectDraw"),
    (b"qoif", "QOI"),
    (b"BPG\xfb", "BPG"),
    (b"FLIF", "FLIF"),
    (b"\x93NUMPY", "NumPy"),
    (b"\x01\xda", "SGI"),
    (b"\x59\xa6\x6a\x95", "Sun raster"),
    (b"\xd7\xcd\xc6\x9a", "WMF"),
    (b"/* XPM */", "XPM"),
    (b"FUJIFILMCCD-RAW", "RAF"),
    (b"IIRO", "ORF"),
    (b"IIRS", "ORF"),
    (b"MMOR", "ORF"),
    (b"IIU\x00", "RW2"),
    (b"FOVb", "X3F"),
    (b"\x00MRM", "MRW"),
)
# Files of boxes name their kind by a brand; the general ones (mif1) leave it to the compatible brands behind them.
_BRANDS: tuple[tuple[str, frozenset[bytes]], ...] = (
    ("CR3", frozenset({b"crx "})),
    ("AVIF", frozenset({b"avif", b"avis", b"avio"})),
    ("HEIC", frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})),
    ("HEIF", frozenset({b"mif1", b"mif2", b"msf1", b"miaf", b"1pic"})),
    ("JPEG XL", frozenset({b"jxl "})),
)
_NETPBM = {b"1": "PBM", b"2": "PGM", b"3": "PPM", b"4": "PBM", b"5": "PGM", b"6": "PPM", b"7": "PAM", b"f": "PFM",
           b"F": "PFM"}  # fmt: skip
_GENERAL_BRANDS = {b"mif1", b"mif2", b"msf1", b"miaf"}
_TGA_FOOTER = b"TRUEVISION-XFILE.\x00"
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
    if head[:4] == b"II*\x00" and head[8:10] == b"CR":
        raise _unsupported("CR2")
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
        brand = _brand(head)
        return _unsupported(brand) if brand else _not_an_image(gettext_noop("a video"), _ALONE)
    if head[:1] == b"P" and head[1:2] in _NETPBM and head[2:3].isspace():
        return _unsupported(_NETPBM[head[1:2]])
    if head[344:348] in (b"n+1\x00", b"ni1\x00"):
        return _unsupported("NIfTI")
    for start, name, advice in _NOT_IMAGES:
        if head.startswith(start):
            return _not_an_image(name, advice)
    if head[:4] == b"RIFF":
        return _not_an_image(gettext_noop("a video") if head[8:12] == b"AVI " else gettext_noop("a sound"), _ALONE)
    if head[257:262] == b"ustar":
        return _not_an_image(gettext_noop("an archive"), _UNPACK)
    if b"%PDF-" in head:
        return _not_an_image(gettext_noop("a PDF document"), _ALONE)
    if not data.strip(b"\x00"):
        return damaged(gettext_noop("The file holds nothing but zeros."))
    if data[-18:] == _TGA_FOOTER or _begins_tga(head):
        return _unsupported("TGA")
    return _textual(head)


def _brand(head: bytes) -> str:
    """The picture format that the first box names, by its own brand before the ones it is compatible with."""
    length = min(max(int.from_bytes(head[:4], "big"), 16), len(head))
    own, others = head[8:12], {head[at : at + 4] for at in range(16, length - 3, 4)}
    exact = [name for name, brands in _BRANDS if own in brands and own not in _GENERAL_BRANDS]
    return next(iter([*exact, *(name for name, brands in _BRANDS if (others | {own}) & brands)]), "")


def _begins_tga(head: bytes) -> bool:
    """An old Targa file has no name in it, but a header whose every field has few possible values."""
    if len(head) < 18:
        return False
    colours, kind, bits = head[1], head[2], head[16]
    grey_or_true = kind in (2, 3, 10, 11) and colours == 0 and head[3:8] == b"\0\0\0\0\0"
    indexed = kind in (1, 9) and colours == 1 and head[7] in (15, 16, 24, 32) and bits == 8
    size = int.from_bytes(head[12:14], "little") and int.from_bytes(head[14:16], "little")
    return (grey_or_true or indexed) and bool(size) and bits in (8, 15, 16, 24, 32) and head[17] < 64


def _textual(head: bytes) -> IntakeError:
    """Markup, text, or something nobody knows."""
    lowered = head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if b"<svg" in lowered:
        return _not_an_image(gettext_noop("a vector drawing (SVG)"), _ALONE)
    if lowered.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<!--")):
        return _not_an_image(gettext_noop("a web page"), _ALONE)
    if lowered.startswith((b"<?xml", b"<")):
        return _not_an_image(gettext_noop("an XML document"), _ALONE)
    printable = sum(byte in b"\t\n\r" or 32 <= byte < 127 or byte >= 128 for byte in lowered)
    controls = sum(byte < 32 and byte not in b"\t\n\r" for byte in head)
    if lowered and printable == len(lowered) and controls == 0:
        return _not_an_image(gettext_noop("a text file"), _ALONE)
    return IntakeError(
        "UNSUPPORTED_FORMAT", gettext_noop("This is not a kind of file that holds a radiograph."), _EXPORT
    )


def _unsupported(name: str) -> IntakeError:
    return IntakeError(
        "UNSUPPORTED_FORMAT", gettext_noop("Pictures in the %(format)s format are not read."), _EXPORT, format=name
    )


def _not_an_image(name: str, advice: str) -> IntakeError:
    return IntakeError("NOT_AN_IMAGE", gettext_noop("This file is %(kind)s, not a radiograph."), advice, kind=name)
