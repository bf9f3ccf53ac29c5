"""Files that are there whole, or as they were before; tables that no spreadsheet takes for programs."""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import json
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ml.errors import TrainingError

# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection"), wide and small forms too: at the
# start of a cell, and after whatever a spreadsheet may part cells or rows at. German ones part at semicolons, and then
# no longer see the quotes round our cell. White space, control characters, invisible ones and quotes do not disarm it.
_FORMULA = re.compile(
    r'(\A|[;\t\r\n])(?=[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"]*[=+\-@＝＋－＠﹦﹢﹣﹫])'
)
_SURROGATE = re.compile("[\ud800-\udfff]")


def write_whole(path: Path, write: Callable[[Path], Any]) -> None:
    """Write a file so that it is there whole or as it was before.

    Args:
        path: The file.
        write: Called with a path beside it, which then takes its place.

    Raises:
        TrainingError: The disk is full or not writable; nothing half-written is left.
    """
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(partial)
        with partial.open("rb+") as handle:
            os.fsync(handle.fileno())
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        again = "Free some space, then run the same command again (a training with --resume)."
        advice = again if full else "Check the folder's rights."
        raise TrainingError(f"{path} could not be written: {error.strerror or error}. {advice}") from error


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text, whole or not at all."""
    write_whole(path, lambda partial: partial.write_text(text, encoding="utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def legible(text: str) -> str:
    """Text that UTF-8 can hold: a file name's byte that is no UTF-8 becomes ``\\xe4``, other surrogates ``\\ud800``."""
    return _SURROGATE.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def csv_line(values: Iterable[object], end: str = "\n") -> str:
    """One line of CSV, the only way this product writes any.

    Text that a spreadsheet would run as a formula gets a ``'`` in front (numbers stay numbers), truth is ``true`` or
    ``false``, a list is its words, None is empty. The line can be encoded as UTF-8 whatever is in it.
    """
    line = io.StringIO()
    csv.writer(line).writerow([_cell(value) for value in values])  # told "\n" it would leave "\r" without quotes
    return line.getvalue().removesuffix("\r\n") + end


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        value = " ".join(map(str, value))
    return _FORMULA.sub(r"\1'", legible(value)) if isinstance(value, str) else value
