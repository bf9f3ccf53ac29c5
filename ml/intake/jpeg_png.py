"""What a JPEG or a PNG declares about itself, read without decoding anything; and a JPEG stripped to its picture.

These two formats are decoded in the calling process, so their declared size and their number of scans and parts are
known and bounded before Pillow sees a byte. A JPEG of an unusual process is decoded apart instead (ml.intake.sandbox).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.errors import IntakeError

_MAX_SEGMENTS = 2_000  # a real film has below 50; EXIF, ICC and XMP in 64 kB pieces may bring some hundreds
_MAX_SCANS = 100  # progressive encoders write about 10; each scan costs a pass over the whole picture
_MAX_CHUNKS = 100_000  # 64 MiB in the usual pieces of 8 kB are 8,192
# After the start of a scan, a marker is an FF that is followed by neither stuffing (00), restart (D0-D7) nor fill (FF).
_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# Quantisation, Huffman, restart interval, frame, scan: all that is needed to see the picture.
_PICTURE_MARKERS = {0xDB, 0xC4, 0xDD, 0xC0, 0xC1, 0xC2, 0xDA}

_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
# Where each pass of an interlaced PNG begins, and its steps: x, y, across, down.
_PNG_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


@dataclass(frozen=True, slots=True)
class Declared:
    """What a file says of itself.

    Attributes:
        width: Pixels across, as stored (before any EXIF turn).
        height: Pixels down.
        channels: Samples per pixel.
        plain: Nothing about the file's build is out of the ordinary: it may be decoded in this process.
    """

    width: int
    height: int
    channels: int
    plain: bool


def damaged(detail: str = "") -> IntakeError:
    """The refusal of a file that cannot be decoded; ``detail`` is our own text, never taken from the file."""
    message = f"The file is damaged: {detail}." if detail else "The file is damaged and cannot be decoded."
    return IntakeError("DAMAGED", message, "Export the film again and submit the new file.")


def cut_off() -> IntakeError:
    """The refusal of a file whose picture begins and does not end."""
    return IntakeError(
        "DAMAGED", "The file was cut off in transit: its picture is incomplete.", "Send or export the film again."
    )


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


def jpeg_frame(data: bytes) -> JpegFrame:
    """Walk the segments of a JPEG up to its first scan.

    Raises:
        IntakeError: ``DAMAGED``: no frame header there.
    """
    at, segments, end = 2, 0, len(data)
    frame: JpegFrame | None = None
    while at + 4 <= end and segments <= _MAX_SEGMENTS:
        if data[at] != 0xFF:
            raise damaged("its JPEG structure is broken")
        marker = data[at + 1]
        segments += 1
        if marker == 0xFF or marker == 0x01 or 0xD0 <= marker <= 0xD8:  # fill bytes and markers without content
            at += 1 if marker == 0xFF else 2
            continue
        if marker == 0xDA or marker == 0xD9:
            break
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)):
            if length < 8 or at + 10 > end:
                raise damaged("its JPEG structure is broken")
            frame = JpegFrame(marker, data[at + 4], *_sizes(data, at + 5), data[at + 9], segments, at)
        at += 2 + max(length, 2)
    if frame is None:
        raise damaged("it holds no picture" if segments > _MAX_SEGMENTS else "it ends before its picture begins")
    return frame


def declared_jpeg(data: bytes) -> Declared:
    """What a JPEG file declares.

    Raises:
        IntakeError: ``DAMAGED`` (no frame header), ``UNSUPPORTED_FORMAT`` (lossless or 12-bit JPEG on its own).
    """
    frame = jpeg_frame(data)
    if frame.marker in (0xF7, 0xC3) or frame.bits != 8:
        lossless = "Lossless JPEG is read inside DICOM only."
        deep = f"Pictures in the {frame.bits}-bit JPEG format are not read."
        raise IntakeError(
            "UNSUPPORTED_FORMAT",
            lossless if frame.marker in (0xF7, 0xC3) else deep,
            "Export the film as DICOM, PNG or ordinary JPEG.",
        )
    one_scan = frame.marker == 0xC0 and frame.channels == 1  # the decoder stops after it, whatever follows
    if frame.segments > _MAX_SEGMENTS or (not one_scan and _scans(data) > _MAX_SCANS):
        raise damaged("it is made of too many parts")
    plain = frame.marker in (0xC0, 0xC1, 0xC2) and frame.height > 0
    return Declared(frame.width, frame.height, frame.channels, plain)


def _scans(data: bytes) -> int:
    """Number of scans, or something below the bound: counted exactly only when there may be too many."""
    rough = data.count(b"\xff\xda")
    return rough if rough <= _MAX_SCANS else sum(1 for _ in _scan_headers(data))


def _scan_headers(data: bytes) -> Iterator[bytes]:
    """Contents of each scan's header, one more than allowed at most."""
    at, scans = 2, 0
    while at + 4 <= len(data) and scans <= _MAX_SCANS and data[at] == 0xFF and data[at + 1] != 0xD9:
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
    kept, at = [b"\xff\xd8"], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA and len(kept) <= _MAX_SEGMENTS:
        marker = data[at + 1]
        if marker == 0xFF or marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        stop = at + 2 + max(int.from_bytes(data[at + 2 : at + 4], "big"), 2)
        content = data[at + 4 : stop]
        colour = (marker == 0xE0 and content[:5] == b"JFIF\0" and len(content) >= 14) or (
            marker == 0xEE and content[:5] == b"Adobe" and len(content) >= 12
        )
        if not (0xE0 <= marker <= 0xEF or marker == 0xFE) or (keep_colour and colour):
            kept.append(data[at:stop])
        at = stop
    return b"".join([*kept, data[at:]])


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
    first, *others = (decode(body + tail + _END) for tail in _TAILS)
    if any(not np.array_equal(first, other) for other in others):
        raise cut_off() from failure
    return first


