"""TIFF to grey: which page is the film, and samples of every depth, order and arrangement.

Pillow reads the usual kinds of TIFF and scrambles or refuses some others. Here libtiff (through Pillow) only unpacks
the strips or tiles, as bytes; what these bytes mean is worked out from the tags. Kinds whose coding knows of colours
(JPEG, CCITT, CMYK, YCbCr) are left to Pillow altogether, one page each.
"""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.errors import IntakeError, cut_off, damaged, gettext_noop
from ml.intake.grayscale import (
    Alpha,
    eight_bit,
    grey_of_channels,
    grey_of_colour,
    grey_of_floats,
    unknown_scale,
)
from ml.intake.radiograph import Limits, check_size, too_large
from ml.intake.tiff_directory import Directory, Tags, directories, with_directory

_MAX_BYTES = 600_000_000
_WIDTH, _LENGTH, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER, _STRIPS, _ORIENTATION = (
    256,
    257,
    258,
    259,
    262,
    266,
    273,
    274,
)
_SAMPLES, _ROWS_PER_STRIP, _STRIP_COUNTS, _PLANAR, _PREDICTOR, _COLOURS = 277, 278, 279, 284, 317, 320
_TILE_WIDTH, _TILE_LENGTH, _TILES, _TILE_COUNTS, _EXTRA, _FORMAT = 322, 323, 324, 325, 338, 339
_NONE, _BYTE_CODINGS = 1, {5, 8, 32946, 32773, 34925, 50000}  # LZW, deflate, PackBits, LZMA, Zstandard
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE = range(4)
_BASE = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _PALETTE: 1}
_DNG, _CAMERA_RAW = 50706, (32803, 34892)
# Tags that a page of another coding needs when Pillow reads it alone.
_HANDED_ON = (*range(254, 260), 262, 266, 277, 278, 284, 292, 293, 317, 320, 322, 323, 332, 338, 339, 347,
              *range(512, 522), 530, 531)  # fmt: skip


def read_tiff(data: bytes, limits: Limits) -> tuple[NDArray[np.uint8], int]:
    """The film in a TIFF, as stored, and the orientation that its tags give it.

    Raises:
        IntakeError: As :func:`ml.intake.raster.read_raster`.
    """
    page = _film(directories(data), limits)
    width, height = page.whole(_WIDTH, 0), page.whole(_LENGTH, 0)
    check_size(width, height, limits)
    return _grey(data, page, width, height), page.whole(_ORIENTATION, 1)


def _film(pages: list[Directory], limits: Limits) -> Directory:
    """The one page that is a film: neither a reduced copy nor a mask of another, nor too small for any.

    Raises:
        IntakeError: ``MULTIPLE_IMAGES``, or ``UNSUPPORTED_FORMAT`` for a camera's raw data.
    """
    if any(_DNG in page.tags or page.whole(_PHOTOMETRIC, 1) in _CAMERA_RAW for page in pages):
        raise IntakeError(
            "UNSUPPORTED_FORMAT",
            gettext_noop("Pictures in the %(format)s format are not read."),
            gettext_noop("Export the radiograph as DICOM, PNG or JPEG and submit that file."),
            format="DNG",
        )
    films = [page for page in pages if not (page.whole(254, 0) & 5 or page.whole(255, 1) == 2)]
    if len(films) > 1:
        largest = max(films, key=lambda page: page.whole(_WIDTH, 0) * page.whole(_LENGTH, 0))
        films = [page for page in films if page is largest or not _is_copy(page, largest, limits)]
    if len(films) > 1:
        raise IntakeError(
            "MULTIPLE_IMAGES",
            gettext_noop("This file holds several pages."),
            gettext_noop("Submit one file for each radiograph."),
        )
    if not pages:
        raise damaged()
    return films[0] if films else pages[0]


def _is_copy(page: Directory, film: Directory, limits: Limits) -> bool:
    """A thumbnail or a step of a pyramid that nobody marked as one."""
    width, height = page.whole(_WIDTH, 0), page.whole(_LENGTH, 0)
    if min(width, height) < limits.min_side or width * height < limits.min_pixels:
        return True
    across, down = film.whole(_WIDTH, 0) / width, film.whole(_LENGTH, 0) / height
    return across >= 1.9 and abs(across - down) < 0.02 * across


