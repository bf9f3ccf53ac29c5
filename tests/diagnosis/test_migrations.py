"""What studies kept before a migration is there after it, in the form of now; no migration depends on living code."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import translation

from diagnosis.models import Prediction, Study
from diagnosis.results.translation import translate
from tests.studies import analysed

messages = import_module("diagnosis.migrations.0009_messages_with_parameters")

OLD_WARNINGS = [
    {
        "code": "AGE_OUTSIDE_POPULATION",
        "message": "The header gives an age of 34 years; the model was trained on children aged 1 to 5 years.",
        "advice": "Its answer does not hold for this patient; do not rely on it.",
    },
    {"code": "BURNED_IN_TEXT", "message": "There seems to be writing in the margin of this film.", "advice": ""},
    {"code": "OTHER", "message": "Seen in 97 % of nothing.", "advice": ""},
]


@pytest.fixture
def old(owner: User) -> Study:
    """A study whose notices and warnings are finished English sentences, as they were before."""
    study = analysed(owner)
    Study.objects.filter(pk=study.pk).update(notices=OLD_WARNINGS[1:])
    Prediction.objects.filter(study=study).update(warnings=OLD_WARNINGS)
    return study


def test_finished_sentences_become_templates_and_are_shown_as_they_were(old: Study) -> None:
    messages.part(apps, None)
    warnings = Prediction.objects.get(study=old).warnings
    assert warnings[0]["parameters"] == {"years": 34}
    assert [warning["parameters"] for warning in warnings[1:]] == [{}, {}]
    with translation.override("en"):
        shown = [translate(warning["message"], warning["parameters"]) for warning in warnings]
    assert shown == [warning["message"] for warning in OLD_WARNINGS]
    old.refresh_from_db()
    assert [notice["parameters"] for notice in old.notices] == [{}, {}]


def test_they_go_back_to_what_they_were(old: Study) -> None:
    messages.part(apps, None)
    messages.join(apps, None)
    assert Prediction.objects.get(study=old).warnings == OLD_WARNINGS
    old.refresh_from_db()
    assert old.notices == OLD_WARNINGS[1:]


@pytest.mark.parametrize("text", messages.GIVEN_BEFORE)
def test_a_sentence_that_is_no_longer_raised_keeps_its_german(text: str) -> None:
    with translation.override("de"):
        assert translate(text) != text


@pytest.mark.parametrize(
    "path", sorted(Path(settings.BASE_DIR, "diagnosis/migrations").glob("0*.py")), ids=lambda p: p.stem
)
def test_a_migration_imports_no_living_code(path: Path) -> None:
    imported = {
        module
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for module in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    }
    ours = {name for name in imported if name.split(".")[0] in ("diagnosis", "ml", "pneumoweb")}
    # Django writes the name of a default's function into the migration that makes the column.
    assert ours <= ({"diagnosis.models"} if path.stem == "0001_initial" else set())
