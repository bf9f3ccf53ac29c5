"""Predictions as rows of a table: as CSV line by line, as JSON, and for a person at a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from ml.files import csv_line, legible, whole
from ml.intake.read import Notice

COLUMNS = (
    "file",
    "population",
    "population_known_by",
    "state",
    "reason",
    "finding",
    "probability",
    "score",
    "operating_point",
    "rule_out",
    "rule_in",
    "warnings",
    "model_version",
    "milliseconds",
)


@dataclass(frozen=True, slots=True)
class Row:
    """What is written of one input. ``message`` is for the JSON only; the table has the warnings' codes."""

    file: str
    state: str
    reason: str = ""
    population: str = ""
    population_known_by: str = ""
    finding: str = ""
    probability: float | None = None
    score: float | None = None
    operating_point: str = ""
    rule_out: float | None = None
    rule_in: float | None = None
    model_version: str = ""
    milliseconds: float = 0.0
    message: str = ""
    warnings: tuple[Notice, ...] = ()

    def values(self) -> dict[str, Any]:
        """What goes into every kind of table, by column."""
        values = {name: getattr(self, name) for name in COLUMNS} | {"milliseconds": round(self.milliseconds, 1)}
        return values | {"warnings": " ".join(notice.code for notice in self.warnings)}

    def as_json(self) -> dict[str, Any]:
        """The row as plain JSON values."""
        warnings = [{"code": notice.code, "message": notice.message} for notice in self.warnings]
        return {**self.values(), "message": self.message, "warnings": warnings}


def csv_lines(rows: Iterable[Row], stream: TextIO) -> Iterator[Row]:
    """Hand the rows on, each once its line of CSV has left this process."""
    stream.write(csv_line(COLUMNS))
    stream.flush()
    for row in rows:
        stream.write(csv_line(row.values().values()))
        stream.flush()
        yield row


def write_table(rows: Sequence[Row], stream: TextIO) -> None:
    """Write rows for a person at a terminal."""
    names = ("file", "population", "state", "finding", "probability", "warnings", "reason")
    cells = [names, *([_shown(row.values()[name]) for name in names] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        stream.write("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n")


def _shown(value: Any) -> str:
    return "" if value is None else legible(str(value))


def write_json(rows: Sequence[Row], target: str) -> None:
    """Write rows to stdout (``-``), or whole to a file: half a list would be no JSON."""
    text = json.dumps([row.as_json() for row in rows], indent=1) + "\n"
    if target == "-":
        sys.stdout.write(text)
        return
    with whole(Path(target)) as partial:
        partial.write_text(text, encoding="utf-8")
