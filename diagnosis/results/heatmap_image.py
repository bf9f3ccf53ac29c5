"""The heat map as pictures: how it is stored, and the colours it is shown in."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from ml import Prediction


def encode_heatmap(prediction: Prediction) -> bytes:
    """The (h, w) class activation map in [0, 1] as a grey PNG of that size, 255 = 1."""
    levels = np.rint(prediction.heatmap.clip(0.0, 1.0) * 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(levels).save(buffer, "PNG")
    return buffer.getvalue()


def colour(levels: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> Image.Image:
    """Colour a map: yellow over orange to red with rising activation, transparent where there is little.

    Args:
        levels: (height, width) in [0, 1].

    Returns:
        An RGBA picture of the same size. The scale never relies on hue alone: opacity rises with it.
    """
    rgba = np.empty((*levels.shape, 4), np.uint8)
    rgba[..., 0] = 255
    rgba[..., 1] = np.rint(220 * (1 - levels))
    rgba[..., 2] = 0
    rgba[..., 3] = np.rint(255 * np.clip((levels - 0.15) / 0.85, 0, 1))
    return Image.fromarray(rgba, "RGBA")
