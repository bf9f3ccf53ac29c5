"""JPEG without its end or with short segments, deep PNG in every colour type, who turns a picture, and what is what."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from openjpeg import utils as openjpeg
from PIL import Image

from tests import phantoms
from tests.ml.intake.corpus import saved
from tests.ml.intake.siblings import Case, Grey

_EIGHT = phantoms.film(5, width=300, height=250)
_DEEP = phantoms.film(5, width=300, height=250, bits=16)
_CUT = ("DAMAGED", "cut off in transit")
_EOI = b"\xff\xd9"


def _case(name: str, data: bytes, wanted: Grey | tuple[str, str], within: float = 0.6) -> Case:
    return Case("pictures", name, data, wanted, within)


def cases() -> Iterator[Case]:
    """Ends, segments, depths, turns, names."""
    yield from _ends()
    yield from _segments()
    yield from _depths()
    yield from _turns()
    yield from _names()


def _ends() -> Iterator[Case]:
    for name, mode, options in (
        ("grey", "L", {}), ("colours", "RGB", {}), ("colours 4:2:0", "RGB", {"subsampling": 2}),
        ("progressive", "L", {"progressive": True}), ("progressive colours", "RGB", {"progressive": True}),
        ("optimised", "L", {"optimize": True}), ("restarts", "L", {"restart_marker_rows": 1}), ("CMYK", "CMYK", {}),
    ):  # fmt: skip
        whole = saved("JPEG", _EIGHT, mode, quality=95, **options)
        body = whole.removesuffix(_EOI)
        for end, data in {"no end": body, "half an end": body + b"\xff", "00 for an end": body + b"\0",
                          "FF before the end": body + b"\xff" + _EOI,
                          "bytes behind": whole + b"junk"}.items():  # fmt: skip
            yield _case(f"JPEG, {name}, {end}", data, _EIGHT, 2.5)
        start = whole.rindex(b"\xff\xda") if "progressive" not in name else whole.index(b"\xff\xda")
        for share in (0.1, 0.5, 0.9, 0.98):
            cut = whole[: start + int((len(whole) - start) * share)]
            yield _case(f"JPEG, {name}, cut at {share:.0%}", cut, _CUT)
    frame = saved("JPEG", _EIGHT, quality=95, progressive=True)
    yield _case("JPEG, progressive, without its last scan", frame[: frame.rindex(b"\xff\xda")], _CUT)
    png = saved("PNG", _EIGHT)
    yield _case("PNG without IEND", png[:-12], _EIGHT)
    yield _case("PNG cut in half", png[: len(png) // 2], _CUT)
    for name, options in (("JP2", {}), ("J2K", {"no_jp2": True})):
        coded = saved("JPEG2000", _EIGHT, **options)
        yield _case(f"{name} without its end", coded[:-2], _EIGHT)
        yield _case(f"{name} cut at 90%", coded[: len(coded) * 9 // 10], _CUT)


def _segments() -> Iterator[Case]:
    def segment(marker: int, content: bytes) -> bytes:
        return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content

    for mode in ("L", "RGB"):
        plain = saved("JPEG", _EIGHT, mode, quality=95)
        bare = plain[:2] + plain[4 + int.from_bytes(plain[4:6], "big") :]
        for name, piece in {
            "APP0 of nothing": segment(0xE0, b""), "APP0 of JFIF alone": segment(0xE0, b"JFIF\0"),
            "APP0 of half a version": segment(0xE0, b"JFIF\0\x01"),
            "APP0 of nine bytes": segment(0xE0, b"JFIF\0\1\1\0\0"),
            "APP14 of nothing": segment(0xEE, b""), "APP14 of Adobe alone": segment(0xEE, b"Adobe"),
            "APP14 of seven bytes": segment(0xEE, b"Adobe\0\x64"),
            "APP14 of eleven bytes": segment(0xEE, b"Adobe\0\x64\0\0\0\0"),
            "APP1 of EXIF alone": segment(0xE1, b"Exif\0\0"), "APP1 of half a header": segment(0xE1, b"Exif\0\0MM\0"),
            "APP2 of a short profile": segment(0xE2, b"ICC_PROFILE\0"), "APP2 of short MPF": segment(0xE2, b"MPF\0"),
            "APP13 of short Photoshop": segment(0xED, b"Photoshop 3.0\x008BIM\x03\xed"),
            "a comment of nothing": segment(0xFE, b""),
            "no segment": b"",
        }.items():  # fmt: skip
            yield _case(f"{mode}, {name}", bare[:2] + piece + bare[2:], _EIGHT, 2.5)
        for length in (2, 7, 9):  # the segment's own bytes are all there, its length is too short
            wrong = plain[:4] + struct.pack(">H", length) + plain[6:]
            yield _case(f"{mode}, an APP0 that says {length}", wrong, _EIGHT, 2.5)


def _png(values: NDArray[Any], colour: int, *, transparent: bytes = b"", interlaced: bool = False) -> bytes:
    """A PNG of 16 bits, every row with another filter's name and the filter None's content, or as Pillow has it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    height, width = values.shape[:2]
    size = values.reshape(height, width, -1).shape[2] * 2
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    body = b""
    for x, y, across, down in passes if interlaced else ((0, 0, 1, 1),):
        before = b""
        for number, row in enumerate(values[y::down, x::across].astype(">u2")):
            raw = row.tobytes()
            before = before if number else bytes(len(raw))
            kind = number % 3  # None, Sub, Up
            other = bytes(len(raw)) if kind == 0 else bytes(size) + raw[:-size] if kind == 1 else before
            body += bytes([kind]) + (np.frombuffer(raw, "u1") - np.frombuffer(other, "u1")).tobytes()
            before = raw
    header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, int(interlaced))
    extra = chunk(b"tRNS", transparent) if transparent else b""
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + extra
        + chunk(b"IDAT", zlib.compress(body, 1))
        + chunk(b"IEND", b"")
    )


