"""DICOM's look-up tables, of grey and of colours, however their entries are packed.

The standard lets a table's entries be bytes, words, or bytes two to a word, in the file's byte order, and its first
value be signed or not; writers get each of these wrong. What decides is what makes sense of the numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Dataset = Any  # pydicom.Dataset
Values = NDArray[np.float64]

_ROUGHER = 8  # so much rougher a table is when its bytes are the wrong way round


@dataclass(frozen=True, slots=True)
class Table:
    """One table: entries from the value ``first`` on, with the depth that they were declared to have."""

    first: int
    entries: NDArray[np.int64]
    depth: int

    def through(self, values: Values, present: NDArray[np.bool_]) -> Values:
        """Entries for ``values``; those beyond either end take the end's entry."""
        first = self._first_for(values[present])
        position = np.clip(np.rint(values - first), 0, self.entries.size - 1).astype(np.int64)
        return self.entries[position].astype(np.float64)

    def top(self) -> float:
        """The largest value of its depth. Descriptors often lie about it, entries do not."""
        needed = max(8, int(self.entries.max()).bit_length())
        depth = self.depth if needed <= self.depth <= min(16, needed + 1) else needed
        return float(2**depth - 1)

    def _first_for(self, values: Values) -> int:
        """The first value with the sign under which the table covers most of the values that are there."""
        wrapped = self.first - 65536 if self.first >= 32768 else self.first + 65536 if self.first < 0 else self.first

        def covered(first: int) -> int:
            return int(np.count_nonzero((values >= first) & (values < first + self.entries.size)))

        return wrapped if covered(wrapped) > covered(self.first) else self.first


def table_of(descriptor: Any, data: Any, little: bool) -> Table | None:
    """Read one table; ``None`` when it is unusable.

    Args:
        descriptor: LUTDescriptor: number of entries, first value, depth.
        data: LUTData: bytes in the file's order (OW, OB), or numbers (US, SS).
        little: The file's byte order.
    """
    try:
        count, first, depth = (int(number) for number in descriptor)
        count = count & 0xFFFF or 65536
        if isinstance(data, (bytes, bytearray)):
            entries = _of_bytes(bytes(data), count, little)
        else:
            entries = _of_words(np.atleast_1d(np.asarray(data, dtype=np.int64)) & 0xFFFF, count, depth)
    except Exception:
        return None
    if entries.size < 2 or entries.max() == entries.min():
        return None
    return Table(first, entries, depth)


def _of_bytes(raw: bytes, count: int, little: bool) -> NDArray[np.int64]:
    if len(raw) in (count, count + 1):  # bytes, perhaps with one of filling
        packed = np.frombuffer(raw[: len(raw) // 2 * 2], "u1").astype(np.int64)
        turned = packed.reshape(-1, 2)[:, ::-1].ravel()
        return _smoother(packed, turned, 1)[:count] if little else _smoother(turned, packed, 1)[:count]
    words = raw[: min(count, len(raw) // 2) * 2]
    orders = ("<u2", ">u2") if little else (">u2", "<u2")
    declared, swapped = (np.frombuffer(words, order).astype(np.int64) for order in orders)
    return _smoother(declared, swapped, _ROUGHER)


def _of_words(words: NDArray[np.int64], count: int, depth: int) -> NDArray[np.int64]:
    if words.size >= count or depth > 8 or words.size < count // 2:
        return words[:count]
    pairs = np.stack([words & 0xFF, words >> 8], axis=1)  # the lower byte comes first, by the standard
    return _smoother(pairs.ravel(), pairs[:, ::-1].ravel(), 1)[:count]


def _smoother(declared: NDArray[np.int64], other: NDArray[np.int64], factor: int) -> NDArray[np.int64]:
    """The entries in their declared order, unless the other one is smoother by ``factor``: curves are smooth."""
    rough, smooth = (int(np.abs(np.diff(entries)).sum()) for entries in (declared, other))
    return other if rough > factor * max(smooth, 1) else declared


def first_usable(data: Dataset, sequence: str, little: bool, use: Callable[[Table], Values | None]) -> Values | None:
    """The result of ``use`` for the first table of a sequence for which there is one."""
    try:
        items = list(data[sequence].value)
    except Exception:
        return None
    for item in items:
        try:
            table = table_of(item.LUTDescriptor, item.LUTData, little)
        except Exception:
            table = None
        if table is not None and (result := use(table)) is not None:
            return result
    return None


def palette(data: Dataset, indices: NDArray[Any], little: bool) -> NDArray[np.int64]:
    """Indices to colours of 8 bits: ``(rows, columns, 3)``.

    Raises:
        ValueError: A table is missing or unusable.
    """
    tables = []
    for colour in ("Red", "Green", "Blue"):
        descriptor = data[f"{colour}PaletteColorLookupTableDescriptor"].value
        entries = data[f"{colour}PaletteColorLookupTableData"].value
        table = table_of(descriptor, entries, little)
        if table is None:
            raise ValueError("a palette without entries")
        tables.append(table)
    top = max(int(table.entries.max()) for table in tables)
    scale = 1 if top <= 255 else 257  # what the descriptors say of the depth is wrong too often
    chosen = [
        table.entries[np.clip(indices.astype(np.int64) - table.first, 0, table.entries.size - 1)] for table in tables
    ]
    return np.stack(chosen, axis=-1) // scale
