"""Which files a person means who names files and folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

NOT_FILMS = frozenset({".csv", ".tsv", ".json", ".txt", ".md", ".xml", ".html", ".pdf", ".xlsx", ".py", ".svg", ".db"})
"""In a folder such files are passed over; named on the command line they are tried, and rejected with a reason."""


def find_films(paths: Iterable[Path]) -> Iterator[Path]:
    """Walk folders (sorted, hidden files and plainly other files passed over); give named files as they are.

    A folder that cannot be listed is given itself: reading it fails, and so it gets a row that says so.
    """
    closed: list[Path] = []

    def keep(error: OSError) -> None:
        closed.append(Path(error.filename))

    for path in paths:
        if not os.path.isdir(path):  # noqa: PTH112  (Path's raises for a name that is too long or may not be asked for)
            yield path
            continue
        for folder, folders, files in os.walk(path, onerror=keep):
            yield from closed
            closed.clear()
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                found = Path(folder, name)
                if not name.startswith(".") and found.suffix.lower() not in NOT_FILMS:
                    yield found
        yield from closed
        closed.clear()
