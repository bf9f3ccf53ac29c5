"""Tags and saved filters: one's own, bounded, and gone when nothing needs them."""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from diagnosis.models import SavedFilter, Study, StudyTag, Tag
from tests.diagnosis.history.rows import study, waiting
from tests.diagnosis.history.test_selected import choose
from tests.diagnosis.reviews.drawn_readings import read_first, reading, with_heat
from tests.studies import analysed

pytestmark = pytest.mark.django_db


def labels(client: Client, query: str = "") -> list[str]:
    """The names on the page of this query, in order."""
    return [row.label for row in client.get(f"{reverse('studies')}?{query}").context["page"].rows]


def test_a_tag_is_put_on_found_by_and_taken_off(owner: User, owner_client: Client) -> None:
    one, two, _other = (study(owner, label=label, age=age) for age, label in enumerate(("one", "two", "other")))
    choose(owner_client, one, two, do="tag", tag="  for   teaching ")
    page = owner_client.get(reverse("studies")).text
    assert page.count('href="?tag=for+teaching"') == 2
    assert '<option value="for teaching"></option>' in page
    assert labels(owner_client, "tag=for+teaching") == ["one", "two"]
    choose(owner_client, one, do="untag", tag="for teaching")
    assert labels(owner_client, "tag=for+teaching") == ["two"]
    choose(owner_client, two, do="untag", tag="for teaching")
    assert not Tag.objects.exists(), "nothing bears it any more"


def test_taking_a_tag_off_can_be_undone_for_those_that_bore_it(owner: User, owner_client: Client) -> None:
    one, two, three = (study(owner, label=label, age=age) for age, label in enumerate(("one", "two", "three")))
    choose(owner_client, one, two, do="tag", tag="a < b")
    choose(owner_client, one, two, three, do="untag", tag="a < b", next=f"{reverse('studies')}?sort=oldest")
    page = owner_client.get(reverse("studies")).text
    assert "The tag “a &lt; b” is off 2 studies." in page
    undo = page[page.index('class="undo"') :].partition("</form>")[0]
    fields = re.findall(r'name="(\w+)" value="([^"]*)"', undo)
    keys = [value for name, value in fields if name == "study"]
    assert sorted(keys) == sorted(str(row.pk) for row in (one, two))
    told = {name: html.unescape(value) for name, value in fields if name not in ("study", "csrfmiddlewaretoken")}
    answer = owner_client.post(reverse("studies_selected"), {**told, "study": keys})
    assert answer.url == f"{reverse('studies')}?sort=oldest"
    assert labels(owner_client, "tag=a+%3C+b") == ["one", "two"]


def test_the_same_tag_twice_is_one(owner: User, owner_client: Client) -> None:
    row = study(owner)
    for _ in range(2):
        choose(owner_client, row, do="tag", tag="again")
    assert StudyTag.objects.count() == 1


def test_nobody_tags_or_untags_what_is_not_theirs(owner: User, stranger: User, stranger_client: Client) -> None:
    row = study(owner)
    Tag.put(owner, "mine", [row.pk])
    choose(stranger_client, row, do="tag", tag="theirs")
    choose(stranger_client, row, do="untag", tag="mine")
    assert list(StudyTag.objects.values_list("tag__name", flat=True)) == ["mine"]
    assert "mine" not in stranger_client.get(reverse("studies")).text
    assert stranger_client.get(reverse("study_tags", args=[row.pk])).status_code == 404


def test_an_empty_tag_and_one_too_many_are_reported(owner: User, owner_client: Client, monkeypatch: Any) -> None:
    row = study(owner)
    assert "Enter a tag first." in follow(owner_client, do="tag", tag="  ", study=row)
    monkeypatch.setattr(Tag, "MOST", 1)
    choose(owner_client, row, do="tag", tag="first")
    assert "as many tags as one may (1)" in follow(owner_client, do="tag", tag="second", study=row)


