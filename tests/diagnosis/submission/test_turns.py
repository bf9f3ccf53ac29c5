"""One person's files that are slow to read hold two threads, not all; whoever else submits has theirs."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.utils import timezone

from diagnosis.submission import submit as door
from diagnosis.submission import turns
from diagnosis.submission.submit import Outcome, Ticket
from diagnosis.submission.uploads import submit_files
from tests.studies import drawn_film

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Every file takes until this is set to be read; nobody waits long for a turn."""
    read = threading.Event()
    known = door.read_radiograph

    def slowly(*arguments: Any, **options: Any) -> Any:
        assert read.wait(20)
        return known(*arguments, **options)

    monkeypatch.setattr(door, "read_radiograph", slowly)
    monkeypatch.setattr(turns, "WAIT_SECONDS", 0.1)
    yield read
    read.set()


def submits(owner: User, seeds: range) -> Callable[[], list[Outcome]]:
    """One request of this person's with a file for each seed, in a thread of the web server."""
    files = [SimpleUploadedFile(f"{seed}.png", drawn_film(seed)) for seed in seeds]
    ticket = Ticket(owner=owner, token=uuid.uuid4(), confirmed_at=timezone.now())

    def request() -> list[Outcome]:
        try:
            return submit_files(ticket, files)
        finally:
            connections.close_all()

    return request


def codes(outcomes: list[Outcome]) -> list[str]:
    return [outcome.error.code if outcome.error else "taken" for outcome in outcomes]


def test_a_flood_of_one_person_holds_two_threads_and_leaves_others_theirs(
    owner: User, stranger: User, slow: threading.Event
) -> None:
    with ThreadPoolExecutor(4) as threads:
        reading = [threads.submit(submits(owner, range(n, n + 1))) for n in range(2)]
        while turns._reading.total() < 2:  # no event tells when a thread is inside
            threading.Event().wait(0.01)
        refused = threads.submit(submits(owner, range(10, 16))).result(20)
        assert codes(refused) == [turns.BUSY] * 6, "and none of the six waited for itself"
        other = threads.submit(submits(stranger, range(20, 21)))
        while turns._reading.total() < 3:
            threading.Event().wait(0.01)
        slow.set()
        assert [codes(one.result(20)) for one in (*reading, other)] == [["taken"]] * 3
    assert not turns._reading


def test_some_threads_are_left_for_pages(owner: User, settings: Any) -> None:
    settings.WEB_THREADS = turns.FOR_PAGES + 1
    with turns.turn(1), pytest.raises(door.IntakeError, match="not read yet"), turns.turn(2):
        pass
