"""Three components to RGB: which colour space they are in shows in the picture, not always in the header.

A radiograph saved in colours is grey. Its three components are alike in RGB; in YCbCr the second and third lie about
the middle. Labels and JPEG's markers contradict each other, and the codestream, often enough.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Colours = NDArray[np.uint8]

_SAMPLE = 200
_SURE = 4.0


def rgb_of(colours: Colours, photometric: str) -> Image.Image:
    """``(rows, columns, 3)`` uint8 in either colour space as an RGB picture."""
    planes = [Image.fromarray(np.ascontiguousarray(colours[..., plane])) for plane in range(3)]
    if not _is_ycc(colours, photometric):
        return Image.merge("RGB", planes)
    if "PARTIAL" in photometric:  # black is 16 and white 235
        planes[0] = planes[0].point([round(min(255.0, max(0.0, (level - 16) * 255 / 219))) for level in range(256)])
    return Image.merge("YCbCr", planes).convert("RGB")


def _is_ycc(colours: Colours, photometric: str) -> bool:
    as_rgb, as_ycc = _distances(colours)
    if abs(as_rgb - as_ycc) > _SURE:
        return as_ycc < as_rgb
    return photometric.startswith("YBR") and photometric not in ("YBR_RCT", "YBR_ICT")


def _distances(colours: Colours) -> tuple[float, float]:
    """How far from grey the picture would be as RGB and as YCbCr, in levels; on a sample of its pixels."""
    steps = [max(1, extent // _SAMPLE) for extent in colours.shape[:2]]
    first, second, third = np.moveaxis(colours[:: steps[0], :: steps[1]].astype(np.int32), -1, 0)
    as_rgb = float((np.abs(first - second) + np.abs(first - third)).mean())
    as_ycc = float((np.abs(second - 128) + np.abs(third - 128)).mean())
    return as_rgb, as_ycc


def interleaved(raw: NDArray[Any], rows: int, columns: int, planar: int | None) -> NDArray[Any]:
    """Three components of a native picture, ``(rows, columns, 3)``; unsaid order: as they are greyest."""
    by_pixel = raw.reshape(rows, columns, 3)
    by_plane = np.moveaxis(raw.reshape(3, rows, columns), 0, -1)
    if planar is not None:
        return by_plane if planar == 1 else by_pixel
    shift = 8 * (raw.dtype.itemsize - 1)
    return min(by_pixel, by_plane, key=lambda order: min(_distances((order >> shift).astype(np.uint8))))
