"""The files of a study: the film, its thumbnail and the networks' input, in one private folder named by the study's id.

There is no public media folder: every byte leaves through a view that asks who is looking. Deleting a row does not
delete its files, so whoever deletes studies goes through :func:`delete_studies`.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import IO, cast
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, storages
from django.db import OperationalError, transaction

from diagnosis.models import IdempotentRequest, Study, StudyQuerySet
from ml import Header, ModelInput, Radiograph

LEAST_FREE_BYTES = 16_000_000
RESERVE_BYTES = 4_000_000

ACCEL_PREFIX = "/protected-films"  # the internal location of deploy/nginx.conf
# A film is kept in the one of these that cost least without losing a bit (Radiograph.to_stored).
FILMS = {"image/jpeg": "film.jpg", "image/png": "film.png"}
THUMBNAIL = "thumbnail.jpg"
MODEL_INPUT = "input.png"
EXTENSIONS = {"DICOM": "dcm", "JPEG": "jpg", "JPEG2000": "jp2"}
ORIGINAL = "original"  # the submitted file, only with KEEP_ORIGINALS; its owner's alone, nothing here ever decodes it


def storage() -> FileSystemStorage:
    """The private storage of films; no URL leads into it."""
    return cast(FileSystemStorage, storages["films"])


def name_of(study_id: UUID, kind: str) -> str:
    """Name of one of a study's files inside the storage; two levels, so that no folder grows without bound."""
    return f"{study_id.hex[:2]}/{study_id}/{kind}"


def write(study_id: UUID, radiograph: Radiograph, original: bytes = b"") -> None:
    """Store what is kept of a film, all from its one decode; and the submitted file, if it is given.

    Raises:
        OSError: the disk refused, or has so little room that signing in and deleting need it; nothing of this study
            is left behind.
    """
    if shutil.disk_usage(storage().location).free < LEAST_FREE_BYTES:
        raise OSError(errno.ENOSPC, "Little room is left, and it is kept for the database", str(storage().location))
    try:
        film, content_type = radiograph.to_stored()
        for kind, data in (
            (FILMS[content_type], film),
            (THUMBNAIL, radiograph.thumbnail()),
            (MODEL_INPUT, radiograph.model_input().to_png()),
            (ORIGINAL, original),
        ):
            if not data:
                continue
            storage().save(name_of(study_id, kind), ContentFile(data))
    except BaseException:
        remove([study_id])
        raise


def film_of(study: Study) -> tuple[str, str]:
    """Which file holds the film, and its content type.

    Raises:
        FileNotFoundError: it is gone.
    """
    for content_type, kind in FILMS.items():
        if storage().exists(name_of(study.pk, kind)):
            return kind, content_type
    raise FileNotFoundError(f"The film of study {study.pk} is gone.")


def open_film(study: Study) -> IO[bytes]:
    """Open the stored film, JPEG or PNG, for reading.

    Raises:
        FileNotFoundError: it is gone.
    """
    return open_file(study, film_of(study)[0])


def open_file(study: Study, kind: str) -> IO[bytes]:
    """Open one of a study's files for reading.

    Raises:
        FileNotFoundError: it is gone.
    """
    return storage().open(name_of(study.pk, kind))


def has_original(study: Study) -> bool:
    """Whether the submitted file was kept."""
    return storage().exists(name_of(study.pk, ORIGINAL))


def original_name(study: Study) -> str:
    """A name for the submitted file; the person's own is never stored."""
    kind = study.source_format
    return f"{study.pk}.{EXTENSIONS.get(kind, kind.lower())}"


def read_model_input(study: Study) -> ModelInput:
    """What the networks see of this study, (224, 224) uint8 and the facts beside it.

    Raises:
        FileNotFoundError: the file is gone.
    """
    with open_file(study, MODEL_INPUT) as file:
        return ModelInput.from_png(file.read(), study.width, study.height, Header(**study.header))


def is_gone(study: Study, kind: str) -> bool:
    """Whether a file is missing from a storage that is there. One that is away (a mount that hangs or is not there, a
    folder moved for a moment) looks empty, and nothing is gone for good."""
    return _is_there() and not storage().exists(name_of(study.pk, kind)) and _is_there()


def _is_there() -> bool:
    try:
        with os.scandir(storage().location) as entries:
            return next(entries, None) is not None
    except OSError:
        return False


def remove(study_ids: Iterable[UUID]) -> None:
    """Remove the folders of these studies; what is not there is no error."""
    for study_id in study_ids:
        shutil.rmtree(Path(storage().path(name_of(study_id, ""))), ignore_errors=True)


def delete_studies(studies: StudyQuerySet) -> int:
    """Delete rows, predictions and files of the given studies.

    The files go after the commit: a transaction that is rolled back must not have cost a film.

    Returns:
        How many studies were deleted.
    """
    try:
        return _delete(studies)
    except OperationalError as error:
        if not is_full(error) or not spend_reserve():
            raise
        return _delete(studies)


def _delete(studies: StudyQuerySet) -> int:
    with transaction.atomic():
        # Locked: an answer that arrives now waits, and then finds no study to write to.
        found = list(studies.values_list("pk", flat=True))
        rows = Study.objects.filter(pk__in=found).order_by("pk").select_for_update()
        owner_of = dict(rows.values_list("pk", "owner_id"))
        ids = list(owner_of)
        Study.objects.filter(pk__in=ids).delete()
        IdempotentRequest.forget_studies(owner_of.values(), ids)

        def remove_files() -> None:
            remove(ids)

        transaction.on_commit(remove_files, robust=True)
    return len(ids)


def is_full(error: BaseException) -> bool:
    """Whether it is for want of room that something could not be written."""
    if isinstance(error, OperationalError):
        return "disk is full" in str(error) or "No space left" in str(error)
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}


def _reserve() -> Path:
    return Path(settings.DATA_DIR) / "reserve"


def keep_reserve() -> None:
    """Set aside some room while there is plenty: with a full disk, SQLite can delete nothing without it."""
    file = _reserve()
    if not file.exists() and shutil.disk_usage(file.parent).free > 10 * RESERVE_BYTES:
        with file.open("wb") as stream:
            os.posix_fallocate(stream.fileno(), 0, RESERVE_BYTES)


def spend_reserve() -> bool:
    """Give back what was set aside; ``False`` when there is nothing left of it."""
    try:
        _reserve().unlink()
    except OSError:
        return False
    return True


def accel_path(study: Study, kind: str) -> str:
    """Path  that a front server is told to send (``X-Accel-Redirect``)."""
    return f"{ACCEL_PREFIX}/{name_of(study.pk, kind)}"
