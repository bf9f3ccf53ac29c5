"""The drawings of the published networks speak the reader's language and have the page's colours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils.translation import override

from diagnosis.results.drawings import WORDS, drawing, in_words
from diagnosis.results.exam_labels import CHANGES
from ml import ARTIFACTS

DRAWN = sorted(ARTIFACTS.glob("*/*.svg"))
TEXT = re.compile(r"<(?:text[^>]*|title|desc)>([^<]+)<")
NUMBERS_ALONE = re.compile(r"[\d., %]+")


def test_there_are_drawings_of_both_networks() -> None:
    assert len(DRAWN) >= 14
    assert {file.parent.name for file in DRAWN} == {"adults", "pneumonia"}


@pytest.mark.parametrize("file", DRAWN, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_every_word_of_a_published_drawing_is_known(file: Path) -> None:
    with override("en"):
        texts = [in_words(text) for text in TEXT.findall(file.read_text(encoding="utf-8")) if text not in CHANGES]
    patterns = {re.sub(r"\d+(?:\.\d+)?", "%s", text.replace("%", "%%")) for text in texts}
    unknown = {pattern for pattern in patterns if not NUMBERS_ALONE.fullmatch(pattern.replace("%s", "0"))} - set(WORDS)
    assert unknown - {"AUC"} == set(), "after publishing with new words: add them to WORDS, and their German"


@pytest.mark.parametrize("file", DRAWN, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_no_colour_of_a_drawing_is_its_own_on_a_page_and_all_are_in_a_document_by_itself(file: Path) -> None:
    with override("en"):
        assert re.findall(r'(?:fill|stroke)="#\w+"', drawing(file)) == []
        assert "var(--pw-ink)" in drawing(file)
        assert 'fill="#ffffff"' in drawing(file, paper=True)


def test_numbers_are_written_as_the_language_writes_them() -> None:
    with override("de"):
        assert in_words("radiographs as they are: AUC 0.997") == "Aufnahmen, wie sie sind: AUC 0,997"
        assert in_words("false alarms (1 − specificity)") == "Fehlalarme (1 − Spezifität)"
        assert in_words("97.1 %") == "97,1 %"
        assert in_words("tight") == "beschnitten"
    with override("en"):
        assert in_words("97.1 %") == "97.1 %"
        assert in_words("tight") == "cropped"


def test_drawings_of_earlier_cards_say_radiograph_too() -> None:
    with override("en"):
        assert in_words("522 films of 273 patients outside training") == (
            "522 radiographs of 273 patients outside training"
        )
        assert in_words("films in each bin, films as they are") == "in each bin: radiographs as they are"


def test_words_longer_than_the_drawn_ones_stay_inside_the_drawing() -> None:
    with override("de"):
        text = drawing(next(file for file in DRAWN if file.stem == "robustness"))
    ends = re.findall(r'<text x="([\d.]+)" y="[\d.]+" font-size="([\d.]+)" text-anchor="end"[^>]*>([^<]+)<', text)
    assert "in die Höhe gezogen" in {words for _x, _size, words in ends}
    found = re.search(r'viewBox="(-\d+) 0 (\d+) 480"', text)
    assert found is not None
    left, width = map(int, found.groups())
    assert [words for x, size, words in ends if 0.55 * float(size) * len(words) > float(x) - left] == []
    assert left + width == 640


def test_a_word_that_nobody_knows_stays_as_it_was_drawn() -> None:
    with override("de"):
        assert in_words("a new word, 12.5 of them") == "a new word, 12,5 of them"