def _depths() -> Iterator[Case]:
    for bits in (10, 12, 14, 16):
        values = (_DEEP >> (16 - bits)).astype(np.uint16)
        wanted = np.rint(values * (255 / (2**bits - 1))).astype(np.uint8)
        colours = np.stack([values] * 3, axis=-1)
        for top in sorted({65535, 2**bits - 1}):
            full = np.full_like(values, top)
            yield _case(f"PNG, {bits} in 16 bits, grey, opacity {top}", _png(np.dstack([values, full]), 4), wanted)
            yield _case(f"PNG, {bits} in 16 bits, RGB, opacity {top}", _png(np.dstack([colours, full]), 6), wanted)
        for interlaced in (False, True):
            label = f"{bits} in 16 bits{', interlaced' if interlaced else ''}"
            yield _case(f"PNG, {label}, grey", _png(values, 0, interlaced=interlaced), wanted)
            yield _case(f"PNG, {label}, RGB", _png(colours, 2, interlaced=interlaced), wanted)
            opaque = np.dstack([values, np.full_like(values, 65535)])
            yield _case(f"PNG, {label}, grey and opacity", _png(opaque, 4, interlaced=interlaced), wanted)
        coded = openjpeg.encode_array(values, bits_stored=bits)
        yield _case(f"JPEG 2000 of {bits} bits", coded, wanted)
        coded = openjpeg.encode_array(colours, bits_stored=bits, photometric_interpretation=1)
        yield _case(f"JPEG 2000 of {bits} bits, RGB", coded, wanted)
        yield _case(f"JPEG 2000, {bits} in 16 bits", openjpeg.encode_array(values, bits_stored=16), wanted)
    signed = (_DEEP.astype(np.int32) - 32768).astype(np.int16)
    yield _case(
        "JPEG 2000, signed", openjpeg.encode_array(signed, bits_stored=16), np.rint(_DEEP / 257.0).astype(np.uint8)
    )
    marked = _DEEP.copy()
    marked[:40] = 4242
    wanted = np.rint(_DEEP / 257.0).astype(np.uint8)
    wanted[:40] = 0
    wanted[marked == 4242] = 0
    yield _case("PNG, 16 bits, one grey transparent", _png(marked, 0, transparent=struct.pack(">H", 4242)), wanted)
    data = _png(np.stack([marked] * 3, axis=-1), 2, transparent=struct.pack(">HHH", 4242, 4242, 4242))
    yield _case("PNG, 16 bits, one colour transparent", data, wanted)


_XMP = (b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF>'
        b"</x:xmpmeta>")  # fmt: skip


