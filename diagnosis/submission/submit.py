"""The one way a film enters, whichever door it came through: page, API, command or DICOM node."""

from __future__ import annotations

import datetime as dt
import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, User
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, IntegrityError, InterfaceError, transaction
from django.utils.translation import gettext_noop

from diagnosis import storage
from diagnosis.models import Study
from diagnosis.submission import intended_use, quota
from diagnosis.submission.turns import turn
from diagnosis.worker.queue import send_to_worker
from diagnosis.worker.reanalysis import is_an_answer
from ml import IntakeError, Limits, Radiograph, read_radiograph

logger = logging.getLogger(__name__)
DOUBT_SECONDS = 5.0

QUOTA_SPENT = "QUOTA_SPENT"


@dataclass(frozen=True, slots=True)
class Ticket:
    """One submission: who, under which token, with what on it.

    A token seen before gives back the studies it made then: a second click on the button makes no second study.
    """

    owner: AbstractBaseUser
    token: uuid.UUID
    confirmed_at: dt.datetime
    label: str = ""
    patient_code: str = ""
    operating_point: str = "balanced"
    population: str = ""  # whose films the person says these are: child, adult, or nothing
    again: bool = False  # analyse pixels this person has submitted before
    bulk: bool = False  # of an import: behind whatever people submit by hand


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file. Exactly one of ``study`` and ``error`` is set."""

    name: str
    study: Study | None = None
    error: IntakeError | None = None
    already_known: bool = False  # ``study`` is an earlier one with the same pixels, or from the same press


def limits() -> Limits:
    """The site's bounds on one file."""
    return Limits(max_bytes=settings.MAX_UPLOAD_BYTES, max_pixels=settings.MAX_PIXELS)


def submit(ticket: Ticket, position: int, name: str, read: Callable[[], bytes], size: int) -> Outcome:
    """Take in one file: bytes → verified radiograph → row and files → message to the workers.

    Args:
        ticket: the submission it belongs to.
        position: place of the file in the submission, from 0.
        name: the person's name for the file; shown back to them, never stored.
        read: gives the bytes, or raises an ``IntakeError``; called only once the size is known to be within bounds.
        size: number of bytes.

    Returns:
        What became of it; intake's refusals are returned, not raised.

    Raises:
        OSError: the disk is full or not writable; nothing was stored.
    """
    bounds = limits()
    try:
        if size > bounds.max_bytes:
            raise IntakeError(
                "TOO_MANY_BYTES",
                gettext_noop("The file has %(megabytes)d MB; at most %(most)d MB are taken."),
                gettext_noop("Export the radiograph as JPEG or PNG, or with compression."),
                megabytes=round(size / 1e6),
                most=round(bounds.max_bytes / 1e6),
            )
        with turn(ticket.owner.pk):
            if not ticket.bulk and not quota.take(ticket.owner, size):
                raise IntakeError(
                    QUOTA_SPENT,
                    gettext_noop(
                        "You have submitted as much as one person may in a day (%(films)d files, %(gigabytes)d GB)."
                    ),
                    gettext_noop("Submit the rest tomorrow, or ask the people who run this site for more."),
                    films=settings.QUOTA_FILMS_PER_DAY,
                    gigabytes=round(settings.QUOTA_BYTES_PER_DAY / 1e9),
                )
            data = read()
            radiograph = read_radiograph(data, limits=bounds, salt=settings.SECRET_KEY.encode())
    except IntakeError as error:
        logger.info("Refused a file at the door: %s", error.code)
        return Outcome(name, error=error)
    return store(ticket, position, name, radiograph, data if settings.KEEP_ORIGINALS else b"")


def _same_whose(study: Study, ticket: Ticket, age_years: float | None) -> bool:
    """Whether an answer to this study is one to a film of these pixels, of this age, as stated with this submission.

    Whose film it is decides which model answers, or that none does: the same pixels under another age are not the same.
    """
    known = study.header.get("age_years")
    if age_years is not None:
        return bool(known == age_years)
    return known is not None or ticket.population in (study.stated_population, study.population)


