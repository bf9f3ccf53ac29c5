"""The documents: their links lead somewhere, and the files, names and commands that they promise are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from diagnosis.submission.submit import limits
from ml import Limits
from tests.places import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_and_picture_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", document.read_text())
    missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`(?:[A-Z]+=\S+ )?make ([a-z]+)`", document.read_text()))
    assert named <= targets


def test_the_limits_of_intake_are_the_site_s_and_the_documented_ones() -> None:
    text = (ROOT / "docs" / "intake.md").read_text()
    assert limits() == Limits(), "with nothing set, the site takes what ml takes by itself"
    assert f"at most {limits().max_bytes // 10**6} MB and {limits().max_pixels // 10**6} million pixels" in text


@pytest.mark.parametrize("module", ["diagnosis/submission/uploads.py", "diagnosis/submission/submit.py"])
def test_every_code_of_the_door_is_documented(module: str) -> None:
    codes = re.findall(r'(?:IntakeError|ArchiveError)\(\s*"([A-Z_]+)"', (ROOT / module).read_text())
    assert codes
    text = (ROOT / "docs" / "intake.md").read_text()
    assert [code for code in codes if f"`{code}`" not in text] == []


def test_the_files_that_the_threat_model_names_exist() -> None:
    text = (ROOT / "docs" / "security.md").read_text()
    named = set(re.findall(r"`((?:\w+/)*test_\w+\.py)`", text))
    assert named
    assert [name for name in sorted(named) if not (ROOT / "tests" / name).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_of_the_repository_that_is_named_exists(document: Path) -> None:
    rooms = "ml|diagnosis|pneumoweb|tests|tools|benchmarks|templates|static|docs|deploy"
    named = re.findall(rf"`((?:{rooms})/[\w./-]+\.(?:py|html|js|css|typ|md|svg))`", document.read_text())
    # Lists of tests name them from tests/ on.
    assert [name for name in named if not any((ROOT / part / name).is_file() for part in ("", "tests"))] == []


def test_every_name_that_a_docstring_refers_to_exists() -> None:
    missing = []
    for path in (path for room in ("ml", "diagnosis", "tests", "benchmarks") for path in (ROOT / room).rglob("*.py")):
        for name in re.findall(r":(?:mod|func|meth|class|data):`((?:ml|diagnosis|tests)\.[\w.]+)`", path.read_text()):
            parts = name.split(".")
            files = {length: ROOT.joinpath(*parts[:length]).with_suffix(".py") for length in range(1, len(parts) + 1)}
            files |= {
                length: file for length in files if (file := ROOT.joinpath(*parts[:length], "__init__.py")).is_file()
            }
            module = max(length for length, file in files.items() if file.is_file())
            if any(part not in files[module].read_text() for part in parts[module:]):
                missing.append(f"{path.relative_to(ROOT)}: {name}")
    assert missing == []
