"""Grey pixels to PNG, several times faster than Pillow's own encoder and about as small.

A radiograph's noise leaves deflate's search for repetitions nothing to find, so this writes the difference of each
row to the one above (PNG's filter *Up*) and codes it with Huffman codes alone: 9 ms and 0.73 MB for an average film of
1.5 million pixels, where Pillow at its fastest level takes 36 ms and 0.77 MB (docs/intake.md).
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

_UP = 2  # PNG filter type


def grey_png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode ``(height, width)`` uint8 as an 8-bit grey PNG with the three chunks it needs and no metadata."""
    height, width = pixels.shape
    rows = np.empty((height, width + 1), np.uint8)
    rows[:, 0] = _UP
    rows[0, 1:] = pixels[0]
    np.subtract(pixels[1:], pixels[:-1], out=rows[1:, 1:])
    deflate = zlib.compressobj(1, zlib.DEFLATED, 15, 9, zlib.Z_HUFFMAN_ONLY)
    content = deflate.compress(rows.data) + deflate.flush()
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x00\x00\x00\x00"
    return b"".join((b"\x89PNG\r\n\x1a\n", *_chunk(b"IHDR", header), *_chunk(b"IDAT", content), *_chunk(b"IEND", b"")))


def _chunk(kind: bytes, content: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    check = zlib.crc32(content, zlib.crc32(kind))
    return len(content).to_bytes(4, "big"), kind, content, check.to_bytes(4, "big")
