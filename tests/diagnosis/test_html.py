"""Pages are valid HTML: no parse error by the standard's own algorithm, and nothing where it may not stand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from justhtml import Element, JustHTML, Node, Text

from diagnosis.models import Reference, Review, Source
from tests.diagnosis.reviews.drawn_readings import read_first, reading, with_heat
from tests.studies import analysed, submitted

pytestmark = pytest.mark.django_db
OPEN = ["landing", "sample_first", "about", "about_model", "about_privacy", "help", "account_login", "account_signup"]
OPEN += ["account_reset_password", "account_reset_password_done"]
INSIDE = ["studies", "study_new", "preferences", "performance", "studies_export_columns", "account_email"]
INSIDE += ["account_change_password", "account_logout", "mfa_index"]
ADMIN = ["index", "diagnosis_study_changelist", "diagnosis_prediction_changelist", "diagnosis_review_changelist"]
ADMIN += ["diagnosis_reference_changelist", "diagnosis_modelversion_changelist", "mfa_authenticator_changelist"]
ONLY = {"ul": {"li"}, "ol": {"li"}, "menu": {"li"}, "dl": {"dt", "dd", "div"}, "tr": {"th", "td"}}
ANYWHERE = {"script", "template"}
PRESSED = {"a", "button", "select", "textarea", "summary", "label"}
REFERENCES = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "list", "form")


def elements(node: Node) -> Iterator[Element]:
    """Every element below, in order."""
    for child in node.children or ():
        if isinstance(child, Element):
            yield child
            yield from elements(child)


def faults(page: str) -> list[str]:
    """What is wrong with a page, in words."""
    document = JustHTML(page, sanitize=False, collect_errors=True)
    found = [f"line {error.line}: {error.code}" for error in document.errors]
    every = list(elements(document.root))
    ids = [element.attrs["id"] for element in every if "id" in element.attrs]
    found += [f"id {one} stands more than once" for one in {one for one in ids if ids.count(one) > 1}]
    for element in every:
        below = [child for child in element.children or () if not isinstance(child, Text) or (child.data or "").strip()]
        allowed = ONLY.get(element.name)
        found += [
            f"<{child.name}> in <{element.name}>"
            for child in below
            if allowed and child.name not in allowed | ANYWHERE and child.name != "#comment"
        ]
        if element.name in ("a", "button"):
            found += [f"<{inner.name}> in <{element.name}>" for inner in elements(element) if inner.name in PRESSED]
        if element.name == "img" and "alt" not in element.attrs:
            found.append("<img> without alt")
        for name in REFERENCES:
            named = (element.attrs.get(name) or "").split()
            found += [f"{name}={one} leads nowhere" for one in named if one not in ids]
    return found


def test_the_checker_itself_finds_what_is_wrong() -> None:
    body = """<p><div></p><ul><p>x</ul><a href="/"><button>y</button></a><i id="a"></i><i id="a"></i>
        <label for="b">z</label><img src="/">"""
    found = " · ".join(
        faults(f"<!DOCTYPE html><html lang='en'><head><title>t</title></head><body>{body}</body></html>")
    )
    for fault in ("unexpected-end-tag", "<p> in <ul>", "<button> in <a>", "id a stands", "for=b leads", "without alt"):
        assert fault in found


@pytest.mark.parametrize("name", OPEN)
def test_open_pages_are_valid(client: Client, name: str) -> None:
    assert faults(client.get(reverse(name)).text) == []


@pytest.mark.parametrize("name", INSIDE)
def test_pages_behind_the_door_are_valid(owner: User, owner_client: Client, name: str) -> None:
    for study in (analysed(owner), submitted(owner, 1)):
        reading(study, owner, "normal", agreement="disagree") if study.prediction else None
    assert faults(owner_client.get(reverse(name)).text) == []


def test_every_state_of_a_study_is_valid(owner: User, owner_client: Client) -> None:
    done, waiting, refused, failed = with_heat(owner), submitted(owner, 1), submitted(owner, 2), submitted(owner, 3)
    for study, end in ((refused, refused.reject), (failed, failed.fail)):
        attempt = study.claim()
        assert attempt is not None
        assert end(attempt, "NOT_CHEST", "This looks like a radiograph of another part of the body.", "Submit another.")
    reading(done, owner, "normal", agreement="disagree", comment="A <b>word</b>")
    Reference.record(study=done, author=owner, diagnosis="pneumonia", source=Source.values[0])
    pages = [study.get_absolute_url() for study in (done, waiting, refused, failed)]
    pages += [reverse(name, args=[done.pk]) for name in ("study_delete", "study_review", "study_label")]
    pages += [f"{reverse('studies')}?view=cards&finding=pneumonia", f"{reverse('studies')}?q=nowhere&since=x"]
    pages.append(f"{reverse('studies_compare')}?a={done.pk}&b={refused.pk}")
    assert {page: found for page in pages if (found := faults(owner_client.get(page).text))} == {}


def test_a_film_to_be_read_first_is_valid(owner: User, owner_client: Client) -> None:
    read_first(owner)
    assert faults(owner_client.get(analysed(owner).get_absolute_url()).text) == []


def test_the_admin_is_valid(owner: User, admin_client: Client) -> None:
    study = analysed(owner)
    reading(study, owner, "normal", agreement="disagree")
    review, prediction = Review.objects.get(), study.predictions.get()
    pages = [reverse(f"admin:{name}") for name in ADMIN]
    pages += [
        reverse(f"admin:diagnosis_{kind}_change", args=[row.pk])
        for kind, row in (("study", study), ("review", review), ("prediction", prediction))
    ]
    pages.append(reverse("admin:diagnosis_modelversion_change", args=[prediction.model_version.pk]))
    assert {page: found for page in pages if (found := faults(admin_client.get(page).text))} == {}
