"""The structure of JPEG, alone or inside DICOM: its frame, its scans, whether all of it is there, and its bare picture.

Nothing is decoded here. Also JPEG-LS and lossless JPEG have this structure of markers and segments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.errors import cut_off, damaged, gettext_noop

MAX_SEGMENTS = 2_000  # a real film has below 50; EXIF, ICC and XMP in 64 kB pieces may bring some hundreds
MAX_SCANS = 100  # progressive encoders write about 10; each scan costs a pass over the whole picture
JPEG_LS = 0xF7
LOSSLESS = (JPEG_LS, 0xC3)
# After the start of a scan, a marker is an FF that is followed by neither stuffing (00), restart (D0-D7) nor fill (FF).
_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# Quantisation, Huffman, restart interval, frame, scan: all that is needed to see the picture.
_PICTURE_MARKERS = {0xDB, 0xC4, 0xDD, 0xC0, 0xC1, 0xC2, 0xDA}


@dataclass(frozen=True, slots=True)
class JpegFrame:
    """What the frame header of a JPEG of any process (JPEG-LS included) declares, and where it was found."""

    marker: int
    bits: int
    height: int
    width: int
    channels: int
    segments: int
    at: int


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment before the first scan; then the first scan's marker, from there to the end.

    What stands between segments (their lengths may be too short) is passed over, as libjpeg does.
    """
    at, end = 2, len(data)
    while at + 4 <= end:
        marker = data[at + 1]
        if data[at] != 0xFF or marker == 0:
            at = data.find(b"\xff", at + 1)
            if at < 0:
                return
        elif marker == 0xFF:
            at += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:  # without content
            at += 2
        elif marker in (0xDA, 0xD9):
            yield marker, at, end
            return
        else:
            stop = at + 2 + max(int.from_bytes(data[at + 2 : at + 4], "big"), 2)
            yield marker, at, stop
            at = stop


def jpeg_frame(data: bytes) -> JpegFrame:
    """Walk the segments of a JPEG up to its first scan.

    Raises:
        IntakeError: ``DAMAGED``: no frame header there.
    """
    frame: JpegFrame | None = None
    number = 0
    for number, (marker, at, stop) in enumerate(_segments(data), 1):
        if number > MAX_SEGMENTS:
            break
        if marker == JPEG_LS or (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)):
            if stop - at < 10 or at + 10 > len(data):
                raise damaged(gettext_noop("The file is damaged: its JPEG structure is broken."))
            frame = JpegFrame(marker, data[at + 4], *_sizes(data, at + 5), data[at + 9], number, at)
    if frame is not None:
        return frame
    if number > MAX_SEGMENTS:
        raise damaged(gettext_noop("The file is damaged: it holds no picture."))
    raise damaged(gettext_noop("The file is damaged: it ends before its picture begins."))


def count_scans(data: bytes) -> int:
    """Number of scans, or something below the bound: counted exactly only when there may be too many."""
    rough = data.count(b"\xff\xda")
    return rough if rough <= MAX_SCANS else sum(1 for _ in _scan_headers(data))


def _scan_headers(data: bytes) -> Iterator[bytes]:
    """Contents of each scan's header, one more than allowed at most."""
    at, scans = 2, 0
    while at + 4 <= len(data) and scans <= MAX_SCANS and data[at] == 0xFF and data[at + 1] != 0xD9:
        marker = data[at + 1]
        if marker == 0xFF or marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        start = at + 4
        at += 2 + max(int.from_bytes(data[at + 2 : at + 4], "big"), 2)
        if marker == 0xDA:
            scans += 1
            yield data[start:at]
            found = _SCAN_END.search(data, at)
            at = found.start() if found else len(data)


