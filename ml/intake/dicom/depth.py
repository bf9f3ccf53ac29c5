"""How many bits of a sample are picture, and with which sign, where a codestream and its header may disagree.

The header's BitsStored is right most of the time; codings are often deeper without any harm (16 bits around 12). What
it must never do is wrap: a lossy coding overshoots white by a little, and those values are white, not black. Where
values lie far beyond the header's range, the coding is believed; bits above the picture that have nothing to do with it
(overlays used to live there) are told from depth by which reading keeps neighbours close.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.intake.dicom.codecs import Samples
from ml.intake.dicom.header import whole_of

Dataset = Any  # pydicom.Dataset
Integers = NDArray[Any]

_OVERSHOOT = 0.25  # share of the range by which a lossy coding may go too far; a lossless one, coded once more, by less
_OVERSHOOT_LOSSLESS = 0.1
_FEW = 0.01  # share of pixels that may lie further out all the same
_SAMPLE = 2_000_000


@dataclass(frozen=True, slots=True)
class Stored:
    """Stored values, each within its range.

    Attributes:
        values: ``(rows, columns)``, an integer type.
        low: Lowest value that the depth allows.
        high: Highest one.
        bits: The depth.
        deeper: The coding is believed against the header: +1 it has more bits, -1 it has fewer, 0 they agree.
    """

    values: Integers
    low: int
    high: int
    bits: int
    deeper: int = 0


def settled(samples: Samples, data: Dataset, centre: float | None) -> Stored:
    """One component's samples as the values that the header speaks of.

    Args:
        samples: As decoded.
        data: The header.
        centre: Where its window lies in stored values, if it has one; tells which of two ranges it means.
    """
    declared = whole_of(data, "BitsStored", samples.bits)
    declared = declared if 1 <= declared <= 16 else samples.bits
    header_signed = whole_of(data, "PixelRepresentation", 0) == 1
    if samples.signed:
        values, signed = samples.values.astype(np.int32), header_signed
        if not header_signed and values.min(initial=0) < 0:
            half = 2 ** (min(declared, samples.bits) - 1)
            middle = float(np.median(values[:: max(1, values.shape[0] // 256)]))
            signed = centre is None or abs(middle - centre) <= abs(middle + half - centre)
            values = values if signed else values + half
        bits = samples.bits
    else:
        values, bits = _words(samples, data, declared)
        signed = header_signed and not (samples.signed is False and _closer(values, _with_sign(values, bits), 1.0))
        values = _without_strangers(values, bits, min(declared, bits), signed)
    return _within(values, bits, declared, signed, samples)


def _words(samples: Samples, data: Dataset, declared: int) -> tuple[Integers, int]:
    """Words of the coding, without planes that the header calls overlays, the picture's lowest bit at the bottom."""
    words, bits = samples.values, samples.bits
    lowest = whole_of(data, "HighBit", declared - 1) - declared + 1
    if not 0 < lowest <= bits - declared or int(words.max(initial=0)) < 2**declared:
        lowest = 0  # also where only the header puts the picture into the upper bits
    overlays = sum(1 << plane for plane in _overlay_planes(data) if lowest + declared <= plane < bits)
    if overlays:
        words = words & words.dtype.type((1 << bits) - 1 - overlays)
    return (words >> lowest, bits - lowest) if lowest else (words, bits)


def _overlay_planes(data: Dataset) -> set[int]:
    """Bits of the words that hold overlays, as old files have it."""
    found = set()
    for group in range(0x6000, 0x6020, 2):
        with contextlib.suppress(Exception):  # there is none, or it makes no sense
            found.add(int(data[group, 0x0102].value))
    return found - {0}


def _without_strangers(words: Integers, bits: int, declared: int, signed: bool) -> Integers:
    """All bits of the words, or the declared ones alone where those above have nothing to do with the picture."""
    inside = words & words.dtype.type(2**declared - 1)
    inside = _with_sign(inside, declared) if signed else inside
    if bits == declared:
        return inside
    whole = _with_sign(words, bits) if signed else words
    if np.array_equal(inside, whole):
        return inside
    reach = int(np.abs(whole.astype(np.int32)).max()).bit_length()
    return whole if _closer(whole, inside, 2.0 ** (reach - declared)) else inside


def _with_sign(words: Integers, bits: int) -> Integers:
    half = 2 ** (bits - 1)
    return np.asarray((words.astype(np.int32) ^ half) - half)


def _closer(first: Integers, second: Integers, ratio: float) -> bool:
    """Which of two readings of the same words is a picture: whether the first is.

    Decided where the differences of neighbours, across or down, depend on the reading: on a picture with more bits than
    declared neighbours are close as a whole and far apart without these bits, at an overlay's edge the other way round.

    Args:
        first: One reading.
        second: The other.
        ratio: How many times larger the range of the first is.
    """
    step = max(1, first.size // _SAMPLE)
    votes = 0
    for axis, lines in ((1, np.s_[::step]), (0, np.s_[:, ::step])):
        ours, theirs = (np.diff(values[lines].astype(np.int32), axis=axis) for values in (first, second))
        differ = ours != theirs
        closer = np.abs(ours[differ]) < np.abs(theirs[differ]) * ratio
        votes += 2 * int(np.count_nonzero(closer)) - closer.size
    return votes > 0


def _within(values: Integers, bits: int, declared: int, signed: bool, samples: Samples) -> Stored:
    """Clamped to the header's range, or with the coding's depth where the values lie far outside it."""
    depth = min(declared, bits)
    shallow = -1 if samples.coded and bits < declared and not samples.signed else 0
    low, high = _bounds(depth, signed)
    lowest, highest = int(values.min(initial=0)), int(values.max(initial=0))
    if low <= lowest and highest <= high:
        return Stored(values, low, high, depth, shallow)
    lossy = samples.lossy or not samples.coded
    margin = (high - low + 1) * (_OVERSHOOT if lossy else _OVERSHOOT_LOSSLESS)
    beyond = np.count_nonzero(values > high + margin) + np.count_nonzero(values < low - margin)
    if beyond <= _FEW * values.size:
        return Stored(np.clip(values, low, high), low, high, depth, shallow)
    # A coding of 16 bits says no more than that its samples are words.
    depth = bits if bits < 16 or signed else min(16, highest.bit_length())
    low, high = _bounds(depth, signed)
    return Stored(np.clip(values, low, high), low, high, depth, 1)


def _bounds(bits: int, signed: bool) -> tuple[int, int]:
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