def store(ticket: Ticket, position: int, name: str, radiograph: Radiograph, original: bytes = b"") -> Outcome:
    """Keep a verified radiograph as a queued study, unless this person has an answer to the same film, or waits for
    one. A study that failed is none, nor is the refusal of a gate that has been replaced since."""
    pixel_hash = radiograph.pixel_hash()
    mine = Study.objects.filter(owner_id=ticket.owner.pk)
    pressed = mine.filter(submission=ticket.token, position=position)
    if pressed.exists():
        known = pressed.filter(is_an_answer(), pixel_hash=pixel_hash).first()
        if known is not None:
            return Outcome(name, study=known, already_known=True)
        # The form was used again, e.g. after the browser's back button, for another film or one that had failed:
        # another press.
        ticket = replace(ticket, token=uuid.uuid4())
    if (same := _answered(ticket, radiograph, pixel_hash)) is not None:
        return Outcome(name, study=same, already_known=True)
    study = _queued(ticket, position, radiograph, pixel_hash)
    settle_doubtful()
    storage.write(study.pk, radiograph, original)
    try:
        with transaction.atomic():
            # One after the other for each person: the same film sent from two tabs at once is one study, too.
            list(User.objects.select_for_update(no_key=True).filter(pk=ticket.owner.pk).values_list("pk"))
            if (same := _answered(ticket, radiograph, pixel_hash)) is not None:
                storage.remove([study.pk])
                return Outcome(name, study=same, already_known=True)
            study.save(force_insert=True)

            def send() -> None:  # Django logs a failed one by its name, which a partial has not
                send_to_worker(study)

            transaction.on_commit(send, robust=True)
    except IntegrityError:
        # The same press arrived twice at once and the other was faster: theirs counts.
        storage.remove([study.pk])
        known = Study.objects.filter(owner_id=ticket.owner.pk, submission=ticket.token, position=position).first()
        if known is None:  # it was the owner that went: the account was deleted meanwhile
            raise PermissionDenied from None
        return Outcome(name, study=known, already_known=True)
    except BaseException:
        if is_stored(study):
            return Outcome(name, study=study)
        raise
    return Outcome(name, study=study)


def _answered(ticket: Ticket, radiograph: Radiograph, pixel_hash: str) -> Study | None:
    """The study in which this person has, or waits for, an answer to the same film."""
    if ticket.again:
        return None
    age = radiograph.header.age_years
    same = Study.objects.filter(is_an_answer(), owner_id=ticket.owner.pk, pixel_hash=pixel_hash)
    return next((study for study in same.order_by("-created_at") if _same_whose(study, ticket, age)), None)


def _queued(ticket: Ticket, position: int, radiograph: Radiograph, pixel_hash: str) -> Study:
    """The study that a radiograph becomes, not saved yet."""
    height, width = radiograph.pixels.shape
    header = asdict(radiograph.header)
    return Study(
        owner_id=ticket.owner.pk,
        label=ticket.label,
        patient_code=ticket.patient_code,
        submission=ticket.token,
        position=position,
        intended_use_version=intended_use.VERSION,
        intended_use_at=ticket.confirmed_at,
        operating_point=ticket.operating_point,
        bulk=ticket.bulk,
        stated_population=ticket.population,
        width=width,
        height=height,
        source_format=radiograph.format,
        pixel_hash=pixel_hash,
        uid_hash=header.pop("uid_hash"),
        header=header,
        notices=[asdict(notice) for notice in radiograph.notices],
    )


def is_stored(study: Study) -> bool:
    """Whether a commit that ended in an error got through all the same; if surely not, the files go.

    If the database cannot tell, they stay until it can: the next submission asks once more, and so does the daily
    tidying.
    """
    try:
        if Study.objects.filter(pk=study.pk).exists():
            return True
    except (DatabaseError, InterfaceError):
        _doubtful[study.pk] = time.monotonic()
        return False
    storage.remove([study.pk])
    return False


_doubtful: dict[
    uuid.UUID, float
] = {}  # studies of which this process does not know whether they are stored, since when


def settle_doubtful() -> None:
    """Remove the files of those that turned out not to be stored; young ones may be about to be."""
    old = [name for name, since in [*_doubtful.items()] if time.monotonic() - since > DOUBT_SECONDS]
    if not old:
        return
    stored = set(Study.objects.filter(pk__in=old).values_list("pk", flat=True))
    storage.remove(name for name in old if name not in stored)
    for name in old:
        _doubtful.pop(name, None)