def _sizes(data: bytes, at: int) -> tuple[int, int]:
    return int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 2 : at + 4], "big")


def declared_png(data: bytes) -> Declared:
    """Walk the chunks.

    Raises:
        IntakeError: ``DAMAGED`` (no header) or ``MULTIPLE_IMAGES`` (animated).
    """
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise damaged("it ends before its picture begins")
    width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    bits, colour = data[24], data[25]
    at, chunks = 33, 1
    while at + 12 <= len(data) and chunks <= _MAX_CHUNKS:
        kind = data[at + 4 : at + 8]
        if kind == b"acTL":
            raise IntakeError(
                "MULTIPLE_IMAGES", "This is an animated picture.", "Submit one still film, as DICOM, PNG or JPEG."
            )
        if kind == b"IEND":
            break
        at += 12 + int.from_bytes(data[at : at + 4], "big")
        chunks += 1
    channels = _PNG_CHANNELS.get(colour)
    if channels is None or bits not in (1, 2, 4, 8, 16):
        raise damaged("its PNG header makes no sense")
    if chunks > _MAX_CHUNKS:
        raise damaged("it is made of too many parts")
    return Declared(width, height, channels, True)


def png_is_short(data: bytes) -> bool:
    """Whether a PNG holds fewer bytes of picture than its header declares, which its decoder fills up with black."""
    width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    bits = data[24] * _PNG_CHANNELS[data[25]]
    passes = _PNG_PASSES if data[28] else ((0, 0, 1, 1),)
    sizes = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in passes if width > x and height > y]
    missing = sum(rows * (1 + (across * bits + 7) // 8) for across, rows in sizes)
    inflater, at = zlib.decompressobj(), 33
    while missing > 0 and at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"IDAT":
            packed = data[at + 8 : at + 8 + length]
            while packed and missing > 0:
                missing -= len(inflater.decompress(packed, 1 << 20))
                packed = inflater.unconsumed_tail
        at += 12 + length
    return missing > 0


def bare_jpeg(data: bytes) -> bytes | None:
    """The same picture, bit for bit, without anything else: no metadata, comments, previews, nor bytes after its end.

    Only for what every browser decodes alike: one grey component, 8 bit, Huffman-coded, baseline or progressive.

    Returns:
        A JPEG that decodes to the same pixels, or ``None`` when the file is of another build.
    """
    parts = [b"\xff\xd8"]
    at, end, scans = 2, len(data), 0
    while at + 4 <= end and len(parts) <= _MAX_SEGMENTS:
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


def declared_j2k_bits(data: bytes) -> int:
    """Bits of the first component of a JPEG 2000, from its SIZ marker; 16 when there is none to be found."""
    at = data.find(b"\xff\x4f\xff\x51")
    return (data[at + 42] & 0x7F) + 1 if 0 <= at < len(data) - 42 else 16
