"""The German translation is whole: every text of the program is in it, every page shows it, placeholders survive."""

from __future__ import annotations

import ast
import html
import io
import re
from collections.abc import Iterator
from gettext import GNUTranslations
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils.translation.template import templatize

FOLDER = Path(settings.BASE_DIR) / "locale/de/LC_MESSAGES"
KEYWORDS = ("_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext")
PLACEHOLDER = re.compile(r"%\(\w+\)s|%\(\w+\)d|%[sd]|%%|{\w+}")
PAGES = ["landing", "about", "about_model", "about_privacy", "help", "account_login", "account_signup"]
PAGES_INSIDE = ["studies", "study_new", "preferences", "performance", "mfa_index", "account_email"]


@pytest.fixture(scope="module")
def german() -> Catalog:
    """The translation as people edit it."""
    with (FOLDER / "django.po").open("rb") as file:
        return read_po(file, locale="de")


def texts_of_the_program() -> Iterator[tuple[Path, str]]:
    """Every text marked for translation in code and templates, as makemessages would find it."""
    root = Path(settings.BASE_DIR)
    for path in (*(root / "diagnosis").rglob("*.py"), *(root / "ml").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(text)), *_]) if name in KEYWORDS:
                    yield path, text
    for path in (root / "templates").rglob("*.*"):
        source = io.BytesIO(templatize(path.read_text(encoding="utf-8")).encode())
        for _line, _function, found, _comments in extract_python(source, KEYWORDS, [], {}):
            if text := found if isinstance(found, str) else next((part for part in found or () if part), ""):
                yield path, text


def test_every_text_is_in_the_translation(german: Catalog) -> None:
    assert [(path.name, text) for path, text in texts_of_the_program() if german.get(text) is None] == []


def test_nothing_is_translated_that_no_text_of_the_program_asks_for(german: Catalog) -> None:
    texts = {text for _path, text in texts_of_the_program()}
    ids = [message.id if isinstance(message.id, str) else message.id[0] for message in german if message.id]
    assert [text for text in ids if text not in texts] == []


def test_every_text_is_translated_with_its_placeholders(german: Catalog) -> None:
    for message in german:
        if not message.id:
            continue
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        translated = message.string if isinstance(message.string, tuple) else (message.string,)
        for original, found in zip(originals, translated, strict=True):
            assert found, original
            assert not message.fuzzy, original
            assert set(PLACEHOLDER.findall(found)) == set(PLACEHOLDER.findall(original)), original


def test_what_runs_is_what_people_edit(german: Catalog) -> None:
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = GNUTranslations(file)
    for message in german:
        if isinstance(message.id, str) and message.id:
            assert compiled.gettext(message.id) == message.string, "run manage.py compilemessages"


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES + PAGES_INSIDE)
def test_a_page_in_german_has_no_english_left(client: Client, owner_client: Client, german: Catalog, name: str) -> None:
    browser = owner_client if name in PAGES_INSIDE else client
    page = html.unescape(browser.get(reverse(name), headers={"accept-language": "de"}).text)
    assert '<html lang="de"' in page
    words = re.sub(r"\s+", " ", page)
    for message in german:
        if isinstance(message.id, str) and len(message.id) > 20 and message.string != message.id:
            assert message.id not in words
