"""From stored values to grey as it is meant to be seen: modality LUT, VOI LUT or window, polarity.

Stored values have at most 16 bits, so the whole chain is computed once for every possible value, in double precision,
and applied as one table; pixels never become floating point. Formulas: DICOM PS3.3 C.11.1 and C.11.2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.errors import gettext_noop
from ml.intake.dicom.depth import Stored
from ml.intake.dicom.header import number_of, numbers_of, text_of
from ml.intake.dicom.padding import beside_film
from ml.intake.dicom.tables import Table, first_usable
from ml.intake.radiograph import Notice

Dataset = Any  # pydicom.Dataset
Values = NDArray[np.float64]

_LEAST_CONTRAST = 0.05  # of black to white; a film shown with less shows nothing
_FULL_CONTRAST = 0.5

_POLARITY = Notice(
    "POLARITY_UNSURE",
    gettext_noop("The file contradicts itself on whether bright or dark stands for bone."),
    gettext_noop("Check that bones look bright."),
)


def grey_of_stored(data: Dataset, stored: Stored, little: bool) -> tuple[NDArray[np.uint8], tuple[Notice, ...]]:
    """What the film looks like.

    Args:
        data: The object's header.
        stored: Its stored values.
        little: Byte order of its tables.

    Returns:
        ``(rows, columns)`` uint8, black = 0, and notices.
    """
    codes = stored.values - stored.low if stored.low else stored.values
    count = stored.high - stored.low + 1
    beside = beside_film(data, stored.values, stored.bits, stored.low < 0)
    used = np.bincount(codes.ravel() if beside is None else codes[~beside], minlength=count)
    unit = _shown(data, stored, used, little)
    inverted, notices = _polarity(data)
    if inverted:
        unit = 1.0 - unit
    grey = np.rint(np.clip(unit, 0.0, 1.0) * 255.0).astype(np.uint8)[codes]
    if beside is not None:
        grey[beside] = 0  # what lies beside the film is not shown, whatever the polarity
    return grey, notices


def window_centre(data: Dataset) -> float | None:
    """Where the first usable window lies, in stored values."""
    slope, intercept = _rescale(data)
    return next(((centre - intercept) / slope for centre, _ in _windows(data)), None)


def _rescale(data: Dataset) -> tuple[float, float]:
    return number_of(data, "RescaleSlope") or 1.0, number_of(data, "RescaleIntercept") or 0.0


def _shown(data: Dataset, stored: Stored, used: NDArray[np.int64], little: bool) -> Values:
    """Every possible stored value to 0…1: modality, then values of interest."""
    raw = np.arange(stored.low, stored.high + 1, dtype=np.float64)
    present = used > 0
    values = first_usable(data, "ModalityLUTSequence", little, lambda table: table.through(raw, present))
    if values is None:
        slope, intercept = _rescale(data)
        values = raw * slope + intercept
    modal = values

    def as_table(table: Table) -> Values | None:
        unit = table.through(modal, present) / table.top()
        return unit if _contrast(unit, present) >= _LEAST_CONTRAST else None

    unit = first_usable(data, "VOILUTSequence", little, as_table)
    if unit is not None:
        return unit
    for centre, width in _windows(data):
        unit = _windowed(values, centre, width, text_of(data, "VOILUTFunction"))
        if _is_credible(unit, used, stored.deeper):
            return unit
    return _ranged(values, present, stored.high - stored.low)


def _windows(data: Dataset) -> list[tuple[float, float]]:
    """Centres and widths, without those that are empty, zero or unreadable; one width may serve several centres."""
    centres, widths = numbers_of(data, "WindowCenter"), numbers_of(data, "WindowWidth")
    if len(widths) == 1:
        widths = widths * len(centres)
    pairs = zip(centres, widths, strict=False)
    return [(centre, width) for centre, width in pairs if centre is not None and width is not None and width > 0]


def _contrast(unit: Values, present: NDArray[np.bool_]) -> float:
    shown = np.clip(unit[present], 0.0, 1.0)
    return float(shown.max() - shown.min()) if shown.size > 1 else 1.0


def _is_credible(unit: Values, used: NDArray[np.int64], deeper: int) -> bool:
    """Whether a window shows the film: one beside all values is a mistake, and so is one for another depth."""
    present = used > 0
    contrast = _contrast(unit, present)
    if deeper < 0:
        return contrast >= _FULL_CONTRAST
    if deeper > 0 and used[unit >= 1.0].sum() > used.sum() / 2:
        return False
    return contrast >= _LEAST_CONTRAST


def _windowed(values: Values, centre: float, width: float, function: str) -> Values:
    if function == "SIGMOID":
        return np.asarray(1.0 / (1.0 + np.exp(np.clip(-4.0 * (values - centre) / width, -500.0, 500.0))))
    if function == "LINEAR_EXACT":
        return (values - centre) / width + 0.5
    if width <= 1.0:
        return np.asarray(values > centre - 0.5, dtype=np.float64)
    return (values - (centre - 0.5)) / (width - 1.0) + 0.5


def _ranged(values: Values, present: NDArray[np.bool_], span: int) -> Values:
    """No window: the declared range when the pixels fill at least half of it, otherwise the range that they fill."""
    low, high = float(values[present].min()), float(values[present].max())
    first, last = float(values.min()), float(values.max())
    if high - low >= (last - first) / 2 or high == low or span <= 255:
        low, high = first, last
    return (values - low) / max(high - low, 1e-9)


def _polarity(data: Dataset) -> tuple[bool, tuple[Notice, ...]]:
    """Whether high values are dark.

    MONOCHROME1 says so, and so does a PresentationLUTShape of INVERSE, which the standard wants beside MONOCHROME1. The
    two together turn the film round once; each without the other still does, with a notice where they contradict.
    """
    dark = text_of(data, "PhotometricInterpretation") == "MONOCHROME1"
    shape = text_of(data, "PresentationLUTShape")
    contradiction = (dark and shape == "IDENTITY") or (not dark and shape == "INVERSE")
    return dark or shape == "INVERSE", (_POLARITY,) if contradiction else ()


def square_ratio(data: Dataset) -> float:
    """Height of a pixel over its width; 1.0 when square or not credibly given."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio"):
        down, across = number_of(data, keyword, 0), number_of(data, keyword, 1)
        if down and across and down > 0 and across > 0:
            ratio = down / across
            return ratio if 0.25 <= ratio <= 4.0 and abs(ratio - 1.0) > 0.005 else 1.0
    return 1.0
