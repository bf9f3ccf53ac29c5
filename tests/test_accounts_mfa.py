"""Two-step sign-in: set up an authenticator app, come in with its code, with a recovery code, and not without."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from tests.conftest import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_cache")]


def code_now(secret: str) -> str:
    """What an authenticator app would show."""
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def switch_on(client: Client) -> tuple[str, list[str]]:
    """Sign in, set the app up as a person does; return its key and the recovery codes."""
    client.post(reverse("account_login"), {"login": "owner", "password": PASSWORD})
    page = proved(client, "mfa_activate_totp")
    assert "data:image/svg+xml" in page
    found = re.search(r'authenticator_secret">(\w+)<', page)
    assert found, page
    secret = found[1]
    client.post(reverse("mfa_activate_totp"), {"code": code_now(secret)})
    codes = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    client.post(reverse("account_logout"))
    return secret, codes


def proved(client: Client, page: str) -> str:
    """Open a page that asks first who it is; give the password; return the page."""
    asked = client.get(reverse(page))
    assert reverse("account_reauthenticate") in asked.url
    return client.post(asked.url, {"password": PASSWORD}, follow=True).text


def first_step(client: Client) -> None:
    """Password alone: leads to the second step, not in."""
    answer = client.post(reverse("account_login"), {"login": "owner", "password": PASSWORD})
    assert answer.url == reverse("mfa_authenticate")
    assert client.get(reverse("studies")).status_code == 302


def test_the_app_s_code_lets_its_owner_in(client: Client, owner: User) -> None:
    secret, _codes = switch_on(client)
    first_step(client)
    assert client.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
    cache.clear()  # the code that switched it on counts as used for half a minute
    client.post(reverse("mfa_authenticate"), {"code": code_now(secret)})
    assert client.get(reverse("studies")).status_code == 200


def test_a_recovery_code_lets_its_owner_in_once(client: Client, owner: User) -> None:
    _secret, codes = switch_on(client)
    first_step(client)
    client.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert client.get(reverse("studies")).status_code == 200
    client.post(reverse("account_logout"))
    first_step(client)
    client.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert client.get(reverse("studies")).status_code == 302


def test_recovery_codes_are_shown_and_downloaded(client: Client, owner: User) -> None:
    _secret, codes = switch_on(client)
    first_step(client)
    client.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert codes[1] in proved(client, "mfa_view_recovery_codes")
    assert codes[1] in client.get(reverse("mfa_download_recovery_codes")).text


def test_switching_off_asks_who_it_is_and_then_the_password_is_enough(client: Client, owner: User) -> None:
    _secret, codes = switch_on(client)
    first_step(client)
    client.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert "Switch off" in proved(client, "mfa_deactivate_totp")
    client.post(reverse("mfa_deactivate_totp"))
    client.post(reverse("account_logout"))
    answer = client.post(reverse("account_login"), {"login": "owner", "password": PASSWORD})
    assert answer.url == reverse("studies")
