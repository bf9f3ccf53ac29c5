"""The open pages: who may read them, what they must say, and what they say when the model card is gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.robotparser import RobotFileParser

import pytest
from django.contrib.auth.models import User
from django.template import Context, Template
from django.test import Client
from django.urls import reverse

from diagnosis.models import ModelVersion

pytestmark = pytest.mark.django_db
OPEN = ["landing", "sample_first", "about", "about_model", "about_privacy", "help", "account_login", "account_signup"]
CLOSED = ["studies", "study_new", "account_email", "account_change_password", "mfa_index"]


@pytest.mark.parametrize("name", OPEN)
def test_anyone_may_read_the_open_pages(client: Client, name: str) -> None:
    answer = client.get(reverse(name))
    assert answer.status_code == 200
    assert "· PneumoWeb</title>" in answer.text


@pytest.mark.parametrize("name", CLOSED)
def test_everything_else_asks_who_it_is(client: Client, name: str) -> None:
    answer = client.get(reverse(name))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("account_login"))


@pytest.mark.parametrize("name", OPEN)
def test_no_page_asks_for_anything_from_elsewhere_or_runs_anything_inline(client: Client, name: str) -> None:
    page = client.get(reverse(name)).text
    assert 'src="http' not in page
    assert "<style" not in page
    assert " style=" not in page
    assert "<script>" not in page
    assert " onclick=" not in page


@pytest.mark.parametrize("name", ["landing", "about", "about_model"])
def test_nobody_can_take_it_for_a_medical_device(client: Client, name: str) -> None:
    page = client.get(reverse(name)).text
    assert "medical device" in page
    assert "Accuracy." in page or "Accuracy:" in page
    assert "Not medical advice." in page


def test_a_site_for_both_says_so_and_one_for_children_alone_speaks_of_children(client: Client, settings: Any) -> None:
    for name in ("landing", "about", "help"):
        assert "adults" in client.get(reverse(name)).text, name
    settings.POPULATIONS = ["child"]
    page = client.get(reverse("landing")).text
    assert "<h1>A second look at children’s chest radiographs</h1>" in page
    assert "adult" not in page
    assert "this site answers for children aged 1 to 5 alone" in client.get(reverse("help")).text


def test_the_sources_are_named_as_their_licence_asks(client: Client) -> None:
    page = client.get(reverse("about")).text
    for words in ("Kermany", "Mendeley Data, 2018", "CC BY 4.0", "172 (2018)", "ChestX-ray14", "COVID-CXNet", "MIT"):
        assert words in page


def test_a_card_that_cannot_be_read_gives_no_figures_and_says_so(client: Client) -> None:
    ModelVersion.objects.create(sha256="0" * 64, version="1", card={}, active=True)
    page = client.get(reverse("about_model")).text
    assert "cannot be read" in page
    assert "Sensitivity" not in page
    assert client.get(reverse("about")).status_code == 200


@pytest.mark.parametrize("name", ["card", "nothing", "metrics"])
def test_only_figures_are_served_from_the_artefact(client: Client, name: str) -> None:
    assert client.get(reverse("about_model_figure", args=[name])).status_code == 404


def test_a_page_that_is_not_there_is_a_404_in_the_site_s_style(owner_client: Client) -> None:
    answer = owner_client.get("/nothing/here/")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def test_a_form_from_a_past_session_is_refused_with_words(owner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    answer = client.post(reverse("account_logout"))
    assert answer.status_code == 403
    assert "form has expired" in answer.text


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "413", "429", "500"])
def test_each_error_page_stands_without_a_request(name: str) -> None:
    from django.template.loader import render_to_string

    assert "PneumoWeb" in render_to_string(f"{name}.html")


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.632, "63 %"), (0.0049, "< 1 %"), (0.9951, "> 99 %"), (0.0, "0 %"), (1.0, "100 %"), (None, "–"), (0.5, "50 %")],
)
def test_a_probability_is_never_shown_as_nothing_or_everything(value: float | None, shown: str) -> None:
    output = Template("{% load pneumoweb %}{{ p|percent }}").render(Context({"p": value}))
    assert output.replace("\xa0", " ").replace("&lt;", "<").replace("&gt;", ">") == shown


def test_every_icon_that_is_asked_for_is_drawn(settings: Any) -> None:
    import re

    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (settings.BASE_DIR / "static/img/icons.svg").read_text()))
    pages: list[Path] = list((settings.BASE_DIR / "templates").rglob("*.html"))
    asked = {name for page in pages for name in re.findall(r'{% icon "([\w-]+)"', page.read_text())}
    assert asked <= drawn


def test_search_engines_find_the_open_pages_and_are_asked_to_leave_the_rest_alone(client: Client) -> None:
    response = client.get("/robots.txt")
    assert response["Content-Type"].startswith("text/plain")
    rules = RobotFileParser()
    rules.parse(response.text.splitlines())
    assert all(rules.can_fetch("any", reverse(name)) for name in OPEN)
    for path in ("/admin/", "/api/v1/studies/", "/api/docs/", "/dicom-web/studies", "/metrics"):
        assert not rules.can_fetch("any", path)


def test_the_long_model_card_travels_compressed(client: Client) -> None:
    response = client.get(reverse("about_model"), headers={"accept-encoding": "gzip"})
    assert response["Content-Encoding"] == "gzip"
    assert len(response.content) < 90_000
