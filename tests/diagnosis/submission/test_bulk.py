"""Imports of many files: by folder or list, once each however often it is started, and behind every person."""

from __future__ import annotations

import csv
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError

from diagnosis.models import Study
from diagnosis.server.private_redis import PrivateRedis
from diagnosis.submission.bulk import import_all, items
from diagnosis.worker.queue import broker, queue_length, send_to_worker
from tests.studies import drawn_film, submitted

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three drawn films, one of them in a folder of its own, and two files that are none."""
    found = tmp_path / "ward"
    (found / "more").mkdir(parents=True)
    for seed, name in enumerate(("a.png", "b.png", "more/c.png")):
        (found / name).write_bytes(drawn_film(seed))
    (found / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    (found / "notes.txt").write_text("passed over")
    return found


def run(source: Path, *options: str) -> tuple[int, str]:
    """Exit status and last line of the command."""
    out = StringIO()
    arguments = [str(source), "--owner", "owner", "--intended-use-confirmed", *options]
    try:
        call_command("import_studies", *arguments, stdout=out, stderr=StringIO())
    except SystemExit as end:
        return int(end.code or 0), out.getvalue().strip()
    return 0, out.getvalue().strip()


def test_a_folder_is_imported_past_its_bad_files(owner: User, folder: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.csv"
    assert run(folder, "--label-from-name", "--report", str(report)) == (1, "3 submitted, 0 known, 1 refused.")
    assert sorted(Study.objects.values_list("label", "bulk")) == [("a", True), ("b", True), ("c", True)]
    rows = {Path(row["file"]).name: row for row in csv.DictReader(report.open(newline=""))}
    assert (rows["broken.png"]["outcome"], rows["broken.png"]["study"]) == ("refused", "")
    assert rows["broken.png"]["code"]
    assert rows["a.png"]["study"] == str(Study.objects.get(label="a").pk)


def test_started_once_more_it_goes_on_where_it_was_killed(owner: User, folder: Path) -> None:
    steps = import_all(owner, items(folder))
    next(steps)
    next(steps)  # killed here
    assert Study.objects.count() == 2
    assert run(folder) == (1, "1 submitted, 2 known, 1 refused.")
    assert run(folder) == (1, "0 submitted, 3 known, 1 refused.")
    assert Study.objects.count() == 3


def test_a_file_that_changed_is_another_file(owner: User, folder: Path) -> None:
    run(folder)
    (folder / "a.png").write_bytes(drawn_film(17))
    assert run(folder) == (1, "1 submitted, 2 known, 1 refused.")


def test_lists_name_files_and_labels(owner: User, folder: Path) -> None:
    (folder / "list.csv").write_text("file,label\na.png,ward 7\nmore/c.png,\ngone.png,x\n", encoding="utf-8")
    assert run(folder / "list.csv") == (1, "2 submitted, 0 known, 1 refused.")
    assert sorted(Study.objects.values_list("label", flat=True)) == ["", "ward 7"]
    (folder / "list.txt").write_text("b.png\n\n", encoding="utf-8")
    assert run(folder / "list.txt") == (0, "1 submitted, 0 known, 0 refused.")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda folder: (folder / "nowhere", []), "cannot be read"),
        (lambda folder: (folder / "more" / "empty", []), "cannot be read"),
        (lambda folder: (folder, ["--owner", "nobody"]), "no active account"),
    ],
)
def test_wrong_usage_is_reported(owner: User, folder: Path, change: Callable[[Path], Any], words: str) -> None:
    source, options = change(folder)
    with pytest.raises(CommandError, match=words):
        run(source, *options)
    with pytest.raises(CommandError, match="intended-use-confirmed"):
        call_command("import_studies", str(folder), "--owner", "owner")


def test_imports_wait_in_a_queue_behind_what_people_submit(owner: User, live_redis: PrivateRedis) -> None:
    imported, by_hand = submitted(owner, 1, bulk=True), submitted(owner, 2)
    assert send_to_worker(imported)
    assert send_to_worker(by_hand)
    assert queue_length() == 2
    with broker() as client:
        assert [client.llen(queue.name) for queue in current_app.conf.task_queues] == [1, 1]
    with current_app.connection_for_read() as connection:
        taken: list[str] = []
        channel = connection.default_channel
        channel.qos.prefetch_count = 1
        for queue in current_app.conf.task_queues:
            consumer = connection.Consumer([queue(channel)], callbacks=[lambda _body, message: _take(message, taken)])
            consumer.consume()
        while len(taken) < 2:
            connection.drain_events(timeout=5)
    assert taken == ["pneumoweb", "pneumoweb-imports"]


def _take(message: Any, taken: list[str]) -> None:
    taken.append(message.delivery_info["routing_key"])
    message.ack()
