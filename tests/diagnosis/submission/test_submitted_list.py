"""What became of several files, on the page that people without JavaScript get."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.diagnosis.reviews.drawn_readings import read_first
from tests.diagnosis.submission.test_submit import send
from tests.studies import analysed, drawn_film, submitted

pytestmark = pytest.mark.django_db
SEVERAL = [("one.png", drawn_film(1)), ("two.png", drawn_film(2))]


def test_an_earlier_film_comes_with_its_result_and_a_waiting_one_with_a_way_to_look_again(
    owner: User, client: Client
) -> None:
    earlier = analysed(owner, 1)
    client.force_login(owner)
    page = send(client, *SEVERAL).content.decode()
    one, two = page.split("<tbody>")[1].split("</tr>")[:2]
    assert earlier.get_absolute_url() in one
    assert "Signs of pneumonia" in one
    assert "submitted this radiograph before" in one
    assert "Look again" not in one
    assert "Waiting" in two
    assert "Look again" in two


def test_an_earlier_answer_that_is_hidden_stays_hidden(owner: User, client: Client) -> None:
    read_first(owner)
    analysed(owner, 1)
    client.force_login(owner)
    page = send(client, *SEVERAL).content.decode()
    assert "Signs of pneumonia" not in page
    assert "Read the radiograph first" in page


def test_an_earlier_film_that_waits_still_is_asked_about(owner: User, client: Client) -> None:
    study = submitted(owner, 1)
    client.force_login(owner)
    assert study.pk.hex in send(client, *SEVERAL).content.decode().split('id="live"')[1]


def test_a_film_that_is_sent_twice_at_once_is_in_the_list_twice(owner: User, client: Client) -> None:
    client.force_login(owner)
    page = send(client, SEVERAL[0], SEVERAL[0]).content.decode()
    assert page.count("Look again</a>") >= 2
