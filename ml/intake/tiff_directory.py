"""TIFF's directories, classic and Big, in either byte order: reading them, and writing one of our own.

Nothing is decoded here, and nothing that a file declares is trusted to fit into it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

_TYPES = {1: "B", 2: "s", 3: "H", 4: "I", 5: "II", 6: "b", 7: "s", 8: "h", 9: "i", 10: "ii", 11: "f", 12: "d", 13: "I",
          16: "Q", 17: "q", 18: "Q"}  # fmt: skip
_MAX_PAGES, _MAX_ENTRIES = 200, 2_000
Tags = dict[int, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Directory:
    """One page: its tags, and the byte order of the whole file."""

    tags: Tags
    order: str

    def whole(self, tag: int, default: int) -> int:
        """The first value of a tag as a whole number."""
        value = self.tags.get(tag, (default,))
        return int(value[0]) if value and isinstance(value[0], int) else default


def directories(data: bytes) -> list[Directory]:
    """All pages of a file.

    Raises:
        struct.error: The first one is not there.
    """
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    at = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)[0]
    found: list[Directory] = []
    visited: set[int] = set()
    while at and at not in visited and len(found) < _MAX_PAGES:
        visited.add(at)
        try:
            tags, at = _tags(data, at, order, big)
        except struct.error:
            if found:  # a page whose directory is cut off is no film; the one before is
                break
            raise
        found.append(Directory(tags, order))
    return found


def _tags(data: bytes, at: int, order: str, big: bool) -> tuple[Tags, int]:
    count = struct.unpack_from(order + ("Q" if big else "H"), data, at)[0]
    at += 8 if big else 2
    size, inline = (20, 8) if big else (12, 4)
    if count > _MAX_ENTRIES:
        raise struct.error
    tags: Tags = {}
    for entry in range(at, at + count * size, size):
        tag, kind, number = struct.unpack_from(order + ("HHQ" if big else "HHI"), data, entry)
        if kind not in _TYPES:
            continue
        form = _TYPES[kind]
        length = struct.calcsize(order + form) * number
        start = entry + size - inline
        if length > inline:
            start = struct.unpack_from(order + ("Q" if big else "I"), data, start)[0]
        if start + length > len(data):
            continue
        if form == "s":
            tags[tag] = (data[start : start + length],)
        else:
            tags[tag] = struct.unpack_from(f"{order}{number * len(form)}{form[0]}", data, start)
    (following,) = struct.unpack_from(order + ("Q" if big else "I"), data, at + count * size)
    return tags, following


def with_directory(data: bytes, tags: Tags) -> bytes:
    """The same bytes with one directory alone, behind them: numbers as words of 32 bit, texts as bytes."""
    entries, values, start = [], b"", len(data) + len(data) % 2
    behind = start + 2 + 12 * len(tags) + 4
    for tag, numbers in sorted(tags.items()):
        text = isinstance(numbers[0], bytes)
        packed = numbers[0] if text else struct.pack(f"<{len(numbers)}I", *numbers)
        place = packed.ljust(4, b"\0") if len(packed) <= 4 else struct.pack("<I", behind + len(values))
        values += packed + b"\0" * (len(packed) % 2) if len(packed) > 4 else b""
        entries.append(struct.pack("<HHI", tag, 7 if text else 4, len(packed) if text else len(numbers)) + place)
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    return b"II*\0" + struct.pack("<I", start) + data[8:] + b"\0" * (len(data) % 2) + directory + values