def follow(client: Client, *, study: Study, **data: str) -> str:
    """Press a button of the bar and read the page it leads to."""
    return client.post(reverse("studies_selected"), {"study": str(study.pk), **data}, follow=True).text


def test_without_a_script_a_study_has_a_page_for_its_tags(owner: User, owner_client: Client) -> None:
    row = study(owner)
    address = reverse("study_tags", args=[row.pk])
    choose(owner_client, row, do="tag", tag="seen", next=address)
    page = owner_client.get(address).text
    assert "Take seen off" in page
    assert 'value="untag"' in page


@pytest.mark.django_db(transaction=True)
def test_tags_go_with_their_study_and_with_the_account(owner: User, owner_client: Client) -> None:
    row = analysed(owner)
    Tag.put(owner, "short-lived", [row.pk])
    SavedFilter.keep(owner, "mine", "finding=normal")
    choose(owner_client, row, do="delete", confirmed="yes")
    assert not StudyTag.objects.exists()
    assert "short-lived" not in owner_client.get(reverse("studies")).text
    owner.delete()
    assert not Tag.objects.exists()
    assert not SavedFilter.objects.exists()


def test_tags_and_filters_are_in_what_one_takes_along(owner: User, owner_client: Client) -> None:
    row = study(owner, label="x")
    for tag in ("b", "a; c"):
        Tag.put(owner, tag, [row.pk])
    SavedFilter.keep(owner, "normal ones", "finding=normal")
    told = json.loads(b"".join(owner_client.get(reverse("studies_export_json"))))["studies"]
    assert told[0]["tags"] == ["a; c", "b"]
    assert ",a; c; b," in b"".join(owner_client.get(reverse("studies_export_csv"))).decode()
    with zipfile.ZipFile(io.BytesIO(b"".join(owner_client.get(reverse("account_export"))))) as archive:
        assert json.loads(archive.read("account.json"))["saved_filters"] == {"normal ones": "finding=normal"}


def test_a_filter_is_saved_by_name_used_replaced_and_deleted(owner: User, owner_client: Client) -> None:
    study(owner, label="sure", probability=0.9)
    study(owner, label="clear", probability=0.1)
    query = "finding=pneumonia&sort=highest&size=50&after=x&nonsense=1&state=<b>"
    answer = owner_client.post(reverse("filter_save"), {"name": "  to   see ", "query": query})
    assert answer["Location"].endswith("?finding=pneumonia&sort=highest")
    kept = SavedFilter.objects.get()
    assert (kept.name, kept.query) == ("to see", "finding=pneumonia&sort=highest")
    assert 'href="?finding=pneumonia&amp;sort=highest">to see</a>' in owner_client.get(reverse("studies")).text
    assert labels(owner_client, kept.query) == ["sure"]
    owner_client.post(reverse("filter_save"), {"name": "to see", "query": "finding=normal"})
    assert SavedFilter.objects.get().query == "finding=normal"
    answer = owner_client.post(reverse("filter_delete", args=[kept.pk]), follow=True)
    assert not SavedFilter.objects.exists()
    assert [row.label for row in answer.context["page"].rows] == ["clear"], (
        "still in force, so that it can be saved again"
    )


@pytest.mark.parametrize("data", [{"name": "x", "query": ""}, {"name": " ", "query": "finding=normal"}, {}])
def test_nothing_is_saved_without_a_filter_and_a_name(owner_client: Client, data: dict[str, str]) -> None:
    answer = owner_client.post(reverse("filter_save"), data, follow=True)
    assert "Choose a filter first" in answer.text
    assert not SavedFilter.objects.exists()


def test_saved_filters_are_bounded_and_nobody_else_s(owner: User, stranger_client: Client, monkeypatch: Any) -> None:
    kept = SavedFilter.keep(owner, "mine", "finding=normal")
    assert kept is not None
    assert stranger_client.post(reverse("filter_delete", args=[kept.pk])).status_code == 404
    monkeypatch.setattr(SavedFilter, "MOST", 1)
    assert SavedFilter.keep(owner, "second", "finding=normal") is None
    assert SavedFilter.keep(owner, "mine", "finding=pneumonia") is not None


