"""The report as PDF: it opens, it says what the page says, and nobody gets it who must not."""

from __future__ import annotations

import io

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from diagnosis.models import Reference, Study
from diagnosis.results.card_sentences import as_radiographs
from diagnosis.results.context import card_of
from diagnosis.results.error_rates import consequences
from diagnosis.results.formatting import percent
from diagnosis.results.stated_probability import stated
from tests.diagnosis.reviews.drawn_readings import read_first, reading, with_heat
from tests.studies import analysed, submitted

pytestmark = pytest.mark.django_db


def pages(client: Client, study: Study) -> list[str]:
    """The text of each page, without the marks that keep an interval on one line."""
    response = client.get(reverse("study_report", args=[study.pk]))
    assert response.status_code == 200
    assert response["Content-Type"] == "application/pdf"
    found = [page.extract_text() for page in PdfReader(io.BytesIO(response.content)).pages]
    return [" ".join(text.replace("\N{WORD JOINER}", "").split()) for text in found]


def test_it_says_what_the_result_page_says(owner: User, owner_client: Client) -> None:
    study = with_heat(owner)
    Study.objects.filter(pk=study.pk).update(label="Übung <b>7</b> & co")
    reading(study, owner, "normal", agreement="disagree", comment="Looks clear <i>to me</i>.\nSecond line")
    Reference.record(study=study, author=owner, diagnosis="pneumonia", source="ct")
    text = " ".join(pages(owner_client, study))
    version = study.predictions.get().model_version
    of = card_of(version).first
    cuts, table = of.operating_points["balanced"].cuts, consequences(of, "balanced").rows
    for words in (
        "Signs of pneumonia", str(stated(of, 0.87)).replace("\N{NO-BREAK SPACE}", " ").replace("\N{WORD JOINER}", ""),
        "Übung <b>7</b> & co", "Operating point Balanced", f"pneumonia from {percent(cuts.rule_in)}",
        version.sha256, version.version, "positive predictive value",
        *(f"{row.films} radiographs of {row.patients} patients" for row in table),
        *(cell.of_100 for row in table for cell in row.cells),
        "Image check", "Unlike the films it learned from.", "Trust it less.",
        "Disagree", "Looks clear <i>to me</i>. Second line", "Pneumonia (CT)", "Heat map over a copy",
        " ".join(as_radiographs(of.description).split())[:60], " ".join(as_radiographs(of.limits[0]).split())[:60],
    ):  # fmt: skip
        assert " ".join(words.split()) in text, words


def test_an_age_and_a_time_are_rounded_and_not_cut_off(owner: User, owner_client: Client) -> None:
    study = analysed(owner, milliseconds=12.38)
    Study.objects.filter(pk=study.pk).update(header={"age_years": 4.96})
    text = " ".join(pages(owner_client, study))
    assert "5.0 years" in text
    assert "12.4 ms" in text


def test_every_page_has_both_disclaimers_and_its_number(owner: User, owner_client: Client) -> None:
    found = pages(owner_client, with_heat(owner))
    assert len(found) >= 2
    for number, text in enumerate(found, start=1):
        assert "The model is wrong on some radiographs" in text
        assert "This result is not a diagnosis" in text
        assert f"Page {number} of {len(found)}" in text


def test_film_and_overlay_are_in_it_and_the_stored_film_is_untouched(owner: User, owner_client: Client) -> None:
    study = with_heat(owner)
    before = owner_client.get(reverse("study_image", args=[study.pk])).getvalue()
    response = owner_client.get(reverse("study_report", args=[study.pk]))
    images = [image.image for page in PdfReader(io.BytesIO(response.content)).pages for image in page.images]
    assert [image.mode for image in images if image] == ["L", "RGB"]
    assert all(image.size == (study.width, study.height) for image in images if image)
    assert owner_client.get(reverse("study_image", args=[study.pk])).getvalue() == before


def test_a_rejected_film_gets_its_reason_and_no_number(owner: User, owner_client: Client) -> None:
    study = submitted(owner)
    attempt = study.claim()
    assert attempt is not None
    study.reject(attempt, "NOT_CHEST", "This is not a chest film.", "Send another.")
    text = " ".join(pages(owner_client, study))
    assert "This is not a chest film. Send another." in text
    assert "There is no finding and no probability." in text
    assert "Probability of pneumonia" not in text
    assert "Heat map" not in text


def test_a_waiting_film_has_no_report_yet(owner: User, owner_client: Client) -> None:
    study = submitted(owner)
    response = owner_client.get(reverse("study_report", args=[study.pk]))
    assert response["Location"] == study.get_absolute_url()


def test_a_film_to_be_read_first_has_no_report_yet(owner: User, owner_client: Client) -> None:
    read_first(owner)
    study = with_heat(owner)
    assert owner_client.get(reverse("study_report", args=[study.pk])).status_code == 302
    reading(study, owner, "normal")
    assert "Read before the model’s answer was shown" in " ".join(pages(owner_client, study))


def test_a_stranger_gets_404(owner: User, stranger_client: Client) -> None:
    assert stranger_client.get(reverse("study_report", args=[analysed(owner).pk])).status_code == 404


def test_any_script_in_a_label_gives_a_report(owner: User, owner_client: Client) -> None:
    study = analysed(owner)
    Study.objects.filter(pk=study.pk).update(label="Снимок 肺炎 🩻 ‮abc")
    assert pages(owner_client, study)


def test_a_very_long_comment_runs_over_pages(owner: User, owner_client: Client) -> None:
    study = analysed(owner)
    reading(study, owner, "normal", agreement="disagree", comment="word " * 399 + "end")
    assert "end" in " ".join(pages(owner_client, study))
    reading(study, owner, "normal", agreement="disagree", comment="x" * 2000)
    assert pages(owner_client, study)
    reading(study, owner, "normal", agreement="disagree", comment="\n" * 1998 + "x")
    assert pages(owner_client, study)
