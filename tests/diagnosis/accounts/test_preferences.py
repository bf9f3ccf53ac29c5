"""Preferences: kept per person, and followed by what comes after."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from diagnosis.models import Preferences, Study
from diagnosis.results.formatting import ends, share
from diagnosis.results.predictive_values import predictive_values
from ml import load_card
from tests.studies import analysed, drawn_film

pytestmark = pytest.mark.django_db
PAGE = "/preferences/"


def chosen(**fields: str) -> dict[str, str]:
    return {"operating_point": "balanced", **fields}


def test_who_has_chosen_nothing_sees_the_defaults_and_the_measured_figures(owner: User, owner_client: Client) -> None:
    analysed(owner)  # registers the model
    text = owner_client.get(PAGE).content.decode()
    assert 'value="balanced" checked' in text
    for population in ("Child, 1 to 5 years", "Adult"):
        _before, table = text.split(f"<caption>{population} ")
        assert table.partition("</table>")[0].count('data-label="Missed of 100"') == 3, "whose figures they are"
    assert text.count('type="radio"') == 3
    assert not Preferences.objects.exists()


def test_the_operating_point_goes_with_the_next_film(owner: User, owner_client: Client) -> None:
    owner_client.post(PAGE, chosen(operating_point="screening"))
    assert "Screening" in owner_client.get(reverse("study_new")).content.decode()
    film = SimpleUploadedFile("film.png", drawn_film(), "image/png")
    owner_client.post(reverse("study_new"), {"films": film, "intended_use": "on"})
    assert Study.objects.get().operating_point == "screening"


def test_a_tab_that_was_opened_earlier_undoes_nothing_that_another_has_saved_since(
    owner: User, owner_client: Client
) -> None:
    page = owner_client.get(PAGE).text
    shown = dict(re.findall(r'<input type="hidden" name="(was_\w+)" value="([^"]*)">', page))
    assert len(shown) == 5
    owner_client.post(PAGE, {**shown, **chosen(operating_point="screening", prevalence="20", reader_first="on")})
    owner_client.post(PAGE, {**shown, **chosen(time_zone="Europe/Berlin")})
    mine = Preferences.objects.get()
    assert (mine.operating_point, mine.prevalence, mine.reader_first) == ("screening", 0.2, True)
    assert mine.time_zone == "Europe/Berlin"


@pytest.mark.parametrize(
    "wrong",
    [
        {"operating_point": "lucky"},
        {"prevalence": "0"},
        {"prevalence": "100"},
        {"prevalence": "many"},
        {"time_zone": "Mars/Olympus"},
        {"language": "tlh"},
    ],
)
def test_what_is_impossible_is_refused(owner_client: Client, wrong: dict[str, str]) -> None:
    assert owner_client.post(PAGE, chosen(**wrong)).status_code == 422
    assert not Preferences.objects.exists()


def test_the_prevalence_gives_predictive_values_beside_the_result(owner: User, owner_client: Client) -> None:
    study = analysed(owner, probability=0.8)
    form = {"prevalence": "20", "next": study.get_absolute_url()}
    response = owner_client.post(reverse("preferences_prevalence"), form)
    assert response["Location"] == f"{study.get_absolute_url()}#prevalence"
    assert Preferences.objects.get(pk=owner.pk).prevalence == pytest.approx(0.2)
    text = owner_client.get(study.get_absolute_url()).content.decode()
    table = load_card().first.operating_points["balanced"].table
    assert table is not None
    panel = text.partition('id="prevalence"')[2].partition("</details>")[0]
    values = predictive_values(table, 0.2)
    found, none, left_open = (values.of(finding) for finding in ("pneumonia", "normal", "indeterminate"))
    for worth, of_whom in ((found.sick, "with"), (none.well, "without"), (left_open.sick, "with")):
        small = f'<span class="small">{ends(worth)} {of_whom} pneumonia</span>'
        assert f"<strong>{escape(share(worth))}</strong> {small}" in panel
    owner_client.post(reverse("preferences_prevalence"), {"prevalence": ""})
    assert Preferences.objects.get(pk=owner.pk).prevalence is None


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_the_way_back_stays_on_this_site(owner_client: Client, away: str) -> None:
    response = owner_client.post(reverse("preferences_prevalence"), {"prevalence": "5", "next": away})
    assert response["Location"] == PAGE


def test_times_and_texts_follow_the_person(owner: User, owner_client: Client) -> None:
    study = analysed(owner)
    owner_client.post(PAGE, chosen(time_zone="Asia/Kolkata", language="de"))
    text = owner_client.get(study.get_absolute_url()).content.decode()
    assert '<html lang="de"' in text
    assert 'data-time-zone="Asia/Kolkata"' in text
    assert "+05:30" in text


def test_the_choice_in_the_foot_overrules_the_preference(owner_client: Client) -> None:
    owner_client.post(PAGE, chosen(language="de"))
    owner_client.post(reverse("language"), {"language": "en", "next": PAGE})
    assert Preferences.objects.get().language == "en"
    assert '<html lang="en"' in owner_client.get(PAGE).content.decode()


def test_the_next_person_served_by_the_same_thread_has_their_own_zone(
    owner: User, owner_client: Client, stranger: User, stranger_client: Client
) -> None:
    owner_client.post(PAGE, chosen(time_zone="Asia/Kolkata"))
    owner_client.get(analysed(owner).get_absolute_url())
    assert "+05:30" not in stranger_client.get(analysed(stranger).get_absolute_url()).content.decode()


def test_reader_first_mode_keeps_its_beginning_while_it_is_on(owner: User, owner_client: Client) -> None:
    owner_client.post(PAGE, chosen(reader_first="on"))
    since = Preferences.objects.get().reader_first_since
    owner_client.post(PAGE, chosen(reader_first="on", prevalence="10"))
    assert Preferences.objects.get().reader_first_since == since is not None
    owner_client.post(PAGE, chosen())
    assert not Preferences.objects.get().reader_first
