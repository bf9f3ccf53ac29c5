"""The structure of JPEG 2000 (and HTJ2K), alone or inside DICOM: its size and depth, and whether all of it is there."""

from __future__ import annotations

from dataclasses import dataclass

J2K_START = b"\xff\x4f\xff\x51"
JP2_START = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
_END = b"\xff\xd9"
_SIZ_REACH = 4096  # a JP2's boxes before its codestream are a few hundred bytes long


@dataclass(frozen=True, slots=True)
class J2kSize:
    """The SIZ marker of a JPEG 2000 or HTJ2K codestream."""

    start: int
    width: int
    height: int
    channels: int
    bits: int
    signed: bool


def j2k_size(data: bytes) -> J2kSize | None:
    """The declared size and depth of a JPEG 2000; ``None`` when there is no codestream."""
    at = data.find(J2K_START, 0, _SIZ_REACH)
    if at < 0 or len(data) < at + 43:
        return None
    words = [int.from_bytes(data[at + offset : at + offset + 4], "big") for offset in (8, 12, 16, 20)]
    depth = data[at + 42]
    channels = int.from_bytes(data[at + 40 : at + 42], "big")
    return J2kSize(at, words[0] - words[2], words[1] - words[3], channels, (depth & 0x7F) + 1, bool(depth & 0x80))


def j2k_is_lossy(data: bytes) -> bool:
    """Whether the default coding style names the irreversible wavelet; unsure counts as lossy."""
    size = j2k_size(data)
    at = data.find(b"\xff\x52", size.start if size else 0, (size.start if size else 0) + _SIZ_REACH)
    return not (at >= 0 and len(data) > at + 13 and data[at + 13] == 1)


def j2k_whole(data: bytes) -> bytes | None:
    """The codestream alone, with its end marker, whatever stands around it; ``None`` when some of it is missing.

    Every tile-part says how long it is; where the last one does not, the end marker has to be there.
    """
    size = j2k_size(data)
    if size is None:
        return None
    at = size.start + 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0x90:  # the main header's segments
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    found = False
    while data[at : at + 2] == b"\xff\x90" and at + 12 <= len(data):
        length = int.from_bytes(data[at + 6 : at + 10], "big")
        if length == 0:
            at = data.rfind(_END, at)
            return data[size.start : at] + _END if at >= 0 else None
        at, found = at + length, True
    return data[size.start : at] + _END if found and at <= len(data) else None
