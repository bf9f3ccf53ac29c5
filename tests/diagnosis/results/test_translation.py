"""Templates with parameters reach people in their language, with numbers as that language writes them."""

from __future__ import annotations

import pytest
from django.utils import translation

from diagnosis.results.card_sentences import CARD, PATTERNS, translate_card
from diagnosis.results.translation import translate, translate_error
from ml import IntakeError, load_card

STRIP = "The picture is a strip of %(width)d × %(height)d pixels."
DOCUMENT = "This file is %(kind)s, not a radiograph."


def test_numbers_and_terms_are_put_into_the_translated_template() -> None:
    with translation.override("de"):
        assert translate(STRIP, {"width": 40, "height": 4000}) == "Das Bild ist ein Streifen von 40 × 4000 Bildpunkten."
        assert (
            translate(DOCUMENT, {"kind": "a PDF document"})
            == "Diese Datei ist ein PDF-Dokument, keine Röntgenaufnahme."
        )
    with translation.override("en"):
        assert translate(DOCUMENT, {"kind": "a PDF document"}) == "This file is a PDF document, not a radiograph."


@pytest.mark.parametrize(("language", "shown"), [("de", "0,936 von 97 %"), ("en", "0.936 von 97 %")])
def test_decimals_have_the_readers_decimal_sign(language: str, shown: str) -> None:
    with translation.override(language):
        assert translate("%(auc).3f von %(share).0f %%", {"auc": 0.9361, "share": 97.2}) == shown


def test_a_name_is_put_in_as_it_is_even_where_it_is_a_word_of_ours() -> None:
    template = "“%(name)s” is damaged inside the ZIP archive, or packed in an unknown way."
    with translation.override("de"):
        assert "„Yes“" in translate(template, {"name": "Yes"})
        assert translate("Yes") != "Yes"


def test_a_sentence_without_parameters_keeps_its_per_cent_signs() -> None:
    assert translate("About 97 % of it.", {}) == "About 97 % of it."
    assert translate("") == ""


def test_what_is_not_known_is_shown_as_it_is() -> None:
    with translation.override("de"):
        assert translate("Something %(new)s.", {"new": "new"}) == "Something new."


def test_a_refusal_is_shown_as_message_and_advice() -> None:
    error = IntakeError("X", "%(found)d of %(most)d.", "Try %(most)d.", found=7, most=5)
    assert translate_error(error) == str(error) == "7 of 5. Try 5."
    assert translate_error(IntakeError("X", "No.")) == "No."
    assert translate_error(None) == ""


@pytest.mark.parametrize("text", CARD)
def test_a_card_s_sentence_is_translated(text: str) -> None:
    with translation.override("de"):
        assert translate_card(text) != text


def test_the_card_that_is_published_is_translated_with_decimal_commas() -> None:
    card = load_card()
    with translation.override("de"):
        assert [
            text
            for text in (
                card.intended_use,
                *(line for of in card.populations.values() for line in (of.description, *of.limits)),
            )
            if translate_card(text) == text
        ] == []
        pattern = next(pattern for pattern in PATTERNS if pattern.startswith("It also goes by"))
        assert "0,997" in translate_card(pattern % ("0.997", "0.936", "0.870"))


def test_each_pattern_finds_its_own_sentences() -> None:
    with translation.override("de"):
        for pattern in PATTERNS:
            assert translate_card(pattern % tuple("1234567890"[: pattern.count("%s")])) != pattern
            assert translation.gettext(pattern) != pattern
