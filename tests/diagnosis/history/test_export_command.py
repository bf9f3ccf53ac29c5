"""`manage.py export_studies`: the history's own export, from the shell."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError

from diagnosis.history.exports import COLUMNS
from tests.studies import analysed, submitted

pytestmark = pytest.mark.django_db


def export(kind: str, out: Path, where: str = "") -> Path:
    call_command("export_studies", "--owner", "owner", "--format", kind, "--out", str(out), "--where", where)
    return out


def test_tables_hold_what_the_filters_choose(owner: User, tmp_path: Path) -> None:
    ill = analysed(owner, 1)
    submitted(owner, 2)
    with export("csv", tmp_path / "a.csv", "finding=pneumonia").open(newline="", encoding="utf-8-sig") as file:
        (row,) = csv.DictReader(file)
    assert (row["id"], list(row)) == (str(ill.pk), list(COLUMNS))
    lines = export("jsonl", tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["state"] for line in lines} == {"done", "queued"}


def test_a_zip_holds_the_pictures(owner: User, tmp_path: Path) -> None:
    study = analysed(owner, 1)
    with zipfile.ZipFile(export("zip", tmp_path / "a.zip")) as archive:
        assert any(name.startswith(f"films/{study.pk}") for name in archive.namelist())


@pytest.mark.parametrize("where", ["finding=maybe", "colour=red"])
def test_a_filter_that_means_nothing_exports_nothing(owner: User, tmp_path: Path, where: str) -> None:
    with pytest.raises(CommandError, match="--where cannot be used"):
        export("csv", tmp_path / "a.csv", where)
