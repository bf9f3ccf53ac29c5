"""Thousands of files from a folder or a list: resumable, bounded, and behind every person in the queue.

Each file is a submission of its own, whose token is made of owner, name, size and time of change: a run that was killed
is started once more and goes on, and no file becomes two studies.
"""

from __future__ import annotations

import csv
import logging
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth.models import User
from django.utils import timezone

from diagnosis.models import Study
from diagnosis.results.translation import translate_error
from diagnosis.submission.submit import Outcome, Ticket, submit
from diagnosis.worker.queue import CALM_SECONDS, MOST_WAITING
from ml import IntakeError, find_films

logger = logging.getLogger(__name__)

NAMESPACE = uuid.UUID("0f6f9f0e-93a5-4d0b-8d1e-0a2b6a0f4a55")
AT_ONCE = 200  # files whose studies are looked up together


class ListError(Exception):
    """The list of files cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Item:
    """One file to import, with the label its study gets."""

    path: Path
    label: str = ""


def items(source: Path, label_from_name: bool = False) -> list[Item]:
    """The files that a folder holds or a list names.

    Args:
        source: A folder (walked, sorted), a ``.csv`` with a column ``file`` and perhaps ``label``, or a text file with
            a path on each line. Paths in a list are taken from the list's own folder.
        label_from_name: Give each study its file's name, without the ending, as label.

    Raises:
        ListError: it is not there, cannot be read, or has no column ``file``.
    """
    if source.is_dir():
        found = [Item(path) for path in find_films([source])]
    else:
        try:
            found = list(_listed(source))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise ListError(f"{source} cannot be read: {error}") from error
    return [Item(item.path, item.path.stem[:120]) if label_from_name else item for item in found]


def _listed(source: Path) -> Iterator[Item]:
    with source.open(newline="", encoding="utf-8-sig") as file:
        if source.suffix.lower() != ".csv":
            yield from (Item(source.parent / line.strip()) for line in file if line.strip())
            return
        rows = csv.DictReader(file)
        if "file" not in (rows.fieldnames or ()):
            raise ListError(f"{source} has no column “file”.")
        yield from (Item(source.parent / row["file"], (row.get("label") or "")[:120]) for row in rows if row["file"])


def token_of(owner: User, path: Path) -> uuid.UUID:
    """The submission token of a file as it is now.

    Raises:
        OSError: it is not there.
    """
    status = path.stat()
    name = path.resolve().as_posix().encode("utf-8", "surrogateescape").hex()
    return uuid.uuid5(NAMESPACE, f"{owner.pk}:{name}:{status.st_size}:{status.st_mtime_ns}")


def import_all(
    owner: User, found: list[Item], again: bool = False, population: str = ""
) -> Iterator[tuple[Item, Outcome]]:
    """Submit the files one after the other and say what became of each; one bad file costs the others nothing.

    Args:
        owner: Whose studies they become.
        found: By :func:`items`.
        again: Also analyse pixels that this person has submitted before.
        population: Whose films these are where their files do not say: child, adult, or nothing.

    Yields:
        The item and its outcome; ``already_known`` where an earlier run, or an earlier study, has it.
    """
    for start in range(0, len(found), AT_ONCE):
        group = found[start : start + AT_ONCE]
        tokens = {item: _token(owner, item) for item in group}
        known = Study.objects.filter(owner=owner, submission__in=[token for token in tokens.values() if token])
        by_token = {study.submission: study for study in known.defer("header", "notices")}
        for item, token in tokens.items():
            name = item.path.name
            if token is None:
                yield item, Outcome(name, error=IntakeError("UNREADABLE_FILE", "The file cannot be read."))
            elif token in by_token:
                yield item, Outcome(name, study=by_token[token], already_known=True)
            else:
                ticket = Ticket(
                    owner, token, timezone.now(), label=item.label, population=population, again=again, bulk=True
                )
                yield item, _submit(ticket, item.path)


def _token(owner: User, item: Item) -> uuid.UUID | None:
    try:
        return token_of(owner, item.path)
    except (OSError, ValueError):
        return None


def _submit(ticket: Ticket, path: Path) -> Outcome:
    try:
        return submit(ticket, 0, path.name, path.read_bytes, path.stat().st_size)
    except OSError as error:
        logger.exception("%s could not be imported.", path)
        return Outcome(path.name, error=IntakeError("NOT_STORED", f"The file could not be read or stored: {error}"))


def wait_while_full(owner: User, waited: Callable[[int], None]) -> None:
    """Hold an import back while too many of its studies wait; tells how many do."""
    while True:
        waiting = Study.objects.filter(owner=owner, bulk=True).pending().count()
        waited(waiting)
        if waiting < MOST_WAITING:
            return
        time.sleep(CALM_SECONDS)


def row_of(item: Item, outcome: Outcome) -> list[str]:
    """A line of the report: file, study, what became of it, code, sentence."""
    study = str(outcome.study.pk) if outcome.study else ""
    what = "refused" if outcome.error else "known" if outcome.already_known else "submitted"
    return [str(item.path), study, what, outcome.error.code if outcome.error else "", translate_error(outcome.error)]
