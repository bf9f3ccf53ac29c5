"""From uploaded files to films to take in: a ZIP is unpacked, within bounds, everything else is one film."""

from __future__ import annotations

import logging
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from diagnosis.submission.submit import Outcome, Ticket, submit
from diagnosis.submission.turns import BUSY
from ml import IntakeError

logger = logging.getLogger(__name__)

ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")  # with entries, and empty (APPNOTE.TXT 4.3.6)
# Pictures hardly shrink: whatever unpacks to far more than it was is a bomb, not a folder of films.
MAX_RATIO = 200
# What zipfile and the decompressors behind it raise at bytes that are no sound archive: a wrong check sum, broken or
# shortened data, an unknown method, names that differ or are no text, offsets and memory out of range.
DAMAGE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, ValueError, OverflowError,
    OSError, EOFError, MemoryError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Incoming:
    """One film to take in; ``read`` gives its bytes, ``size`` how many there will be."""

    name: str
    size: int
    read: Callable[[], bytes]


class ArchiveError(IntakeError):
    """A ZIP that cannot be unpacked, or must not be."""


def submit_files(ticket: Ticket, files: list[UploadedFile[bytes]]) -> list[Outcome]:
    """Submit every film in the uploaded files, in order, each for itself: one bad file costs the others nothing."""
    outcomes: list[Outcome] = []
    busy: IntakeError | None = None
    for file in files:
        name = file.name or gettext("file")
        try:
            for film in _films_in(name, file):
                if len(outcomes) >= settings.MAX_FILES_PER_SUBMISSION:
                    raise ArchiveError(
                        "TOO_MANY_FILES",
                        _("At most %(most)d radiographs are taken at once; the rest was left out."),
                        _("Submit the rest separately; radiographs that were taken already are recognised."),
                        most=settings.MAX_FILES_PER_SUBMISSION,
                    )
                if busy is not None:  # one file of a request waits for its turn, not each of fifty
                    outcomes.append(Outcome(film.name, error=busy))
                    continue
                outcome = _submit(ticket, len(outcomes), film)
                outcomes.append(outcome)
                if outcome.error is not None and outcome.error.code == BUSY:
                    busy = outcome.error
        except IntakeError as error:
            outcomes.append(Outcome(name, error=error))
    return outcomes


def _submit(ticket: Ticket, position: int, film: Incoming) -> Outcome:
    try:
        return submit(ticket, position, film.name, film.read, film.size)
    except OSError:
        logger.exception("A film could not be stored; is the disk of DATA_DIR full?")
        error = IntakeError(
            "NOT_STORED",
            _("The radiograph could not be stored on this site, so it was not submitted."),
            _("Tell the people who run the site, and keep the radiograph."),
        )
        return Outcome(film.name, error=error)


def _films_in(name: str, file: UploadedFile[bytes]) -> Iterator[Incoming]:
    start = file.read(4)
    file.seek(0)
    if start in ZIP_MAGIC:
        yield from _unpack(name, file)
    else:
        yield Incoming(name, file.size or 0, file.read)


def _unpack(name: str, file: UploadedFile[bytes]) -> Iterator[Incoming]:
    try:
        with zipfile.ZipFile(file) as archive:
            members = [member for member in archive.infolist() if _is_film(member)]
            _check(members, name)
            for member in members:
                inner = PurePosixPath(member.filename).name
                yield Incoming(f"{name} › {inner}", member.file_size, _reader(archive, member))
    except DAMAGE as error:
        raise ArchiveError(
            "DAMAGED_ARCHIVE",
            _("The ZIP archive is damaged or of an unknown kind."),
            _("Pack it again, or send the radiographs as they are."),
        ) from error


def _is_film(member: zipfile.ZipInfo) -> bool:
    """Leave out folders and what operating systems add by themselves."""
    path = PurePosixPath(member.filename)
    return not (member.is_dir() or path.name.startswith(".") or "__MACOSX" in path.parts or path.name == "Thumbs.db")


def _check(members: list[zipfile.ZipInfo], name: str) -> None:
    if not members:
        raise ArchiveError("EMPTY_ARCHIVE", _("There is no radiograph in the ZIP archive."))
    if any(member.flag_bits & 0x1 for member in members):
        raise ArchiveError("ENCRYPTED_ARCHIVE", _("The ZIP archive is encrypted."), _("Pack it without a password."))
    packed, unpacked = sum(m.compress_size for m in members), sum(m.file_size for m in members)
    if unpacked > settings.MAX_REQUEST_BYTES or unpacked > MAX_RATIO * max(packed, 1):
        raise ArchiveError(
            "ARCHIVE_TOO_LARGE",
            _("The ZIP archive unpacks to %(megabytes)d MB; that is too much."),
            _("Split it into smaller archives."),
            megabytes=unpacked // 1_000_000,
        )


def _reader(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        # The size in the directory may lie: never read more than it says.
        try:
            with archive.open(member) as stream:
                return stream.read(member.file_size)
        except DAMAGE as error:
            raise ArchiveError(
                "DAMAGED_ARCHIVE",
                _("“%(name)s” is damaged inside the ZIP archive, or packed in an unknown way."),
                _("Pack it again, or send the radiograph by itself."),
                name=PurePosixPath(member.filename).name,
            ) from error

    return read
