"""Two-step sign-in: set up an authenticator app, come in with its code, with a recovery code, and not without."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.apps import apps
from django.conf import settings as site_settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from diagnosis.accounts.two_factor import TOKEN_BEGINS, MFAAdapter
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_cache")]
KEY_OF_TESTS = site_settings.SECRET_KEY


@pytest.fixture(autouse=True)
def half_a_minute_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A code made at the end of its half minute would be refused when it is sent."""
    (counter,) = auth.yield_hotp_counters_from_time()
    monkeypatch.setattr(auth, "yield_hotp_counters_from_time", lambda: iter([counter]))


def code_now(secret: str) -> str:
    """What an authenticator app would show."""
    return auth.format_hotp_value(auth.hotp_value(secret, next(auth.yield_hotp_counters_from_time())))


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


def test_secrets_are_not_in_the_database_in_the_clear(client: Client, owner: User) -> None:
    secret, codes = switch_on(client)
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    assert not [code for code in codes if code in kept]
    assert kept.count(TOKEN_BEGINS) == 2


def test_a_secret_of_another_key_fits_no_code_rather_than_the_code_of_nothing(settings: Any) -> None:
    stored = MFAAdapter().encrypt("JBSWY3DPEHPK3PXP")
    settings.SECRET_KEY = "another key altogether, and long enough"
    assert len(MFAAdapter().decrypt(stored)) == 32
    settings.SECRET_KEY_FALLBACKS = [KEY_OF_TESTS]
    assert MFAAdapter().decrypt(stored) == "JBSWY3DPEHPK3PXP"


def test_what_was_stored_in_the_clear_is_encrypted_by_a_migration_and_still_works(owner: User) -> None:
    row = Authenticator.objects.create(user=owner, type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
    assert MFAAdapter().decrypt(row.data["secret"]) == "JBSWY3DPEHPK3PXP"
    import_module("diagnosis.migrations.0004_encrypt_second_factors").encrypt(apps, None)
    row.refresh_from_db()
    assert row.data["secret"].startswith(TOKEN_BEGINS)
    assert MFAAdapter().decrypt(row.data["secret"]) == "JBSWY3DPEHPK3PXP"


def test_staff_see_that_there_is_a_second_factor_and_may_remove_it_but_never_read_it(
    client: Client, owner: User, admin_client: Client
) -> None:
    secret, _codes = switch_on(client)
    row = Authenticator.objects.get(type="totp")
    page = admin_client.get(reverse("admin:mfa_authenticator_change", args=[row.pk])).text
    assert "owner" in page
    assert secret not in page
    assert row.data["secret"] not in page
    assert admin_client.get(reverse("admin:mfa_authenticator_add")).status_code == 403
    changed = {"type": "totp", "data": "{}"}
    assert admin_client.post(reverse("admin:mfa_authenticator_change", args=[row.pk]), changed).status_code == 403
    admin_client.post(reverse("admin:mfa_authenticator_delete", args=[row.pk]), {"post": "yes"})
    assert not Authenticator.objects.filter(pk=row.pk).exists()


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
