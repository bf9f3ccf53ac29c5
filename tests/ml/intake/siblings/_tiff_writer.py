"""TIFF of every arrangement, written by our own code: what no library at hand writes."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray


def tiff(
    values: NDArray[Any],
    photometric: int,
    *,
    order: str = "<",
    big: bool = False,
    planar: bool = False,
    tile: int = 0,
    rows: int = 0,
    deflate: bool = False,
    predictor: bool = False,
    packed: int = 0,
    tags: dict[int, tuple[int, ...]] | None = None,
) -> bytes:
    """One page of ``(height, width[, samples])``; ``packed`` is the depth of samples that are not whole bytes."""
    return pages([page(values, photometric, order=order, planar=planar, tile=tile, rows=rows, deflate=deflate,
                       predictor=predictor, packed=packed, tags=tags)], order=order, big=big)  # fmt: skip


Page = tuple[dict[int, tuple[int, ...]], list[bytes], bool]


def page(
    values: NDArray[Any],
    photometric: int,
    *,
    order: str = "<",
    planar: bool = False,
    tile: int = 0,
    rows: int = 0,
    deflate: bool = False,
    predictor: bool = False,
    packed: int = 0,
    tags: dict[int, tuple[int, ...]] | None = None,
) -> Page:
    """Tags and pieces of one page."""
    height, width = values.shape[:2]
    channels = values.reshape(height, width, -1)
    samples, size = channels.shape[2], values.dtype.itemsize
    pieces = []
    for plane in np.moveaxis(channels, -1, 0)[..., None] if planar else [channels]:
        step = tile or rows or height
        for top in range(0, height, step):
            for left in range(0, width, tile or width):
                part = plane[top : top + step, left : left + (tile or width)]
                if tile:
                    part = np.pad(part, ((0, tile - part.shape[0]), (0, tile - part.shape[1]), (0, 0)))
                pieces.append(_coded(part, order, deflate, predictor, packed))
    known = {256: (width,), 257: (height,), 258: (packed or 8 * size,) * samples, 259: (8 if deflate else 1,),
             262: (photometric,), 277: (samples,), 284: (2 if planar else 1,)}  # fmt: skip
    known |= {322: (tile,), 323: (tile,)} if tile else {278: (rows or height,)}
    known |= {317: (2,)} if predictor else {}
    known |= {339: (3,) * samples} if values.dtype.kind == "f" else {}
    return known | (tags or {}), pieces, bool(tile)


def _coded(part: NDArray[Any], order: str, deflate: bool, predictor: bool, packed: int) -> bytes:
    if predictor:
        part = np.concatenate([part[:, :1], np.diff(part, axis=1)], axis=1).astype(part.dtype)
    if packed:
        flat = part.reshape(part.shape[0], -1)
        bits = (flat[..., None] >> np.arange(packed - 1, -1, -1)) & 1
        raw = np.packbits(bits.reshape(flat.shape[0], -1).astype(np.uint8), axis=1).tobytes()
    else:
        raw = part.astype(part.dtype.newbyteorder(order)).tobytes()
    return zlib.compress(raw, 1) if deflate else raw


def pages(content: list[Page], *, order: str = "<", big: bool = False) -> bytes:
    """A file of such pages."""
    mark = (b"II" if order == "<" else b"MM") + struct.pack(order + "H", 43 if big else 42)
    out = bytearray(mark + (struct.pack(order + "HHQ", 8, 0, 0) if big else struct.pack(order + "I", 0)))
    link = 8 if big else 4
    for tags, pieces, tiled in content:
        offsets = []
        for piece in pieces:
            offsets.append(len(out))
            out += piece + b"\0" * (len(piece) % 2)
        every: dict[int, tuple[int, ...]] = {**tags, (324 if tiled else 273): tuple(offsets),
                                             (325 if tiled else 279): tuple(map(len, pieces))}  # fmt: skip
        entries = b""
        for tag, numbers in sorted(every.items()):
            short = tag not in (273, 279, 324, 325) and max(numbers) < 65536
            packed = struct.pack(f"{order}{len(numbers)}{'H' if short else 'I'}", *numbers)
            inline = 8 if big else 4
            if len(packed) > inline:
                place = struct.pack(order + ("Q" if big else "I"), len(out))
                out += packed + b"\0" * (len(packed) % 2)
            else:
                place = packed.ljust(inline, b"\0")
            entries += struct.pack(order + ("HHQ" if big else "HHI"), tag, 3 if short else 4, len(numbers)) + place
        at = len(out)
        struct.pack_into(order + ("Q" if big else "I"), out, link, at)
        out += struct.pack(order + ("Q" if big else "H"), len(every)) + entries
        link = len(out)
        out += bytes(8 if big else 4)
    return bytes(out)