def _turns() -> Iterator[Case]:
    """EXIF turns a picture, XMP does not: so do browsers."""
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = np.ascontiguousarray(np.rot90(_EIGHT))
    for kind, mode, options in (
        ("JPEG", "L", {"quality": 95}), ("JPEG", "RGB", {"quality": 95}), ("PNG", "L", {}),
        ("WEBP", "RGB", {"lossless": True}), ("TIFF", "L", {}),
    ):  # fmt: skip
        xmp = {} if kind in ("TIFF", "PNG") else {"xmp": _XMP}
        yield _case(f"{kind} {mode}, EXIF says 6", saved(kind, lying, mode, exif=exif, **options), _EIGHT, 2)
        if xmp:
            yield _case(f"{kind} {mode}, XMP says 6", saved(kind, _EIGHT, mode, **xmp, **options), _EIGHT, 2)
            both = saved(kind, lying, mode, exif=exif, xmp=_XMP.replace(b'"6"', b'"3"'), **options)
            yield _case(f"{kind} {mode}, EXIF says 6 and XMP 3", both, _EIGHT, 2)
        for value in (0, 9, 1):
            odd = Image.Exif()
            odd[0x0112] = value
            yield _case(f"{kind} {mode}, EXIF says {value}", saved(kind, _EIGHT, mode, exif=odd, **options), _EIGHT, 2)
    packet = b"XML:com.adobe.xmp\0\0\0\0\0" + _XMP
    png = saved("PNG", _EIGHT)
    chunk = struct.pack(">I", len(packet)) + b"iTXt" + packet + struct.pack(">I", zlib.crc32(b"iTXt" + packet))
    yield _case("PNG, XMP says 6", png[:33] + chunk + png[33:], _EIGHT)
    yield _case("TIFF, XMP says 6", saved("TIFF", _EIGHT, tiffinfo={700: _XMP}), _EIGHT)


def _names() -> Iterator[Case]:
    """What is not read is called by its name."""

    def boxed(brand: bytes, *others: bytes) -> bytes:
        content = brand + b"\0\0\0\0" + b"".join(others)
        return struct.pack(">I", 8 + len(content)) + b"ftyp" + content + bytes(3000)

    raw = _EIGHT.tobytes()
    size = b"300 250\n255\n"
    targa = struct.pack("<BBBHHBHHHHBB", 0, 0, 3, 0, 0, 0, 0, 0, 300, 250, 8, 0x20) + raw
    for name, data in (
        ("AVIF", boxed(b"avif", b"mif1", b"miaf")), ("AVIF", boxed(b"mif1", b"avif", b"miaf")),
        ("AVIF", boxed(b"avis", b"msf1")), ("AVIF", saved("AVIF", _EIGHT, "RGB")),
        ("HEIC", boxed(b"heic", b"mif1")), ("HEIC", boxed(b"mif1", b"heic")), ("HEIC", boxed(b"heix", b"mif1")),
        ("HEIF", boxed(b"mif1")), ("CR3", boxed(b"crx ", b"isom")),
        ("CR2", b"II*\0\x10\0\0\0CR\x02\0" + bytes(3000)), ("JPEG XL", boxed(b"jxl ")),
        ("PGM", b"P5\n" + size + raw), ("PGM", b"P2\n" + size + b"12 34 " * 500), ("PPM", b"P6 " + size + raw * 3),
        ("PBM", b"P4\n300 250\n" + raw), ("PAM", b"P7\nWIDTH 300\n" + raw), ("PFM", b"Pf\n300 250\n-1.0\n" + raw * 4),
        ("TGA", targa), ("TGA", targa + bytes(8) + b"TRUEVISION-XFILE.\0"), ("TGA", saved("TGA", _EIGHT)),
        ("TGA", saved("TGA", _EIGHT, "RGB", compression="tga_rle")), ("GIF", saved("GIF", _EIGHT)),
        ("ICO", saved("ICO", _EIGHT)), ("PGM", saved("PPM", _EIGHT)),
    ):  # fmt: skip
        yield _case(f"named {name}", data, ("UNSUPPORTED_FORMAT", f" {name} "))
    yield _case("a video is no picture", boxed(b"isom", b"mp42"), ("NOT_AN_IMAGE", "a video"))
