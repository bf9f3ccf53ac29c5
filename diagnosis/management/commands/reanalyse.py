"""`manage.py reanalyse --model V --where QUERY`: studies answered earlier, once more by the active model."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from diagnosis.history.keyset import Order, batches
from diagnosis.management.choice import chosen, owner_called
from diagnosis.management.progress import Progress
from diagnosis.models import ModelVersion, State, Study, StudyQuerySet
from diagnosis.worker.bulk_reanalysis import Change, due, reanalyse_all
from ml import csv_line

COLUMNS = [
    "study", "state_before", "finding_before", "probability_before",
    "state", "finding", "probability", "reason_code", "model_version",
]  # fmt: skip
DIGITS = 8  # of a SHA-256 that name a model, at least


class Command(BaseCommand):
    """Have studies reanalysed; started once more, it goes on where it stopped. Earlier answers are kept."""

    help = "Have the active model reanalyse studies that it has not answered, behind whatever people submit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument(
            "--model", required=True, metavar="V",
            help="the model that is to answer, which must be the active one: its version, or digits of its SHA-256",
        )  # fmt: skip
        parser.add_argument("--owner", help="user name (default: everybody's studies)")
        parser.add_argument(
            "--where", default="", metavar="QUERY",
            help="filters as in the history's address, e.g. 'finding=pneumonia&since=2026-11-01'",
        )  # fmt: skip
        parser.add_argument("--yes", action="store_true", help="do not ask whether to go on")
        parser.add_argument("--report", type=Path, help="CSV of each study before and after, written as it goes")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Reanalyse and wait for the answers; exit status 0, or 1 where a study failed.

        Raises:
            CommandError: wrong usage, or nobody confirmed.
        """
        version = self._active(options["model"])
        owners = [owner_called(options["owner"])] if options["owner"] else list(User.objects.order_by("pk"))
        rows = [chosen(owner, options["where"])[0].filter(due(version)) for owner in owners]
        counts = [found.count() for found in rows]
        total = sum(counts)
        if not total:
            waiting = Study.objects.filter(owner__in=owners).pending().count()
            self.stdout.write(f"There is nothing to reanalyse; {waiting} studies wait in the queue already.")
            return
        self._confirm(total, sum(map(bool, counts)), version, options["yes"])
        results = self._reanalyse([found for found, count in zip(rows, counts, strict=True) if count], total,
                                  options["report"])  # fmt: skip
        totals = [f"{results[what]} {what}" for what in (State.DONE, State.REJECTED, State.FAILED, "deleted")]
        self.stdout.write(f"{', '.join(totals)}; {results['changed']} findings changed.")
        if results[State.FAILED]:
            sys.exit(1)

    def _active(self, text: str) -> ModelVersion:
        by_hash = Q(sha256__startswith=text.lower()) if len(text) >= DIGITS else Q()
        found = ModelVersion.objects.defer("card").filter(Q(version=text) | by_hash)
        version = found.filter(active=True).first()
        if version is None:
            active = ModelVersion.objects.defer("card").filter(active=True).first()
            what = "is not active" if found.exists() else "is not known here"
            raise CommandError(
                f"The model “{text}” {what}. Studies are answered by the active one: {active or 'none'}."
            )
        return version

    def _confirm(self, studies: int, people: int, version: ModelVersion, yes: bool) -> None:
        what = "1 study" if studies == 1 else f"{studies} studies"
        whose = "1 person" if people == 1 else f"{people} people"
        text = f"{what} of {whose} {'is' if studies == 1 else 'are'} reanalysed by model {version}."
        if yes:
            self.stdout.write(text)
        elif not sys.stdin.isatty():
            raise CommandError(f"{text} Add --yes to go on.")
        elif input(f"{text} Their earlier answers are kept. Go on? [y/N] ").strip().lower() not in ("y", "yes"):
            raise CommandError("Nothing was changed.")

    def _reanalyse(self, rows: list[StudyQuerySet], total: int, report: Path | None) -> Counter[str]:
        results: Counter[str] = Counter()
        progress, done = Progress(self.stderr, total), 0
        with ExitStack() as stack:
            try:
                file = stack.enter_context(report.open("w", newline="", encoding="utf-8")) if report else None
            except OSError as error:
                raise CommandError(f"{report} cannot be written: {error.strerror}") from None
            if file:
                file.write(csv_line(COLUMNS))
            for change, waiting in reanalyse_all(_one_by_one(rows)):
                if change is not None:
                    done += 1
                    results[change.after.state if change.after else "deleted"] += 1
                    results["changed"] += bool(change.after and change.after.finding != change.before.finding)
                    if file:
                        file.write(csv_line(_row(change)))
                        file.flush()
                progress.say(min(done, total), waiting)
        return results


def _one_by_one(rows: list[StudyQuerySet]) -> Iterator[Study]:
    """Oldest first, person by person, by keyset: rows that are done leave the selection without moving the others."""
    for found in rows:
        for batch in batches(found, Order("created_at")):
            yield from batch


def _row(change: Change) -> list[object]:
    before, after = change.before, change.after
    now = (after.state, after.finding, after.probability, after.reason_code) if after else ("deleted", "", None, "")
    version = after.predicted_by.version if after and after.predicted_by else ""
    return [before.pk, before.state, before.finding, before.probability, *now, version]
