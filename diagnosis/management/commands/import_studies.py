"""`manage.py import_studies SOURCE --owner NAME`: thousands of radiographs into one person's history."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from diagnosis.management.progress import Progress
from diagnosis.submission import bulk
from diagnosis.submission.intended_use import STATEMENT
from ml import csv_line

COLUMNS = ["file", "study", "outcome", "code", "explanation"]
CHECK_EVERY = 50  # files between two looks at how many wait


class Command(BaseCommand):
    """Submit every radiograph of a folder or a list; started once more, it goes on where it stopped."""

    help = "Import radiographs from a folder, a list of paths, or a CSV with the columns file and label."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("source", type=Path, help="a folder, a .csv (file, label) or a text file of paths")
        parser.add_argument("--owner", required=True, help="user name of the person whose studies they become")
        parser.add_argument("--label-from-name", action="store_true", help="label each study with its file's name")
        parser.add_argument("--again", action="store_true", help="also analyse pixels submitted before")
        parser.add_argument("--population", choices=("child", "adult"), default="", help="whose films these are where "
                            "their files do not say; by itself the image check estimates it")  # fmt: skip
        parser.add_argument("--report", type=Path, help="CSV of what became of each file, written as it goes")
        parser.add_argument(
            "--intended-use-confirmed",
            action="store_true",
            help="required: the owner has read and accepted what PneumoWeb is for",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Import; exit status 0, or 1 where a file was refused.

        Raises:
            CommandError: wrong usage.
        """
        if not options["intended_use_confirmed"]:
            raise CommandError(f"Add --intended-use-confirmed if the owner agrees: {STATEMENT}")
        owner = User.objects.filter(username=options["owner"], is_active=True).first()
        if owner is None:
            raise CommandError(f"There is no active account “{options['owner']}”.")
        try:
            found = bulk.items(options["source"], options["label_from_name"])
        except bulk.ListError as error:
            raise CommandError(str(error)) from None
        if not found:
            raise CommandError(f"There is no file to import in {options['source']}.")
        counts = self._import(owner, found, options["again"], options["population"], options["report"])
        self.stdout.write(", ".join(f"{counts[what]} {what}" for what in ("submitted", "known", "refused")) + ".")
        if counts["refused"]:
            sys.exit(1)

    def _import(
        self, owner: User, found: list[bulk.Item], again: bool, population: str, report: Path | None
    ) -> Counter[str]:
        counts: Counter[str] = Counter()
        progress, waiting = Progress(self.stderr, len(found)), [0]
        try:
            file = report.open("w", newline="", encoding="utf-8", errors="surrogateescape") if report else None
        except OSError as error:
            raise CommandError(f"{report} cannot be written: {error.strerror}") from None
        if file:
            file.write(csv_line(COLUMNS))
        for number, (item, outcome) in enumerate(bulk.import_all(owner, found, again, population), start=1):
            row = bulk.row_of(item, outcome)
            counts[row[2]] += 1
            if file:
                file.write(csv_line(row))
                file.flush()
            if number % CHECK_EVERY == 0:
                bulk.wait_while_full(owner, waiting.append)
            progress.say(number, waiting[-1])
        if file:
            file.close()
        return counts
