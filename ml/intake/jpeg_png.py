"""What a JPEG or a PNG declares about itself, read without decoding anything.

These two formats are decoded in the calling process, so their declared size and their number of scans and parts are
known and bounded before Pillow sees a byte. A JPEG of an unusual process is decoded apart instead (ml.intake.sandbox).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from ml.errors import IntakeError, damaged, gettext_noop
from ml.intake.jpeg import LOSSLESS, MAX_SCANS, MAX_SEGMENTS, count_scans, jpeg_frame

_MAX_CHUNKS = 100_000  # 64 MiB in the usual pieces of 8 kB are 8,192
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


def declared_jpeg(data: bytes) -> Declared:
    """What a JPEG file declares.

    Raises:
        IntakeError: ``DAMAGED`` (no frame header), ``UNSUPPORTED_FORMAT`` (lossless or 12-bit JPEG on its own).
    """
    frame = jpeg_frame(data)
    advice = gettext_noop("Export the radiograph as DICOM, PNG or ordinary JPEG.")
    if frame.marker in LOSSLESS:
        raise IntakeError("UNSUPPORTED_FORMAT", gettext_noop("Lossless JPEG is read inside DICOM only."), advice)
    if frame.bits != 8:
        deep = gettext_noop("JPEG with %(bits)d bits is read inside DICOM only.")
        raise IntakeError("UNSUPPORTED_FORMAT", deep, advice, bits=frame.bits)
    one_scan = frame.marker == 0xC0 and frame.channels == 1  # the decoder stops after it, whatever follows
    if frame.segments > MAX_SEGMENTS or (not one_scan and count_scans(data) > MAX_SCANS):
        raise damaged(gettext_noop("The file is damaged: it is made of too many parts."))
    plain = frame.marker in (0xC0, 0xC1, 0xC2) and frame.height > 0
    return Declared(frame.width, frame.height, frame.channels, plain)


def declared_png(data: bytes) -> Declared:
    """Walk the chunks.

    Raises:
        IntakeError: ``DAMAGED`` (no header) or ``MULTIPLE_IMAGES`` (animated).
    """
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise damaged(gettext_noop("The file is damaged: it ends before its picture begins."))
    width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    bits, colour = data[24], data[25]
    at, chunks = 33, 1
    while at + 12 <= len(data) and chunks <= _MAX_CHUNKS:
        kind = data[at + 4 : at + 8]
        if kind == b"acTL":
            raise IntakeError(
                "MULTIPLE_IMAGES",
                gettext_noop("This is an animated picture."),
                gettext_noop("Submit one still radiograph, as DICOM, PNG or JPEG."),
            )
        if kind == b"IEND":
            break
        at += 12 + int.from_bytes(data[at : at + 4], "big")
        chunks += 1
    channels = _PNG_CHANNELS.get(colour)
    if channels is None or bits not in (1, 2, 4, 8, 16):
        raise damaged(gettext_noop("The file is damaged: its PNG header makes no sense."))
    if chunks > _MAX_CHUNKS:
        raise damaged(gettext_noop("The file is damaged: it is made of too many parts."))
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
