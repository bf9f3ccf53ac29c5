"""One row of a result, the table and the JSON file."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure.

    ``ratio`` compares with ``baseline`` so that more is better for us; ``limit`` is what the machine could reach at
    best (same unit as ``value``), in the words of ``limit_of``; ``target`` is what the
    project asks of ``ratio`` (or of ``value``, when there is no baseline).
    """

    group: str
    what: str
    value: float
    unit: str
    baseline: float | None = None
    ratio: float | None = None
    limit: float | None = None
    limit_of: str = ""
    target: str = ""
    met: bool | None = None


def table(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| | what | measured | baseline, same run | ratio | limit | target |",
        "|---|---|---:|---:|---:|---|---|",
    ]
    for row in rows:
        baseline = "" if row.baseline is None else f"{row.baseline:.4g} {row.unit}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}×"
        limit = "" if row.limit is None else f"{row.limit:.3g} {row.unit} ({row.limit_of})"
        mark = {None: "", True: " ✓", False: " ✗"}[row.met]
        lines.append(
            f"| {row.group} | {row.what} | {row.value:.4g} {row.unit} | {baseline} | {ratio} | {limit} | "
            f"{row.target}{mark} |"
        )
    return "\n".join(lines)


def machine() -> dict[str, str | int | None]:
    """What the figures were measured on."""
    model = next(
        (line.split(":", 1)[1].strip() for line in _cpuinfo().splitlines() if line.startswith("model name")), ""
    )
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return {
        "processor": model or platform.processor(),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        "python": sys.version.split()[0],
        "commit": commit,
    }


def _cpuinfo() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text() if path.exists() else ""


def write(path: Path, rows: Iterable[Row], facts: dict[str, object]) -> None:
    """Write rows and facts as JSON."""
    path.write_text(json.dumps({**facts, "rows": [asdict(row) for row in rows]}, indent=1, ensure_ascii=False) + "\n")
