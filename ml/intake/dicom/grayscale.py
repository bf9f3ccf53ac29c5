"""From stored values to grey as it is meant to be seen: modality LUT, VOI LUT or window, polarity.

Stored values have at most 16 bits, so the whole chain is computed once for every possible value, in double precision,
and applied as one table; pixels never become floating point. Formulas: DICOM PS3.3 C.11.1 and C.11.2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.intake.dicom.header import number_of, text_of, whole_of
from ml.intake.radiograph import Notice

Dataset = Any  # pydicom.Dataset
Values = NDArray[np.float64]

_POLARITY = Notice(
    "POLARITY_UNSURE",
    "The file contradicts itself on whether bright or dark stands for bone.",
    "Check that bones look bright.",
)


def grey_table(
    data: Dataset, bits: int, signed: bool, used: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], tuple[Notice, ...]]:
    """What each stored code looks like.

    Args:
        data: The object's header.
        bits: Bits stored, 1 to 16.
        signed: Codes are two's complement.
        used: Number of pixels of each code, ``(2**bits,)``.

    Returns:
        ``(2**bits,)`` uint8 by code, black = 0, and notices.
    """
    codes = np.arange(2**bits, dtype=np.int64)
    stored = np.where(codes >= 2 ** (bits - 1), codes - 2**bits, codes) if signed else codes
    padding = _padding(data, stored, bits, signed)
    seen = (used > 0) & ~padding
    values = _modality(data, stored)
    unit = _voi(data, values, stored, seen if seen.any() else used > 0, bits, signed)
    inverted, notices = _polarity(data)
    if inverted:
        unit = 1.0 - unit
    grey = np.rint(np.clip(unit, 0.0, 1.0) * 255.0).astype(np.uint8)
    grey[padding] = 0  # what lies beside the film is not shown, whatever the polarity
    return grey, notices


def _padding(data: Dataset, stored: NDArray[np.int64], bits: int, signed: bool) -> NDArray[np.bool_]:
    """Which codes mean "no film here"."""
    first = number_of(data, "PixelPaddingValue")
    if first is None:
        return np.zeros(stored.shape, dtype=bool)
    last = number_of(data, "PixelPaddingRangeLimit")
    ends = [_as_stored(value, bits, signed) for value in (first, first if last is None else last)]
    return (stored >= min(ends)) & (stored <= max(ends))


def _as_stored(value: float, bits: int, signed: bool) -> float:
    """A padding value written with the wrong sign means the same bits."""
    if signed and value >= 2 ** (bits - 1):
        return value - float(2 ** (16 if value >= 2**bits else bits))
    return value + 65536.0 if not signed and value < 0 else value


def _modality(data: Dataset, stored: NDArray[np.int64]) -> Values:
    table = _first_item(data, "ModalityLUTSequence")
    if table is not None:
        looked_up = _through_table(table, stored.astype(np.float64))
        if looked_up is not None:
            return looked_up[0]
    slope, intercept = number_of(data, "RescaleSlope"), number_of(data, "RescaleIntercept")
    return stored.astype(np.float64) * (slope if slope else 1.0) + (intercept or 0.0)


def _voi(
    data: Dataset, values: Values, stored: NDArray[np.int64], seen: NDArray[np.bool_], bits: int, signed: bool
) -> Values:
    """Values of interest to 0…1: the VOI LUT, else the first window, else the declared or the used range."""
    table = _first_item(data, "VOILUTSequence")
    if table is not None:
        looked_up = _through_table(table, values)
        if looked_up is not None:
            return looked_up[0] / looked_up[1]
    centre, width = number_of(data, "WindowCenter"), number_of(data, "WindowWidth")
    if centre is not None and width is not None and width > 0:
        unit = _windowed(values, centre, width, text_of(data, "VOILUTFunction"))
        shown = np.clip(unit[seen], 0.0, 1.0)
        if shown.size == 1 or shown.max() > shown.min():  # a window beside all values is a mistake: not used
            return unit
    return _ranged(values, seen, 2**bits - 1)


def _windowed(values: Values, centre: float, width: float, function: str) -> Values:
    if function == "SIGMOID":
        return np.asarray(1.0 / (1.0 + np.exp(np.clip(-4.0 * (values - centre) / width, -500.0, 500.0))))
    if function == "LINEAR_EXACT":
        return (values - centre) / width + 0.5
    if width <= 1.0:
        return np.asarray(values > centre - 0.5, dtype=np.float64)
    return (values - (centre - 0.5)) / (width - 1.0) + 0.5


def _ranged(values: Values, seen: NDArray[np.bool_], span: int) -> Values:
    """No window: the declared range when the pixels fill at least half of it, otherwise the range that they fill."""
    low, high = float(values[seen].min()), float(values[seen].max())
    first, last = float(values.min()), float(values.max())
    if high - low >= (last - first) / 2 or high == low or span <= 255:
        low, high = first, last
    return (values - low) / max(high - low, 1e-9)


def _through_table(item: Dataset, values: Values) -> tuple[Values, float] | None:
    """Apply a LUT item; gives the entries and the largest value that their depth allows, ``None`` if it is unusable."""
    try:
        count, first, depth = (int(number) for number in item.LUTDescriptor)
        raw = item.LUTData
        if isinstance(raw, (bytes, bytearray)):
            count = count or 65536
            kind = "u1" if len(raw) < 2 * count else "<u2"
            entries = np.frombuffer(raw, kind, count=min(count, len(raw) // np.dtype(kind).itemsize))
        else:
            entries = np.atleast_1d(np.asarray(raw, dtype=np.int64))
    except Exception:
        return None
    entries = entries.astype(np.int64) & 0xFFFF
    if entries.size < 2 or entries.max() == entries.min():
        return None
    if first >= 32768 and float(values.min()) < 0:
        first -= 65536  # read as unsigned, meant as signed
    # Descriptors often lie about the depth, entries do not: the largest one exceeds a quarter of the scale.
    needed = max(8, int(entries.max()).bit_length())
    depth = depth if needed <= depth <= min(16, needed + 1) else needed
    position = np.clip(np.rint(values - first), 0, entries.size - 1).astype(np.int64)
    return entries[position].astype(np.float64), float(2**depth - 1)


def _first_item(data: Dataset, keyword: str) -> Dataset | None:
    try:
        return data[keyword].value[0]
    except Exception:
        return None


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


def stored_depth(data: Dataset) -> tuple[int, int, int]:
    """Bits allocated, bits stored and the lowest stored bit, mended where they contradict each other."""
    allocated = whole_of(data, "BitsAllocated", 16)
    stored = whole_of(data, "BitsStored", allocated)
    stored = stored if 1 <= stored <= allocated else allocated
    high = whole_of(data, "HighBit", stored - 1)
    lowest = high - stored + 1
    return allocated, stored, lowest if 0 <= lowest <= allocated - stored else 0
