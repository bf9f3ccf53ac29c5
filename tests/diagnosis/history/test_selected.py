"""Several studies at once: compare two, delete many; always one's own, never without being asked."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from diagnosis.models import Study
from diagnosis.results.stated_probability import stated
from tests.diagnosis.accounts.test_deletion import stored
from tests.diagnosis.history.rows import study
from tests.diagnosis.reviews.drawn_readings import read_first, reading, with_heat
from tests.studies import analysed, predicted, shipped_card, submitted

pytestmark = pytest.mark.django_db


def choose(client: Client, *studies: Study, **data: str) -> HttpResponse:
    """Press a button of the bar below the list."""
    chosen = {"study": [str(row.pk) for row in studies], **data}
    return client.post(reverse("studies_selected"), chosen)  # type: ignore[return-value]


def test_deleting_asks_first_and_says_what_goes(owner: User, owner_client: Client) -> None:
    rows = [study(owner, label=f"film {index}") for index in range(30)] + [study(owner, "queued")]
    reading(rows[0], owner, "normal", agreement="disagree")
    text = choose(owner_client, *rows, do="delete").content.decode()
    assert "Delete these 31 studies?" in text
    assert "<strong>31 studies</strong> with their radiographs" in text
    assert "<strong>1 review</strong>, older versions included" in text
    assert "label, patient code and tags" in text
    assert "the files as you submitted them" not in text, "none was kept"
    assert "1 of them has no answer yet" in text
    assert "and 7 more" in text
    assert Study.objects.count() == 31


@pytest.mark.django_db(transaction=True)
def test_confirmed_they_go_with_their_files_and_the_filters_stay(owner: User, owner_client: Client) -> None:
    gone, kept = submitted(owner), submitted(owner, seed=1)
    back = f"{reverse('studies')}?finding=normal"
    response = choose(owner_client, gone, do="delete", confirmed="yes", next=back)
    assert response["Location"] == back
    assert list(Study.objects.all()) == [kept]
    assert not stored(gone).exists()
    assert stored(kept).is_dir()


def test_nobody_deletes_what_is_not_theirs(owner: User, stranger_client: Client) -> None:
    row = study(owner)
    choose(stranger_client, row, do="delete", confirmed="yes")
    assert Study.objects.filter(pk=row.pk).exists()


def test_of_what_another_tab_has_deleted_the_page_says_so(owner: User, owner_client: Client) -> None:
    row = study(owner)
    row_gone = Study(pk=row.pk)
    row.delete()
    page = owner_client.get(choose(owner_client, row_gone, do="delete")["Location"]).text
    assert "What you have chosen has been deleted meanwhile." in page
    assert "Choose at least one study first." not in page


def test_a_link_deletes_nothing(owner: User, owner_client: Client) -> None:
    row = study(owner)
    assert owner_client.get(reverse("studies_selected"), {"study": row.pk, "do": "delete"}).status_code == 405


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/studies/", "/admin/", "javascript:1", "x"])
def test_the_way_back_leads_to_the_history_only(owner: User, owner_client: Client, target: str) -> None:
    assert choose(owner_client, do="delete", next=target)["Location"] == reverse("studies")


def test_comparing_needs_two(owner: User, owner_client: Client) -> None:
    one, two, three = (study(owner) for _ in range(3))
    assert choose(owner_client, one, two, do="compare")["Location"].endswith(f"compare/?a={one.pk}&b={two.pk}")
    assert choose(owner_client, one, do="compare")["Location"] == reverse("studies")
    assert choose(owner_client, one, two, three, do="compare")["Location"] == reverse("studies")


def test_two_films_side_by_side(owner: User, owner_client: Client) -> None:
    left, right = with_heat(owner, probability=0.97), analysed(owner, 1, **predicted(0.03, operating_point="screening"))
    text = owner_client.get(reverse("studies_compare"), {"a": left.pk, "b": right.pk}).content.decode()
    first, second = (escape(stated(shipped_card().first, probability)) for probability in (0.97, 0.03))
    assert first != second
    assert text.index(f"{first}</strong>") < text.index(f"{second}</strong>")
    assert "Different operating points" in text
    assert "Not medical advice." in text


def test_a_hidden_answer_stays_hidden_beside_another(owner: User, owner_client: Client) -> None:
    shown, hidden = analysed(owner), with_heat(owner, 1, probability=0.66)
    reading(shown, owner, "normal", agreement="disagree")
    read_first(owner)
    text = owner_client.get(reverse("studies_compare"), {"a": shown.pk, "b": hidden.pk}).content.decode()
    assert "66\N{NO-BREAK SPACE}%" not in text
    assert "Unlike the films" not in text
    assert reverse("study_heatmap", args=[hidden.pk]) not in text


def test_a_stranger_gets_404_even_for_one_of_two(owner: User, stranger: User, stranger_client: Client) -> None:
    theirs, mine = study(owner), study(stranger)
    for pair in ({"a": mine.pk, "b": theirs.pk}, {"a": theirs.pk, "b": theirs.pk}, {"a": mine.pk}, {"a": "x", "b": ""}):
        assert stranger_client.get(reverse("studies_compare"), pair).status_code == 404
