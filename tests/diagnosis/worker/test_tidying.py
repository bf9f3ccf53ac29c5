"""The daily tidying, and the one before a start: uploads that a killed web process left behind."""

from __future__ import annotations

import datetime as dt
import os
import time
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from diagnosis.tasks import tidy
from diagnosis.worker.orphans import remove_uploads


@pytest.fixture
def uploads(data_dir: Path) -> tuple[Path, Path]:
    """An upload of yesterday and one that is under way."""
    old, young = data_dir / "tmp" / "old.upload.dcm", data_dir / "tmp" / "young.upload.dcm"
    for file in (old, young):
        file.write_bytes(b"DOE^JANE")
    yesterday = time.time() - 24 * 3600
    os.utime(old, (yesterday, yesterday))
    return old, young


@pytest.mark.django_db
def test_tidying_removes_old_uploads_and_ended_sessions(uploads: tuple[Path, Path]) -> None:
    now = timezone.now()
    for key, ends in (("ended", now - dt.timedelta(days=1)), ("open", now + dt.timedelta(days=1))):
        Session.objects.create(session_key=key, session_data="", expire_date=ends)
    tidy()
    assert [file.exists() for file in uploads] == [False, True]
    assert [session.session_key for session in Session.objects.all()] == ["open"]


def test_before_a_start_all_of_them_go(uploads: tuple[Path, Path]) -> None:
    assert remove_uploads(older_than=0) == 2
