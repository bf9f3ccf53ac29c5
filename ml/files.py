"""Files that are there whole, or as they were before; tables that no spreadsheet takes for programs."""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from ml.errors import TrainingError

Config = TypeVar("Config")
_WORDS = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}

# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection"), wide and small forms too: at the
# start of a cell, and after whatever a spreadsheet may part cells or rows at. German ones part at semicolons, and then
# no longer see the quotes round our cell. White space, control characters, invisible ones and quotes do not disarm it.
_FORMULA = re.compile(
    r'(\A|[;\t\r\n])(?=[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"]*[=+\-@＝＋－＠﹦﹢﹣﹫])'
)
_SURROGATE = re.compile("[\ud800-\udfff]")


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a path beside a file, which takes its place once it is written; what fails leaves the file as it was.

    Of two processes that write one file at a time, each writes its own, and the last to end has it. A pipe or a device
    is given itself: root could put a file in the place of ``/dev/null``.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        yield partial
        with partial.open("rb+") as handle:
            os.fsync(handle.fileno())
        partial.replace(path)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def write_whole(path: Path, write: Callable[[Path], Any]) -> None:
    """Write a file so that it is there whole or as it was before.

    Args:
        path: The file.
        write: Called with a path beside it, which then takes its place.

    Raises:
        TrainingError: The disk is full or not writable; nothing half-written is left.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as partial:
            write(partial)
    except OSError as error:
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


def read_config(kind: type[Config], path: Path) -> Config:
    """Read a dataclass from a JSON file: every key known, every value of its field's type; what is missing is default.

    Fields may be numbers, texts, literals, tuples of one of them, or such dataclasses.

    Raises:
        TrainingError: The file cannot be read, or says something else; the text names the key.
    """
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path} cannot be read as JSON ({error}).") from error
    return config_of(kind, given, str(path))


def config_of(kind: type[Config], given: Any, where: str) -> Config:
    """The same from JSON values that are read already; ``where`` they are from.

    Raises:
        TrainingError: They say something else; the text names the key.
    """
    made: Config = _checked(kind, given, where)
    return made


def _checked(kind: Any, given: Any, where: str) -> Any:
    if isinstance(kind, type) and is_dataclass(kind):
        if not isinstance(given, dict):
            raise TrainingError(f"{where} has to be a JSON object.")
        known = [field.name for field in fields(kind)]
        if unknown := sorted(given.keys() - set(known)):
            raise TrainingError(f"{where}: {', '.join(unknown)} is not known. Known are {', '.join(known)}.")
        hints = get_type_hints(kind)
        values = {name: _checked(hints[name], value, f"{where}: {name}") for name, value in given.items()}
        try:
            return kind(**values)
        except (ValueError, TrainingError) as error:
            raise TrainingError(f"{where}: {error}") from error
    if get_origin(kind) is tuple:
        if not isinstance(given, list):
            raise TrainingError(f"{where} is {given!r}, but has to be a list.")
        return tuple(_checked(get_args(kind)[0], item, where) for item in given)
    if get_origin(kind) is Literal:
        if given not in get_args(kind):
            raise TrainingError(f"{where} is {given!r}, but has to be one of {', '.join(get_args(kind))}.")
        return given
    if kind is float and type(given) is int:
        given = float(given)
    if type(given) is not kind:
        raise TrainingError(f"{where} is {given!r}, but has to be {_WORDS[kind]}.")
    return given
