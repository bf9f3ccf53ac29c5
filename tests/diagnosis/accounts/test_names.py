"""New user names: nobody takes another's address or passes for another; a whole classroom gets in."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.conftest import PASSWORD, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_cache")]


def sign_up(name: str, email: str = "", client: Client | None = None) -> Any:
    fields = {"username": name, "email": email, "password1": PASSWORD, "password2": PASSWORD}
    return (client or Client()).post(reverse("account_signup"), fields)


@pytest.mark.parametrize("name", ["owner@example.org", "Owner@Example.org", "nobody@example.org"])
def test_an_address_is_no_user_name(owner: User, name: str) -> None:
    answer = sign_up(name)
    assert answer.status_code == 200
    assert "cannot be an e-mail address" in answer.text
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "name",
    ["оwner", "οwner", "OWNER", "owпer", "ｏｗｎｅｒ"],  # Cyrillic o, Greek o, capitals, Cyrillic p, wide letters
)
def test_a_look_alike_of_a_name_is_refused(owner: User, name: str) -> None:
    answer = sign_up(name)
    assert answer.status_code == 200
    assert "invalid-feedback" in answer.text
    assert User.objects.count() == 1


def test_a_look_alike_in_one_script_is_refused_both_ways(db: None) -> None:
    person("cope")
    assert "looks like this one" in sign_up("соре").text  # Cyrillic throughout
    User.objects.create_user("асе", password=PASSWORD)  # Cyrillic, as it was there before
    assert "looks like this one" in sign_up("ace").text
    assert User.objects.count() == 2


@pytest.mark.parametrize("name", ["ärger", "анна", "李明anna", "さくらカナ", "김민준", "anna_1", "annal", "משה"])
def test_honest_names_of_every_script_are_free(owner: User, name: str) -> None:
    person("anna1")
    assert sign_up(name).status_code == 302
    assert User.objects.filter(username=name).exists()


def test_who_has_such_a_name_already_keeps_it_and_comes_in(client: Client, owner: User) -> None:
    User.objects.create_user("Оwner@old.example", password=PASSWORD)
    client.post(reverse("account_login"), {"login": "Оwner@old.example", "password": PASSWORD})
    assert client.get(reverse("studies")).status_code == 200


def test_nobody_takes_an_address_that_is_anothers_user_name(owner_client: Client, owner: User) -> None:
    User.objects.create_user("other@example.org", password=PASSWORD)
    sign_up("newcomer", "Other@example.org")
    assert not User.objects.filter(username="newcomer").exists()
    owner_client.post(reverse("account_email"), {"email": "other@example.org", "action_add": ""})
    assert not EmailAddress.objects.filter(email__iexact="other@example.org").exists()


def test_thirty_people_behind_one_address_sign_up_in_a_minute(db: None) -> None:
    answers = [sign_up(f"student{number:02d}", f"student{number:02d}@example.org") for number in range(30)]
    assert [answer.status_code for answer in answers] == [302] * 30
    assert User.objects.count() == 30


def test_the_limit_is_a_setting(db: None, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "signup": "2/m/ip"}
    assert [sign_up(f"robot{number}").status_code for number in range(3)] == [302, 302, 429]


def test_a_password_manager_knows_the_sign_in_field(client: Client, db: None) -> None:
    assert 'autocomplete="username"' in client.get(reverse("account_login")).text
