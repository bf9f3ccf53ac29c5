"""A form that was drawn before its person signed in by another tab."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def signed_in_elsewhere(owner: User) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    return client


@pytest.mark.parametrize(("way", "to"), [("/preferences/", "/preferences/"), ("//evil.example/", "/studies/")])
def test_who_is_signed_in_already_goes_where_they_were_going(owner: User, way: str, to: str) -> None:
    form = {"login": owner.username, "password": PASSWORD, "csrfmiddlewaretoken": "of before", "next": way}
    assert signed_in_elsewhere(owner).post(reverse("account_login"), form)["Location"] == to


def test_any_other_expired_form_tells_that_it_is_one(owner: User) -> None:
    answer = signed_in_elsewhere(owner).post(reverse("preferences"), {"operating_point": "screening"})
    assert answer.status_code == 403
    assert "This form has expired" in answer.text
    stranger = Client(enforce_csrf_checks=True).post(reverse("account_login"), {"login": "x"})
    assert stranger.status_code == 403
