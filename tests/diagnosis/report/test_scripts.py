"""Reports in every script: shaped, embedded, read from the right side, and readable for machines."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import unicodedata
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from diagnosis.models import Study
from diagnosis.report.scripts import as_set, fonts_for, from_the_right
from tests.conftest import signed_in
from tests.diagnosis.reviews.drawn_readings import reading, with_heat

pytestmark = pytest.mark.django_db

LABELS = {
    "hebrew": "צילום חזה של יעל",
    "arabic": "صورة الصدر لمحمد",
    "chinese": "左肺炎 胸部X光片",
    "hindi": "बच्चे का निमोनिया क्षत्रिय",
    "emoji": "Film 🩻 lungs 🫁",
    "russian": "Снимок лёгких",
    "greek": "Ακτινογραφία θώρακος",
    "japanese": "胸部レントゲン写真です",
    "korean": "흉부 엑스레이",
    "thai": "ภาพถ่ายทรวงอก",
}


def report(client: Client, study: Study) -> bytes:
    """The PDF."""
    return client.get(reverse("study_report", args=[study.pk])).content


def shown(text: str) -> str:
    """Without the marks of direction that a reader of PDFs adds."""
    return " ".join("".join(letter for letter in text if unicodedata.category(letter) != "Cf").split())


def text_of(pdf: bytes, folder: Path) -> str:
    """As poppler reads it."""
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler-utils is not installed")
    (folder / "report.pdf").write_bytes(pdf)
    output = subprocess.run(["pdftotext", str(folder / "report.pdf"), "-"], capture_output=True, check=True)
    return shown(output.stdout.decode())


@pytest.mark.parametrize("script", list(LABELS))
def test_label_comment_and_name_can_be_read_back(db: None, tmp_path: Path, script: str) -> None:
    words = LABELS[script]
    reader = User.objects.create_user(words.replace(" ", "_")[:30], password=None)
    study = with_heat(reader)
    Study.objects.filter(pk=study.pk).update(label=words)
    reading(study, reader, "normal", agreement="disagree", comment=f"{words} {words}\n{words}")
    pdf = report(signed_in(reader), study)
    if folder := os.environ.get("KEEP_REPORTS"):
        (Path(folder) / f"{script}.pdf").write_bytes(pdf)
    assert text_of(pdf, tmp_path).count(shown(words)) >= 4  # title, fact, two lines of the comment
    fonts = [
        font.get_object() for page in PdfReader(io.BytesIO(pdf)).pages for font in page["/Resources"]["/Font"].values()
    ]
    assert all("/ToUnicode" in font for font in fonts)
    for font in fonts:
        for part in font["/DescendantFonts"]:
            descriptor = part.get_object()["/FontDescriptor"]
            assert {"/FontFile2", "/FontFile3"} & set(descriptor), "not embedded"
    assert len(pdf) < 400_000


def test_what_pypdf_reads_has_every_word(owner: User, owner_client: Client) -> None:
    study = with_heat(owner)
    for script in ("hebrew", "arabic", "chinese", "emoji", "russian"):
        Study.objects.filter(pk=study.pk).update(label=LABELS[script])
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(report(owner_client, study))).pages)
        for word in LABELS[script].split():
            assert word in text, word


@pytest.mark.parametrize(
    ("text", "right"), [("abc", False), ("שלום abc", True), ("12 مرحبا", True), ("a שלום", False), ("12", False)]
)
def test_the_first_letter_says_from_which_side_it_is_read(text: str, right: bool) -> None:
    assert from_the_right(text) is right


def test_each_script_is_asked_for_its_own_font_first() -> None:
    assert fonts_for("plain") == ["Noto Sans"]
    assert fonts_for("שלום")[0] == "Noto Sans Hebrew"
    assert fonts_for("ひ肺")[0] == "Noto Sans CJK JP"
    assert fonts_for("폐 肺")[0] == "Noto Sans CJK KR"
    assert fonts_for("肺")[0] == "Noto Sans CJK SC"


def test_control_characters_do_not_reach_the_page() -> None:
    assert as_set("a\x00\x07b\nc")["text"] == "ab\nc"


def test_markup_in_a_label_stays_text(owner: User, owner_client: Client, tmp_path: Path) -> None:
    study = with_heat(owner)
    label = '#panic("x") $x$ *b* _i_ `c` @r <l> \\ "q" #read("/etc/passwd")'
    Study.objects.filter(pk=study.pk).update(label=label)
    assert label in text_of(report(owner_client, study), tmp_path)
