"""The field's own words in code, pages and documents: what once stood beside them stays away."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORDS = r"judg[a-z]*|said|anew|nought|fairness|twins?|surroundings|asks?[ _]again|asked[ _]again"
GONE = re.compile(rf"(?<![a-z])({WORDS})(?![a-z])", re.IGNORECASE)  # an underscore ends a word, too
ENDINGS = {".py", ".html", ".js", ".css", ".md", ".toml", ".typ"}
# Old migrations, their tests and the sentences of published cards stay as they are; what was tried is told in the
# words of its time, with a legend. This file names them all.
KEPT = (
    "migration",
    "ml/artifacts",
    "docs/experiments.md",
    "diagnosis/results/card_sentences.py",
    "tests/test_words.py",
)


def test_words_that_have_a_better_one_are_gone() -> None:
    files = [ROOT / name for name in ("manage.py", "README.md", "CHANGELOG.md", "CONTRIBUTING.md")]
    for folder in (
        "benchmarks",
        "clients",
        "deploy",
        "diagnosis",
        "docs",
        "ml",
        "pneumoweb",
        "static",
        "templates",
        "tests",
        "tools",
    ):
        files += [file for file in (ROOT / folder).rglob("*") if file.suffix in ENDINGS]
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for file in files
        if not any(kept in (name := file.relative_to(ROOT).as_posix()) for kept in KEPT)
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if GONE.search(line) and "diagnosis.migrations." not in line  # names of old migrations
    ]
    assert found == []
