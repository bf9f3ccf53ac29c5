"""docs/asvs.md answers each requirement of ASVS 5.0.0's levels 1 and 2 once, and what it names as evidence is there."""

from __future__ import annotations

import re

from tests.places import ROOT

LEVELS = {
    f"{section}.{number}": int(level)
    for section, levels in (
        line.split() for line in (ROOT / "tests/asvs_levels.txt").read_text().splitlines() if not line.startswith("#")
    )
    for number, level in enumerate(levels, 1)
}
ROWS = re.findall(r"^\| (\d[\d., ]*) \| (\S+) \| (.+) \|$", (ROOT / "docs/asvs.md").read_text(), re.MULTILINE)


def test_the_list_is_that_of_the_standard() -> None:
    assert [list(LEVELS.values()).count(level) for level in (1, 2, 3)] == [70, 183, 92]


def test_each_requirement_of_levels_1_and_2_is_answered_once() -> None:
    answered = [requirement for ids, _verdict, _text in ROWS for requirement in ids.split(", ")]
    wanted = [requirement for requirement, level in LEVELS.items() if level < 3]
    assert sorted(answered) == sorted(wanted)


def test_each_answer_is_a_verdict_and_what_is_missing_is_told() -> None:
    for ids, verdict, text in ROWS:
        assert verdict in {"met", "partly", "missing", "out"}, ids
        assert text.strip(), ids
        if verdict == "partly":
            assert "Missing" in text or "operator" in text, ids


def test_what_is_named_as_evidence_is_there() -> None:
    for ids, _verdict, text in ROWS:
        for path in re.findall(r"`([\w.-]+(?:/[\w.-]+)+|test_\w+\.py|requirements\.txt)`", text):
            assert (ROOT / path).exists() or (ROOT / "tests" / path).exists(), (ids, path)
        for page, section in re.findall(r"\[\w+\.md\]\((\w+\.md)\), \"([^\"]+)\"", text):
            assert f"## {section}\n" in (ROOT / "docs" / page).read_text(), (ids, section)