def scans_are_whole(data: bytes) -> bool:
    """Whether the scans of a JPEG sent every coefficient of every component down to its last bit."""
    at = jpeg_frame(data).at
    missing = {data[at + 10 + 3 * number]: [1] * 64 for number in range(data[at + 9])}
    lossless = data[at + 1] == 0xC3
    for header in _scan_headers(data):
        if not header or len(header) < 4 + 2 * header[0]:
            return False
        first, last, bits = header[1 + 2 * header[0] :][:3]
        for component in header[1 : 1 + 2 * header[0] : 2]:
            if lossless and component in missing:  # its scans have a predictor and a point transform in these places
                missing[component] = []
            elif component in missing and first <= last < 64:
                missing[component][first : last + 1] = [bits & 15] * (last + 1 - first)
    return not any(any(places) for places in missing.values())


def picture_only(data: bytes, *, keep_colour: bool = False) -> bytes:
    """The same JPEG without the segments that a decoder of grey needs not: Pillow stumbles over short or odd ones.

    Args:
        data: A JPEG file.
        keep_colour: Leave in, where they are whole, the two that say what the components are (JFIF, Adobe); others are
            passed over by libjpeg, and so by every browser.
    """
    kept = [b"\xff\xd8"]
    for marker, at, stop in _segments(data):
        content = data[at + 4 : stop] if stop < len(data) else b""
        colour = (marker == 0xE0 and content[:5] == b"JFIF\0" and len(content) >= 14) or (
            marker == 0xEE and content[:5] == b"Adobe" and len(content) >= 12
        )
        if not (0xE0 <= marker <= 0xEF or marker == 0xFE) or (keep_colour and colour):
            kept.append(data[at:stop])
    return b"".join(kept)


def jpeg_exif(data: bytes) -> bytes:
    """Contents of the first EXIF segment; empty when there is none."""
    for marker, at, stop in _segments(data):
        if marker == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0":
            return data[at + 4 : stop]
    return b""


_END = b"\xff\xd9"
# What may stand where coded data were lost: a decoder that still needs bits draws something else from each of them.
_TAILS = (b"", bytes(range(1, 127)) * 4, b"\xaa\x55\x12\xfe\x00\x9c" * 80)


def decoded_without_end(decode: Callable[[bytes], NDArray[Any]], data: bytes) -> NDArray[Any]:
    """Decode a JPEG; one without its end marker too, if every row of its picture is there.

    Whether it is there shows by completing the data in several ways: where nothing is missing, nothing changes.

    Raises:
        IntakeError: ``DAMAGED``: the picture is incomplete. Other failures of ``decode`` pass through.
    """
    try:
        return decode(data)
    except (OSError, SyntaxError, ValueError) as error:
        if _END in data[-64:] and "truncated" not in str(error):
            raise
        failure = error
    body = data.rstrip(b"\xff")
    if not scans_are_whole(body):
        raise cut_off() from failure
    first = decode(body + _TAILS[0] + _END)
    if any(not np.array_equal(first, decode(body + tail + _END)) for tail in _TAILS[1:]):
        raise cut_off() from failure
    return first


def _sizes(data: bytes, at: int) -> tuple[int, int]:
    return int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 2 : at + 4], "big")


def bare_jpeg(data: bytes) -> bytes | None:
    """The same picture, bit for bit, without anything else: no metadata, comments, previews, nor bytes after its end.

    Only for what every browser decodes alike: one grey component, 8 bit, Huffman-coded, baseline or progressive.

    Returns:
        A JPEG that decodes to the same pixels, or ``None`` when the file is of another build.
    """
    parts = [b"\xff\xd8"]
    at, end, scans = 2, len(data), 0
    while at + 4 <= end and len(parts) <= MAX_SEGMENTS:
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xD9:
            break
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        stop = at + 2 + length
        known = marker in _PICTURE_MARKERS
        if length < 2 or stop > end or not (known or 0xE0 <= marker <= 0xEF or marker == 0xFE):
            return None
        if 0xC0 <= marker <= 0xC2 and (data[at + 4] != 8 or data[at + 9] != 1):
            return None
        if marker == 0xDA:
            found = _SCAN_END.search(data, stop)
            stop = found.start() if found else end
            scans += 1
        if known:
            parts.append(data[at:stop])
        at = stop
    if not scans:
        return None
    return b"".join([*parts, b"\xff\xd9"])