def _grey(data: bytes, page: Directory, width: int, height: int) -> NDArray[np.uint8]:
    photometric = page.whole(_PHOTOMETRIC, _BLACK_IS_ZERO)
    samples, coding = page.whole(_SAMPLES, 1), page.whole(_COMPRESSION, _NONE)
    bits = {int(value) for value in page.tags.get(_BITS, (1,))}
    if photometric not in _BASE or coding not in {_NONE, *_BYTE_CODINGS} or len(bits) != 1:
        return _by_pillow(data, page)
    depth, extra = bits.pop(), samples - _BASE[photometric]
    if not (0 <= extra <= 2 and (depth <= 16 or depth in (32, 64))):
        raise unread_tiff()
    values = _samples(data, page, width, height, samples, depth)
    signed = page.whole(_FORMAT, 1) == 2
    if signed:
        values = values.astype(values.dtype.str.replace("u", "i"))
        if int(values.min(initial=0)) < 0:
            raise unknown_scale()
    kinds = page.tags.get(_EXTRA, ())
    alpha: Alpha = {1: "premultiplied", 2: "straight"}.get(kinds[0] if extra and kinds else 0, "none")  # type: ignore[assignment]
    channels = values if alpha != "none" else values[..., : _BASE[photometric]]
    if photometric == _PALETTE:
        return _through_palette(values[..., 0], page.tags.get(_COLOURS, ()), depth)
    if depth > 16:
        if channels.shape[-1] != 1:
            raise unknown_scale()
        grey = grey_of_floats(channels[..., 0])
        return 255 - grey if photometric == _WHITE_IS_ZERO else grey
    known = depth if depth < 16 else None
    return grey_of_channels(channels, known, alpha, inverted=photometric == _WHITE_IS_ZERO)


def _through_palette(indices: NDArray[Any], entries: tuple[Any, ...], depth: int) -> NDArray[np.uint8]:
    if depth > 8 or len(entries) != 3 << depth:
        raise damaged()
    colours = np.asarray(entries, dtype=np.int64).reshape(3, -1).T
    eight = colours if colours.max() <= 255 else eight_bit(colours, 16)  # writers forget that entries have 16 bits
    return grey_of_colour(Image.fromarray(eight.astype(np.uint8)[indices]))


def _samples(data: bytes, page: Directory, width: int, height: int, samples: int, depth: int) -> NDArray[Any]:
    """``(height, width, samples)``, unsigned, or floating where the tags say so."""
    separate = page.whole(_PLANAR, 1) == 2 and samples > 1
    planes, channels = (samples, 1) if separate else (1, samples)
    tile = page.whole(_TILE_WIDTH, 0) if _TILES in page.tags else 0
    across = math.ceil(width / tile) if tile else 1
    row = math.ceil((tile or width) * channels * depth / 8)
    if not row or row * across * height * planes > _MAX_BYTES:
        raise too_large()
    floats = page.whole(_FORMAT, 1) == 3
    out = []
    for plane in range(planes):
        raw = _unpacked(data, page, plane, planes, (height, across, row))
        if page.whole(_FILL_ORDER, 1) == 2 and page.whole(_COMPRESSION, _NONE) == _NONE:
            raw = np.packbits(np.unpackbits(raw, axis=None, bitorder="little")).reshape(raw.shape)
        words = _words(raw, depth, (tile or width) * channels, page.order, floats, page.whole(_PREDICTOR, 1), channels)
        out.append(words.reshape(height, -1, channels)[:, :width])
    return out[0] if len(out) == 1 else np.concatenate(out, axis=-1)


