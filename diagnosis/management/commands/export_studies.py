"""`manage.py export_studies --owner NAME --format csv|jsonl|zip --out FILE`: a person's studies, streamed."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from diagnosis.accounts.data_export import archive
from diagnosis.history import exports
from diagnosis.history.keyset import batches
from diagnosis.management.choice import chosen, owner_called


class Command(BaseCommand):
    """The export of the history, with its filters, for whoever looks after the site."""

    help = "Export one person's studies as CSV, JSON lines, or a ZIP with radiographs and heat maps."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("--owner", required=True, help="user name")
        parser.add_argument("--format", required=True, choices=("csv", "jsonl", "zip"))
        parser.add_argument("--out", type=Path, help="file to write (default: the standard output)")
        parser.add_argument(
            "--where", default="", metavar="QUERY",
            help="filters as in the history's address, e.g. 'finding=pneumonia&since=2026-11-01'; not for zip",
        )  # fmt: skip

    def handle(self, *_args: Any, **options: Any) -> None:
        """Export.

        Raises:
            CommandError: wrong usage, or the file cannot be written.
        """
        owner = owner_called(options["owner"])
        if options["format"] == "zip":
            if options["where"]:
                raise CommandError("A ZIP holds everything of one person: leave --where out.")
            chunks = archive(owner)
        else:
            chunks = (text.encode() for text in self._table(owner, options["where"], options["format"]))
        out = options["out"]
        try:
            with out.open("wb") if out else sys.stdout.buffer as target:
                for chunk in chunks:
                    target.write(chunk)
        except OSError as error:
            raise CommandError(f"{out or 'The standard output'} cannot be written: {error.strerror}") from None

    def _table(self, owner: User, where: str, kind: str) -> Iterator[str]:
        rows, order = chosen(owner, where)
        records = (
            exports.as_record(study) for batch in batches(exports.with_all(rows, owner), order) for study in batch
        )
        if kind == "csv":
            return exports.as_csv(records)
        return (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