def test_the_quick_views_count_what_they_show(owner: User, owner_client: Client) -> None:
    read, disputed = study(owner, label="read"), study(owner, label="disputed")
    reading(read, owner, "pneumonia", agreement="agree")
    reading(disputed, owner, "normal", agreement="disagree")
    study(owner, label="open", finding="indeterminate", probability=0.4, warned=True)
    waiting(owner, label="waits")
    views = {view.kind: view for view in owner_client.get(reverse("studies")).context["views"]}
    numbers = {kind: view.number for kind, view in views.items()}
    assert numbers == {"all": 4, "unread": 1, "indeterminate": 1, "warned": 1, "disagree": 1, "pending": 1}
    for kind, view in views.items():
        page = owner_client.get(f"{reverse('studies')}?{view.query}")
        assert len(page.context["page"].rows) == view.number, kind
        assert [other.kind for other in page.context["views"] if other.is_current] == [kind]


def test_columns_sort_both_ways_and_pages_stay_whole(owner: User, owner_client: Client) -> None:
    for number in range(60):
        study(owner, label=f"film {number % 20:02d}", probability=0.2 + number % 7 / 10, age=number)
    for sort in ("label", "label_last", "highest", "lowest", "newest", "oldest"):
        seen, query = [], f"sort={sort}"
        while query:
            page = owner_client.get(f"{reverse('studies')}?{query}")
            seen += [str(row.pk) for row in page.context["page"].rows]
            query = f"sort={sort}&after={page.context['page'].next}" if page.context["page"].next else ""
        assert len(seen) == len(set(seen)) == 60, sort
    first = owner_client.get(f"{reverse('studies')}?sort=label_last").text
    assert 'aria-sort="descending"><a class="sort" href="?sort=label"' in first


def test_from_one_unread_study_to_the_next(owner: User, owner_client: Client) -> None:
    new, read, old = (study(owner, label=str(age), age=age) for age in range(3))
    reading(read, owner, "normal", agreement="agree")
    assert owner_client.get(reverse("study_next_unread", args=[new.pk]))["Location"] == old.get_absolute_url()
    assert owner_client.get(reverse("study_previous_unread", args=[read.pk]))["Location"] == new.get_absolute_url()
    end = owner_client.get(reverse("study_next_unread", args=[old.pk]), follow=True)
    assert "No older study is unread." in end.text


def test_a_stranger_s_study_is_no_place_to_go_on_from(owner: User, stranger_client: Client) -> None:
    assert stranger_client.get(reverse("study_next_unread", args=[study(owner).pk])).status_code == 404


def test_chosen_studies_come_as_one_pdf_and_as_zip(owner: User, owner_client: Client) -> None:
    one, two, other = with_heat(owner), analysed(owner, 1), analysed(owner, 2)
    answer = choose(owner_client, one, two, waiting(owner), do="pdf")
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    assert str(one.pk) in text.replace("\n", "")
    assert str(two.pk) in text.replace("\n", "")
    packed = b"".join(choose(owner_client, one, two, do="zip"))  # type: ignore[arg-type]
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        names = archive.namelist()
        assert {row["id"] for row in json.loads(archive.read("studies.json"))} == {str(one.pk), str(two.pk)}
    assert "account.json" not in names
    assert not any(str(other.pk) in name for name in names)
    assert any(name.startswith(f"films/{one.pk}") for name in names)


def test_what_is_to_be_read_first_is_in_no_pdf(owner: User, owner_client: Client) -> None:
    hidden = analysed(owner)
    read_first(owner)
    Study.objects.filter(pk=hidden.pk).update(created_at=owner.preferences.updated_at)
    page = owner_client.post(reverse("studies_selected"), {"study": str(hidden.pk), "do": "pdf"}, follow=True)
    assert "None of these has a report yet" in page.text
