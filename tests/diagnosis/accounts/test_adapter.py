"""Accounts: sign up, come in by either name, get a new password, change the address; what a stranger cannot reach."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse

from tests.conftest import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_cache")]
NEW = {"username": "ada", "email": "ada@example.org", "password1": PASSWORD, "password2": PASSWORD}


def sign_in(client: Client, login: str, password: str = PASSWORD) -> Any:
    return client.post(reverse("account_login"), {"login": login, "password": password})


def is_in(client: Client) -> bool:
    return client.get(reverse("studies")).status_code == 200


def link_in(message: EmailMessage) -> str:
    found = re.search(r"https?://[^/\s]+(/\S+)", str(message.body).split("--")[0])
    assert found, message.body
    return found[1]


def test_who_signs_up_is_in_and_lands_in_the_history(client: Client) -> None:
    answer = client.post(reverse("account_signup"), NEW)
    assert answer.url == reverse("studies")
    assert is_in(client)


@pytest.mark.parametrize("login", ["owner", "owner@example.org"])
def test_user_name_and_address_both_open_the_door(client: Client, owner: User, login: str) -> None:
    assert sign_in(client, login).url == reverse("studies")
    assert is_in(client)


def test_a_wrong_password_keeps_the_door_shut_and_says_so(client: Client, owner: User) -> None:
    answer = sign_in(client, "owner", "not the password")
    assert answer.status_code == 200
    assert "invalid-feedback" in answer.text or "alert-danger" in answer.text
    assert not is_in(client)


def test_signing_out_needs_a_press_and_ends_the_session(owner_client: Client) -> None:
    owner_client.get(reverse("account_logout"))
    assert is_in(owner_client)
    owner_client.post(reverse("account_logout"))
    assert not is_in(owner_client)


def test_a_forgotten_password_is_replaced_through_the_mail(client: Client, owner: User, mailoutbox: list[Any]) -> None:
    client.post(reverse("account_reset_password"), {"email": "owner@example.org"})
    page = client.get(link_in(mailoutbox[0]), follow=True)
    fresh = "a staple and a battery"
    client.post(page.request["PATH_INFO"], {"password1": fresh, "password2": fresh})
    client.logout()
    sign_in(client, "owner")
    assert not is_in(client)
    sign_in(client, "owner", fresh)
    assert is_in(client)


def test_asking_for_an_unknown_address_does_not_tell_that_it_is_unknown(client: Client, owner: User) -> None:
    known = client.post(reverse("account_reset_password"), {"email": "owner@example.org"})
    unknown = client.post(reverse("account_reset_password"), {"email": "nobody@example.org"})
    assert known.url == unknown.url


def test_a_new_address_counts_once_its_link_was_followed(client: Client, owner: User, mailoutbox: list[Any]) -> None:
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    sign_in(client, "owner")
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.post(reverse("account_email"), {"email": "new@example.org", "action_add": ""})
    owner.refresh_from_db()
    assert owner.email == "owner@example.org"
    assert "new@example.org" in client.get(reverse("account_email")).text
    client.post(link_in(mailoutbox[-1]))
    owner.refresh_from_db()
    assert owner.email == "new@example.org"


def test_sign_up_can_be_closed(client: Client, settings: Any) -> None:
    settings.SIGNUP_OPEN = False
    assert "made by whoever runs it" in client.get(reverse("account_signup")).text
    client.post(reverse("account_signup"), NEW)
    assert not User.objects.filter(username="ada").exists()


def test_guessing_is_slowed_down_with_a_page_that_says_so(client: Client, owner: User) -> None:
    answers = [sign_in(client, "owner", f"guess {i}") for i in range(30)]
    slowed = [a for a in answers if a.status_code == 429 or "Too many" in a.text]
    assert slowed
    assert not is_in(client)
