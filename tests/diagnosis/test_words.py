"""One thing has one name everywhere: pages, lists, the admin, the messages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string

from diagnosis.history.filters import STATES
from diagnosis.history.summary import KINDS
from diagnosis.models import State

# What once stood beside the word that is used now.
GONE = {
    "threshold": r"cut-?off",
    "two-step sign-in": r"second factor",
    "Save": r"Keep (?:my|these|the diagnosis)|(?:review|reading|diagnosis|preferences) (?:is|are) kept\.",
    "Not suitable": r"Not analysed",
}
TEXT = re.compile(r"""(?:translate|_\(|gettext_lazy\()\s*["']([^"']+)["']""")


@pytest.mark.parametrize("word", GONE)
def test_the_other_word_for_it_is_gone(word: str) -> None:
    root = Path(settings.BASE_DIR)
    files = [*(root / "templates").rglob("*.html"), *(root / "diagnosis").glob("*.py")]
    found = [
        (file.name, text)
        for file in files
        for text in TEXT.findall(file.read_text(encoding="utf-8"))
        if re.search(GONE[word], text, re.IGNORECASE)
    ]
    assert found == []


def test_a_state_has_the_same_name_on_its_badge_in_the_filters_in_the_figures_and_in_the_admin() -> None:
    for state in (State.REJECTED, State.FAILED):
        assert str(state.label) in render_to_string("_state.html", {"state": state})
        assert dict(STATES)[state.value] == state.label
        assert KINDS[state.value][0] == state.label
