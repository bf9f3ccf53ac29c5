"""What ml says to people is known to the translation word for word, and reaches them in their language."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from diagnosis.results.translation import CARD, PATTERNS, SENTENCES, said, said_error
from ml import IntakeError, load_card

SPEAKING = (
    "apart burned_in card_draft containers dicom dicom_grey dicom_objects dicom_pixels gate gate_rules grey images"
)
SPEAKING += " raster sniff"
DYNAMIC = [
    "The file is larger than 50 MB.",
    "The picture is a strip of 40 × 4000 pixels.",
    "This file is a PDF document, not a radiograph.",
    "The file is damaged: it ends too early.",
    "The header gives an age of 34 years; the model was trained on children aged 1 to 5 years.",
]


def sentences_of(module: str) -> set[str]:
    """Whole sentences in a module of ml that are neither docstrings nor parts of others."""
    tree = ast.parse((Path(settings.BASE_DIR) / f"ml/{module}.py").read_text(encoding="utf-8"))
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    pieces = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in documentation | pieces
        and node.value[:1].isupper()
        and " " in node.value
        and node.value.endswith(".")
    }


@pytest.mark.parametrize("module", SPEAKING.split())
def test_every_sentence_of_ml_can_be_translated(module: str) -> None:
    assert sentences_of(module) - set(SENTENCES) - set(CARD) == set()


@pytest.mark.parametrize("text", [*SENTENCES, *CARD, *DYNAMIC])
def test_it_is_said_in_german_to_those_who_read_german(text: str) -> None:
    with translation.override("de"):
        assert said(text) != text


def test_the_card_that_is_published_speaks_german_to_those_who_read_german() -> None:
    card = load_card()
    with translation.override("de"):
        assert [text for text in (card.intended_use, card.population, *card.limits) if said(text) == text] == []


def test_numbers_and_words_inside_a_sentence_come_along() -> None:
    with translation.override("de"):
        assert "40 × 4000" in said(DYNAMIC[1])
        assert "PDF-Dokument" in said(DYNAMIC[2])


def test_english_and_what_is_not_known_stay_as_they_are() -> None:
    with translation.override("en"):
        assert [said(text) for text in DYNAMIC] == DYNAMIC
        assert said_error(IntakeError("X", "No.", "Try again.")) == "No. Try again."
    with translation.override("de"):
        assert said("Something new.") == "Something new."
    assert said_error(None) == ""


def test_each_pattern_finds_its_own_sentences() -> None:
    with translation.override("de"):
        for pattern in PATTERNS:
            assert said(pattern % tuple("1234"[: pattern.count("%s")])) != pattern
