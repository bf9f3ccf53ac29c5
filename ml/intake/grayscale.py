"""From whatever numbers a file held to 8-bit grey, by rules that are the same for every format.

Depth: samples of more than 8 bits are scaled linearly by the depth they use, ``round(value · 255 / (2**depth − 1))``.
A file of 16-bit samples does not say how many of them count (12 bits in 16 are common), so the brightest pixel decides:
the smallest of 8, 10, 12, 14 and 16 bits that holds it. No film is stretched to its own range.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.errors import IntakeError, gettext_noop

_DEPTHS = (8, 10, 12, 14, 16)

# Measured over 5,216 paediatric and 2,600 adult films: the range from the 1st to the 99th percentile is never below 63
# grey levels, the mean never outside 39…222. What fails these bounds shows nothing.
_MIN_RANGE = 24
_MEAN_BOUNDS = (12.0, 243.0)

# How far from grey, or from the picture's one tint, counts as colour; how many such pixels, and how strong a tint, are
# too many. Endoscopy and histology have 12 to 30 % of such pixels or a tint above 50, films saved as RGB have none.
_COLOUR_DISTANCE = 16.0
_COLOUR_SHARE = 0.08
_MAX_TINT = 45.0


def depth_of(values: NDArray[Any]) -> int:
    """Bits that unsigned samples of unknown depth use: the smallest usual depth that holds the brightest one."""
    brightest = int(values.max(initial=0))
    return next((bits for bits in _DEPTHS if brightest < 2**bits), 16)


def eight_bit(values: NDArray[Any], depth: int) -> NDArray[np.uint8]:
    """Scale unsigned integer samples of ``depth`` bits (at most 16) to 8 bit."""
    if depth == 8:
        return values.astype(np.uint8)
    top = 2**depth - 1
    table = np.rint(np.arange(top + 1) * (255.0 / top)).astype(np.uint8)
    return np.asarray(table[np.minimum(values, top)])


def grey_of_floats(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Scale 32-bit samples: 0…1 when nothing exceeds 1, otherwise by their depth as for integers.

    Raises:
        IntakeError: ``UNSUPPORTED_FORMAT`` for negative, infinite or larger than 16-bit values: their scale is unknown.
    """
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)) or low < 0 or high > 65535:
        raise unknown_scale()
    if high <= 1.0 and values.dtype.kind == "f":
        return np.rint(values * 255.0).astype(np.uint8)
    whole = np.rint(values).astype(np.uint16)
    return eight_bit(whole, depth_of(whole))


Alpha = Literal["none", "straight", "premultiplied"]
"""What the last channel of a picture means: nothing, opacity, or opacity that the others are multiplied by already."""


def grey_of_channels(
    values: NDArray[Any], depth: int | None, alpha: Alpha = "none", *, inverted: bool = False
) -> NDArray[np.uint8]:
    """Grey or colours, with or without opacity, over black: as beside a film.

    Args:
        values: ``(height, width, channels)``, unsigned: one or three of grey or colour, then opacity unless ``"none"``.
        depth: Their bits, at most 16; ``None`` when 16-bit samples do not say how many of them count.
        alpha: What the last channel is.
        inverted: The largest value is black.

    Raises:
        IntakeError: ``COLOUR_PICTURE``.
    """
    shown = values if alpha == "none" else values[..., :-1]
    eight = eight_bit(shown, depth or depth_of(shown))
    if inverted:
        eight = 255 - eight
    if alpha == "straight":
        opacity = values[..., -1:]
        share = eight_bit(opacity, depth or depth_of(opacity))
        if share.min(initial=255) < 255:
            eight = ((eight.astype(np.uint16) * share + 127) // 255).astype(np.uint8)
    if eight.shape[-1] == 1:
        return np.ascontiguousarray(eight[..., 0])
    return grey_of_colour(Image.fromarray(np.ascontiguousarray(eight)))


def unknown_scale() -> IntakeError:
    """The refusal of numbers of which nobody says which is black and which is white."""
    return IntakeError(
        "UNSUPPORTED_FORMAT",
        gettext_noop("The picture's numbers have no known scale of grey."),
        gettext_noop("Export the radiograph as DICOM, or as PNG with 8 or 16 bits."),
    )


def grey_of_colour(picture: Image.Image) -> NDArray[np.uint8]:
    """Luma of an RGB picture that is grey in all but name (saved as RGB, tinted, or with a small coloured mark).

    Raises:
        IntakeError: ``COLOUR_PICTURE`` when it really has colours.
    """
    check_colour(picture)
    return np.asarray(picture.convert("L"))


def check_colour(picture: Image.Image) -> None:
    """Refuse an RGB picture with real colours; see :func:`grey_of_colour`."""
    small = picture.resize((min(picture.width, 192), min(picture.height, 192)), Image.Resampling.BOX, reducing_gap=1.0)
    rgb = np.asarray(small, dtype=np.float32).reshape(-1, 3)
    luma = rgb @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    # A tint (blue film base, sepia, a yellowed scan) moves every grey the same way: a smooth curve of it is not colour.
    unit = luma.astype(np.float64) / 255.0
    basis = np.stack([unit * 0 + 1, unit, unit * unit])
    offsets = rgb.T[[0, 2]] - luma
    # Three unknowns: the normal equations give the same curve as all 36,864 rows, and sooner.
    fit, *_ = np.linalg.lstsq(basis @ basis.T, basis @ offsets.T, rcond=None)
    tint = fit.T @ basis
    apart = np.abs(offsets - tint).max(axis=0)
    if (apart > _COLOUR_DISTANCE).mean() > _COLOUR_SHARE or np.abs(tint).max(axis=0).mean() > _MAX_TINT:
        raise IntakeError(
            "COLOUR_PICTURE",
            gettext_noop("This is a colour picture; a radiograph is grey."),
            gettext_noop("Submit the radiograph itself rather than a photograph or a coloured rendering of it."),
        )


def check_exposure(pixels: NDArray[np.uint8]) -> None:
    """Refuse a film on which nothing can be seen.

    Raises:
        IntakeError: ``TOO_DARK_OR_BRIGHT``.
    """
    step = max(1, min(pixels.shape) // 128)
    sample = pixels[::step, ::step]
    counts = np.bincount(sample.ravel(), minlength=256)
    share = np.cumsum(counts) / sample.size
    low, high = (int(np.searchsorted(share, part)) for part in (0.01, 0.99))
    mean = float(counts @ np.arange(256)) / sample.size
    if high - low >= _MIN_RANGE and _MEAN_BOUNDS[0] <= mean <= _MEAN_BOUNDS[1]:
        return
    if mean < 40:
        message = gettext_noop("The picture is almost entirely black.")
    elif mean > 215:
        message = gettext_noop("The picture is almost entirely white.")
    else:
        message = gettext_noop("The picture has almost no contrast.")
    raise IntakeError(
        "TOO_DARK_OR_BRIGHT",
        message,
        gettext_noop("Check the window (brightness and contrast) with which the radiograph was exported."),
    )
