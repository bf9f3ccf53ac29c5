"""Films without a study, and uploads without a request: found and removed, whatever left them behind.

Deleting goes through ``films.delete_studies``, which removes files after the commit. A power cut between the two, or
rows deleted past it (a shell, SQL), leaves folders that no page shows and no person can delete. A web process that was
killed leaves what people were sending, names in DICOM headers included. This finds them.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.conf import settings

from diagnosis import storage
from diagnosis.models import Study

logger = logging.getLogger(__name__)

# Intake writes the files before it commits the row: a young folder may be a study about to be.
OLD_ENOUGH_SECONDS = 3600
AT_ONCE = 500


def remove_orphans(before: float | None = None) -> int:
    """Remove the folders of studies that do not exist. 0.8 s of one core for 33,000 studies.

    Args:
        before: a folder must not have been changed since then (seconds since the epoch); the moment of a start, when
            nothing ran before it. ``None``: OLD_ENOUGH_SECONDS ago.

    Returns:
        How many folders were removed.
    """
    before = time.time() - OLD_ENOUGH_SECONDS if before is None else before
    removed = 0
    batch: dict[UUID, Path] = {}
    for study_id, folder in _folders(before):
        batch[study_id] = folder
        if len(batch) == AT_ONCE:
            removed += _remove_unknown(batch)
            batch = {}
    removed += _remove_unknown(batch)
    if removed:
        logger.warning("Removed %d folders of films that belonged to no study.", removed)
    return removed


def remove_uploads(older_than: float = OLD_ENOUGH_SECONDS) -> int:
    """Remove what is left of uploads in ``DATA_DIR/tmp``.

    Args:
        older_than: seconds a file must have been left alone; 0 when no web process runs.

    Returns:
        How many files were removed.
    """
    before = time.time() - older_than
    removed = 0
    for file in Path(settings.UPLOAD_DIR).iterdir():
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            if not older_than or file.stat().st_mtime < before:
                file.unlink()
                removed += 1
    if removed:
        logger.warning("Removed %d files that uploads had left behind.", removed)
    return removed


def _folders(before: float) -> Iterator[tuple[UUID, Path]]:
    """Folders named by an id and untouched since ``before``; anything else in the storage is none of our business."""
    for shelf in _folders_in(storage.storage().location):
        for folder in _folders_in(shelf.path):
            with contextlib.suppress(ValueError, FileNotFoundError):
                study_id = UUID(folder.name)
                if folder.stat().st_mtime < before:
                    yield study_id, Path(folder)


def _folders_in(folder: str | os.PathLike[str]) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        yield from (entry for entry in entries if entry.is_dir(follow_symlinks=False))


def _remove_unknown(folders: dict[UUID, Path]) -> int:
    known = set(Study.objects.filter(pk__in=folders).values_list("pk", flat=True))
    orphans = [folder for study_id, folder in folders.items() if study_id not in known]
    for folder in orphans:
        shutil.rmtree(folder, ignore_errors=True)
    return len(orphans)
