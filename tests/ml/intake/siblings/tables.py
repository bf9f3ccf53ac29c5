"""Look-up tables in every packing, order and sign; windows that are partly empty, zero or written with a comma."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.dicom_files import NATIVE, as_file, dicom_bytes, film_object, film_values, scaled
from tests.ml.intake.siblings import Case, Grey

_BENT = np.rint(4095 * (np.arange(4096) / 4095) ** 0.6).astype(np.uint16)
_BENT_BYTES = (_BENT >> 4).astype(np.uint8)
_VALUES = film_values(12)


def _case(name: str, data: bytes, wanted: Grey, within: float = 0.6) -> Case:
    return Case("tables", name, data, wanted, within)


def _item(count: int, first: int, depth: int, entries: Any, vr: str, first_vr: str = "US") -> Dataset:
    item = Dataset()
    item.add_new(0x00283002, first_vr, [count, first, depth])
    item.add_new(0x00283006, vr, entries)
    return item


def _with(sequence: str, item: Dataset, values: NDArray[Any], bits: int, syntax: str, **tags: Any) -> bytes:
    data = film_object(values, bits, syntax, **tags)
    setattr(data, sequence, Sequence([item]))
    return as_file(data)


def cases() -> Iterator[Case]:
    """Modality and VOI tables, first values, palettes, windows."""
    for syntax in NATIVE:
        order = ">" if syntax == uid.ExplicitVRBigEndian else "<"
        name = uid.UID(syntax).keyword
        for sequence, rest in (("VOILUTSequence", {}), ("ModalityLUTSequence", {})):
            wanted = scaled(_BENT[_VALUES], 0, 4095) if "VOI" in sequence else _ranged(_BENT[_VALUES], 0, 4095)
            words = _item(4096, 0, 12, _BENT.astype(f"{order}u2").tobytes(), "OW")
            yield _case(f"{sequence} as OW, {name}", _with(sequence, words, _VALUES, 12, syntax, **rest), wanted)
            numbers = _item(4096, 0, 12, _BENT.tolist(), "US")
            yield _case(f"{sequence} as US, {name}", _with(sequence, numbers, _VALUES, 12, syntax), wanted)
            wanted = scaled(_BENT_BYTES[_VALUES], 0, 255) if "VOI" in sequence else _BENT_BYTES[_VALUES]
            packed = _BENT_BYTES.view("<u2").astype(f"{order}u2").tobytes()
            yield _case(f"{sequence} of bytes in OW, {name}",
                        _with(sequence, _item(4096, 0, 8, packed, "OW"), _VALUES, 12, syntax), wanted)  # fmt: skip
            pairs = _BENT_BYTES.view("<u2").tolist()
            yield _case(f"{sequence} of bytes in pairs in US, {name}",
                        _with(sequence, _item(4096, 0, 8, pairs, "US"), _VALUES, 12, syntax), wanted)  # fmt: skip
    swapped = _item(4096, 0, 12, _BENT.astype(">u2").tobytes(), "OW")
    yield _case("words left in the other order by a converter",
                _with("VOILUTSequence", swapped, _VALUES, 12, NATIVE[1]), scaled(_BENT[_VALUES], 0, 4095))  # fmt: skip
    yield from _first_values()
    yield from _palettes()
    yield from _windows()


def _ranged(values: NDArray[Any], low: int, high: int) -> Grey:
    return scaled(values, low, high)


def _first_values() -> Iterator[Case]:
    high = (film_values(12).astype(np.int32) + 36000).astype(np.uint16)
    for shown, ends in (("MONOCHROME2", (0, 4095)), ("MONOCHROME1", (4095, 0))):
        item = _item(4096, 36000 - 65536, 12, np.arange(4096).astype("<u2").tobytes(), "OW", "SS")
        data = _with("VOILUTSequence", item, high, 16, NATIVE[1], PhotometricInterpretation=shown)
        yield _case(f"unsigned pixels, first value as SS, {shown}", data, scaled(film_values(12), *ends))
    signed = film_values(12, signed=True)
    item = _item(4096, 65536 - 2048, 12, np.arange(4096).astype("<u2").tobytes(), "OW")
    wanted = scaled(signed, -2048, 2047)
    yield _case("signed pixels, first value as US", _with("VOILUTSequence", item, signed, 12, NATIVE[1]), wanted)
    item = _item(4096, -2048, 12, np.arange(4096).astype("<u2").tobytes(), "OW", "SS")
    yield _case("signed pixels, first value as SS", _with("VOILUTSequence", item, signed, 12, NATIVE[1]), wanted)
    full = film_values(16)
    item = _item(40000, 0, 16, np.arange(40000).astype("<u2").tobytes(), "OW", "SS")
    wanted = scaled(np.minimum(full, 39999), 0, 65535)
    yield _case("a count written as SS", _with("VOILUTSequence", item, full, 16, NATIVE[1]), wanted)


def _palettes() -> Iterator[Case]:
    values = film_values(8)
    secondary = {"SOPClassUID": uid.SecondaryCaptureImageStorage, "Modality": "OT",
                 "PhotometricInterpretation": "PALETTE COLOR"}  # fmt: skip
    turned = np.arange(255, -1, -1)
    for syntax in (NATIVE[0], NATIVE[1], NATIVE[2]):
        order = ">" if syntax == uid.ExplicitVRBigEndian else "<"
        for name, depth, entries in (
            ("words", 16, (turned * 257).astype(f"{order}u2").tobytes()),
            ("bytes", 8, turned.astype("u1").view("<u2").astype(f"{order}u2").tobytes()),
            ("bytes in words", 16, turned.astype(f"{order}u2").tobytes()),
        ):
            data = film_object(values, 8, syntax, **secondary)
            for number, colour in enumerate(("Red", "Green", "Blue")):
                setattr(data, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, depth])
                data.add_new(0x00281201 + number, "OW", entries)
            yield _case(f"palette of {name}, {uid.UID(syntax).keyword}", as_file(data), 255 - values)


def _windows() -> Iterator[Case]:
    whole, narrow = scaled(_VALUES, 0, 4095), scaled(_VALUES, 500, 1499)
    for name, centre, width, wanted in (
        ("an empty one before a good one", b"\\1000", b"\\1000", narrow),
        ("one of width zero before a good one", b"5\\1000", b"0\\1000", narrow),
        ("one beside everything before a good one", b"60000\\1000", b"10\\1000", narrow),
        ("a decimal comma", b"1000,0", b"1000,0", narrow),
        ("a decimal comma before a good one", b"1000,0\\2048", b"1000,0\\4096", narrow),
        ("words before a good one", b"AUTO\\1000", b"AUTO\\1000", narrow),
        ("a missing width", b"1000", b"", whole),
        ("a missing centre", b"", b"1000", whole),
        ("two centres and one width", b"1000\\2000", b"1000", narrow),
        ("spaces", b" 1000 ", b" 1000 ", narrow),
        ("a negative width", b"1000", b"-1000", whole),
        ("not a number before a good one", b"nan\\1000", b"nan\\1000", narrow),
    ):
        data = dicom_bytes(_VALUES, 12, NATIVE[1], WindowCenter=1, WindowWidth=1)
        for tag, text in ((b"\x50\x10", centre), (b"\x51\x10", width)):
            padded = text + b" " * (len(text) % 2)
            start = data.index(b"\x28\x00" + tag + b"DS") + 6
            end = start + 2 + int.from_bytes(data[start : start + 2], "little")
            data = data[:start] + len(padded).to_bytes(2, "little") + padded + data[end:]
        yield _case(f"windows: {name}", data, wanted, 1)
