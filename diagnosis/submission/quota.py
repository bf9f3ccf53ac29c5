"""How many files and bytes one person may submit in a day, counted so that two requests at once cannot both pass."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F
from django.utils import timezone

from diagnosis.models import DailyUse

KEPT_DAYS = 31


@dataclass(frozen=True, slots=True)
class Rest:
    """What a person may still submit today (UTC)."""

    films: int
    bytes: int


def today() -> dt.date:
    """The day that counts, the same for everybody: that of UTC."""
    return timezone.now().astimezone(dt.UTC).date()


def take(owner: AbstractBaseUser, size: int) -> bool:
    """Count one file of ``size`` bytes against today's quota, by one conditional UPDATE; ``False``: it is spent."""
    day = today()
    DailyUse.objects.get_or_create(user_id=owner.pk, day=day)
    rows = DailyUse.objects.filter(user_id=owner.pk, day=day)
    room = rows.filter(films__lt=settings.QUOTA_FILMS_PER_DAY, bytes__lte=settings.QUOTA_BYTES_PER_DAY - size)
    return bool(room.update(films=F("films") + 1, bytes=F("bytes") + size))


def rest(owner: AbstractBaseUser) -> Rest:
    """What is left of today's quota."""
    used = DailyUse.objects.filter(user_id=owner.pk, day=today()).first()
    films, size = (used.films, used.bytes) if used else (0, 0)
    return Rest(max(0, settings.QUOTA_FILMS_PER_DAY - films), max(0, settings.QUOTA_BYTES_PER_DAY - size))


def seconds_to_midnight() -> int:
    """Until the next day's quota begins."""
    now = timezone.now().astimezone(dt.UTC)
    return (
        int((now.replace(hour=0, minute=0, second=0, microsecond=0) + dt.timedelta(days=1) - now).total_seconds()) + 1
    )


def forget_old() -> int:
    """Delete what was counted more than a month ago; how many rows there were."""
    return DailyUse.objects.filter(day__lt=today() - dt.timedelta(days=KEPT_DAYS)).delete()[0]