def _unpacked(data: bytes, page: Directory, plane: int, planes: int, shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Bytes of one plane, as the coding unpacks them: ``(height, tiles across, bytes in a row of one)``."""
    height, across, row = shape
    tiled = _TILES in page.tags
    rows = page.whole(_TILE_LENGTH, 0) if tiled else min(page.whole(_ROWS_PER_STRIP, height) or height, height)
    down = math.ceil(height / max(rows, 1))
    offsets = page.tags.get(_TILES if tiled else _STRIPS, ())[plane * down * across :][: down * across]
    if len(offsets) < down * across:
        raise damaged()
    if page.whole(_COMPRESSION, _NONE) == _NONE:
        out = np.zeros((down * rows, across, row), np.uint8)
        for number, offset in enumerate(offsets):
            top, left = number // across * rows, number % across
            wanted = rows if tiled else min(rows, height - top)
            piece = np.frombuffer(data[offset : offset + wanted * row], np.uint8)
            if piece.size < wanted * row:
                raise cut_off()
            out[top : top + wanted, left] = piece.reshape(wanted, row)
        return out[:height]
    counts = page.tags.get(_TILE_COUNTS if tiled else _STRIP_COUNTS, ())[plane * down * across :][: down * across]
    tags: Tags = {_WIDTH: (across * row,), _LENGTH: (height,), _BITS: (8,), _SAMPLES: (1,), _PHOTOMETRIC: (1,),
                  _COMPRESSION: page.tags[_COMPRESSION], _FILL_ORDER: (page.whole(_FILL_ORDER, 1),)}  # fmt: skip
    if tiled:
        tags |= {_TILE_WIDTH: (row,), _TILE_LENGTH: (rows,), _TILES: offsets, _TILE_COUNTS: counts}
    else:
        tags |= {_ROWS_PER_STRIP: (rows,), _STRIPS: offsets, _STRIP_COUNTS: counts}
    with Image.open(io.BytesIO(with_directory(data, tags)), formats=["TIFF"]) as picture:
        return np.asarray(picture).reshape(height, across, row)


def _words(
    raw: NDArray[np.uint8], depth: int, count: int, order: str, floats: bool, predictor: int, channels: int
) -> NDArray[Any]:
    """Bytes to numbers: ``(height, tiles across, numbers in a row of one)``; undoes a predictor."""
    if depth % 8:
        if predictor != 1 or floats:
            raise unread_tiff()
        return np.stack([_few_bits(rows, depth, count) for rows in raw])
    size = depth // 8
    if predictor == 3:  # bytes of one kind together, each the difference to the one before
        spread = raw.reshape(*raw.shape[:2], -1, channels)
        summed = np.cumsum(spread, axis=2, dtype=np.uint8).reshape(*raw.shape[:2], size, -1)
        raw, order = np.ascontiguousarray(np.moveaxis(summed, 2, -1)).reshape(raw.shape), ">"
    kind = f"{order}{'f' if floats else 'u'}{size}"
    words = np.ascontiguousarray(raw).view(kind).astype(np.dtype(kind).newbyteorder("="), copy=False)
    if predictor == 2:
        spread = words.reshape(*words.shape[:2], -1, channels)
        words = np.cumsum(spread, axis=2, dtype=words.dtype).reshape(words.shape)
    return words


def _few_bits(rows: NDArray[np.uint8], depth: int, count: int) -> NDArray[Any]:
    bits = np.unpackbits(rows, axis=-1)[..., : count * depth].reshape(rows.shape[0], count, depth)
    return bits @ (1 << np.arange(depth - 1, -1, -1)).astype(np.uint16)


def _by_pillow(data: bytes, page: Directory) -> NDArray[np.uint8]:
    """A page whose coding knows about colours, alone in a directory of its own."""
    tiles = (_STRIPS, _STRIP_COUNTS, _TILES, _TILE_COUNTS)
    tags = {
        tag: value
        for tag, value in page.tags.items()
        if tag in (*_HANDED_ON, *tiles) and value and isinstance(value[0], (int, bytes))
    }
    with Image.open(io.BytesIO(with_directory(data, tags)), formats=["TIFF"]) as picture:
        picture.load()
        if picture.mode == "L":
            return np.asarray(picture)
        return grey_of_colour(picture.convert("RGB")) if picture.mode != "1" else np.asarray(picture.convert("L"))


def unread_tiff() -> IntakeError:
    """There are more kinds of TIFF than anybody reads."""
    return IntakeError(
        "UNSUPPORTED_FORMAT",
        gettext_noop("This TIFF file is damaged, or stored in a way that is not read here."),
        gettext_noop("Export the radiograph as DICOM, PNG or JPEG and submit that file."),
    )
