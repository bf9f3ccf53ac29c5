"""What stands between an unlocked browser, a guesser or a curious member of staff and somebody's account."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import Permission, User
from django.contrib.auth.password_validation import validate_password
from django.core import signing
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from diagnosis.accounts.adapter import AccountAdapter
from diagnosis.models import ApiToken
from tests.conftest import PASSWORD, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_cache")]


def sign_in(client: Client, password: str = PASSWORD, **options: Any) -> Any:
    return client.post(reverse("account_login"), {"login": "owner", "password": password}, **options)


def is_in(client: Client) -> bool:
    return client.get(reverse("studies")).status_code == 200


def confirm(client: Client) -> None:
    """Give the password once more, as the site asks before what matters."""
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


@pytest.mark.parametrize("name", ["account_email", "mfa_activate_totp", "account_delete"])
def test_what_matters_asks_for_the_password_again(name: str, owner: User) -> None:
    client = Client()
    sign_in(client)
    answer = client.post(reverse(name), {"email": "new@example.org", "action_add": "", "username": "owner"})
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert not EmailAddress.objects.filter(email="new@example.org").exists()


def test_the_old_address_is_told_of_a_new_one_and_of_a_new_password(owner: User, mailoutbox: list[Any]) -> None:
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    client = Client()
    sign_in(client)
    confirm(client)
    client.post(reverse("account_email"), {"email": "new@example.org", "action_add": ""})
    client.post(re.search(r"https?://[^/\s]+(/\S+)", mailoutbox[-1].body)[1])  # type: ignore[index]
    fresh = "a staple and a battery"
    client.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": fresh, "password2": fresh})
    told = [(mail.to[0], mail.subject) for mail in mailoutbox]
    assert any(to == "owner@example.org" and "mail" in subject.lower() for to, subject in told), told
    assert any("assword" in subject for _to, subject in told), told


def test_who_is_signed_in_elsewhere_is_seen_and_sent_away(owner: User) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        sign_in(client, headers={"user-agent": "A browser in the library"})
    page = here.get(reverse("usersessions_list")).text
    assert page.count("A browser in the library") == 2
    here.post(reverse("usersessions_list"))
    assert is_in(there), "not before the password was given again"
    confirm(here)
    here.post(reverse("usersessions_list"))
    assert (is_in(here), is_in(there)) == (True, False)


def test_an_idle_session_ends_and_says_so(owner: User, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SESSION_IDLE_MINUTES = 10
    client = Client()
    sign_in(client)
    now = 1_000_000.0
    monkeypatch.setattr("diagnosis.accounts.sessions.time.time", lambda: now)
    for minutes, inside in ((9, True), (9, True), (11, False)):
        client.get(reverse("studies"))
        now += 60 * minutes
        assert is_in(client) == inside
    assert "nothing was pressed" in client.get(reverse("account_login")).text


def test_a_session_ends_after_two_weeks_however_busy_it_was(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    sign_in(client)
    day, began = 24 * 3600, time.time()
    for days, inside in ((13, True), (15, False)):
        monkeypatch.setattr("diagnosis.accounts.sessions.time.time", lambda at=began + days * day: at)
        assert is_in(client) == inside
    assert "long ago" in client.get(reverse("account_login")).text


def test_who_is_disabled_is_out_at_once_with_every_browser_and_program(owner: User) -> None:
    client = Client()
    sign_in(client)
    token = ApiToken.issue(user=owner, name="nightly")[1]
    ask = {"headers": {"authorization": f"Bearer {token}"}}
    assert Client().get(reverse("api_studies"), **ask).status_code == 200
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert not is_in(client)
    assert Client().get(reverse("api_studies"), **ask).status_code == 401


def test_staff_end_the_sessions_of_others_but_not_of_their_betters(
    owner: User, reviewer: User, admin_user: User
) -> None:
    browsers = {user.username: Client() for user in (owner, admin_user)}
    for name, browser in browsers.items():
        browser.post(reverse("account_login"), {"login": name, "password": PASSWORD})
    reviewer.user_permissions.add(*Permission.objects.filter(codename__in=("change_user", "view_user")))
    chosen = {"action": "sign_out", "_selected_action": [owner.pk, admin_user.pk]}
    page = signed_in(reviewer).post(reverse("admin:auth_user_changelist"), chosen, follow=True)
    assert "1 session was ended." in page.text
    assert {name: is_in(browser) for name, browser in browsers.items()} == {"owner": False, "admin": True}


def test_a_program_that_forgot_the_s_is_told_and_not_led_on(owner: User, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = Client().get(reverse("api_studies"))
    assert (answer.status_code, answer.json()["code"]) == (403, "TLS_REQUIRED")
    assert Client().get("/about/").status_code == 301
    assert Client().get(reverse("api_studies"), secure=True).status_code == 401


def test_guesses_from_elsewhere_do_not_lock_the_owner_out(owner: User) -> None:
    known = Client(REMOTE_ADDR="198.51.100.1")
    sign_in(known)
    kept = signing.b64_decode(known.cookies["known_browser"].value.split(":")[0].encode())
    assert b"owner" not in kept, "the cookie does not tell whom it knows"
    known.post(reverse("account_logout"))
    for number in range(60):
        sign_in(Client(REMOTE_ADDR=f"203.0.113.{number}"), f"guess {number}")
    unknown = Client(REMOTE_ADDR="203.0.113.200")
    sign_in(unknown)
    assert not is_in(unknown), "an unknown browser waits while somebody guesses"
    sign_in(known)
    assert is_in(known)


def test_five_wrong_passwords_lock_their_own_address_alone(owner: User) -> None:
    guesser, other = Client(REMOTE_ADDR="203.0.113.9"), Client(REMOTE_ADDR="198.51.100.7")
    for number in range(6):
        sign_in(guesser, f"guess {number}")
    sign_in(guesser)
    sign_in(other)
    assert (is_in(guesser), is_in(other)) == (False, True)


def test_a_sign_up_does_not_tell_which_addresses_are_known(client: Client, owner: User) -> None:
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    form = {"username": "ada", "email": "owner@example.org", "password1": PASSWORD, "password2": PASSWORD}
    answer = client.post(reverse("account_signup"), form)
    assert answer.status_code == 302
    assert not EmailAddress.objects.filter(email="owner@example.org", verified=True).exclude(user=owner).exists()


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by one whenever a password is hashed: nearly all of the time that a sign-in takes."""
    calls: list[str] = []
    known = MD5PasswordHasher.encode

    def encode(self: MD5PasswordHasher, password: str, salt: str) -> str:
        calls.append(password)
        return known(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", encode)
    return calls


@pytest.mark.parametrize("login", ["{}", "{}@example.org"])
def test_a_sign_in_costs_the_same_for_known_and_unknown(login: str, owner: User, hashed: list[str]) -> None:
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    costs = []
    for name in ("owner", "nobody"):
        hashed.clear()
        answer = Client().post(reverse("account_login"), {"login": login.format(name), "password": "not the one"})
        assert answer.status_code == 200
        costs.append(len(hashed))
    assert costs[0] == costs[1] > 0


def test_who_has_an_address_for_a_user_name_still_signs_in_with_it(owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(username="dr@example.org", email="")
    client = Client()
    client.post(reverse("account_login"), {"login": "dr@example.org", "password": PASSWORD})
    assert is_in(client)


def test_a_reset_writes_the_same_mails_for_known_and_unknown_and_sends_the_one_that_fits(
    owner: User, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    known = AccountAdapter.render_mail
    monkeypatch.setattr(
        AccountAdapter, "render_mail", lambda self, name, *rest: written.append(name) or known(self, name, *rest)
    )
    for email, words in ((owner.email, "password/reset/key/"), ("nobody@example.org", "accounts/signup/")):
        written.clear()
        Client().post(reverse("account_reset_password"), {"email": email})
        assert sorted(written) == ["account/email/password_reset_key", "account/email/unknown_account"]
        assert mailoutbox[-1].to == [email]
        assert words in mailoutbox[-1].body
    assert len(mailoutbox) == 2


def test_links_in_mails_lead_to_our_own_port(client: Client, owner: User, mailoutbox: list[Any]) -> None:
    client.post(reverse("account_reset_password"), {"email": owner.email}, HTTP_HOST="localhost:6666")
    assert "localhost:8000/accounts/password/reset/key/" in mailoutbox[0].body
    assert "6666" not in mailoutbox[0].body


@pytest.mark.parametrize("password", ["1234567890", "qwertyuiop", "PneumoWeb2026!", "radiographs1", "unbelievable"])
def test_common_passwords_and_those_of_the_sites_words_are_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)


def test_a_passphrase_may_speak_of_the_matter() -> None:
    validate_password("seven radiographs under the old pear tree")


def test_staff_who_may_change_people_cannot_raise_themselves(reviewer: User, admin_user: User, owner: User) -> None:
    reviewer.user_permissions.add(*Permission.objects.filter(codename__in=("change_user", "view_user")))
    client = signed_in(reviewer)
    own = reverse("admin:auth_user_change", args=[reviewer.pk])
    other = reverse("admin:auth_user_change", args=[owner.pk])
    client.post(own, {"username": "reviewer", "is_superuser": "on"})
    client.post(other, {"username": "owner", "is_superuser": "on", "is_staff": "on", "is_active": "on"})
    for user in (reviewer, owner):
        user.refresh_from_db()
        assert not user.is_superuser
    assert not owner.is_staff
    assert client.get(reverse("admin:auth_user_password_change", args=[admin_user.pk])).status_code == 403
    assert client.get(reverse("admin:auth_user_password_change", args=[owner.pk])).status_code == 200


def test_staff_set_up_a_second_step_first_where_the_site_asks_for_it(admin_client: Client, settings: Any) -> None:
    assert admin_client.get(reverse("admin:index")).status_code == 200
    settings.STAFF_SECOND_FACTOR = True
    assert admin_client.get(reverse("admin:index"))["Location"] == reverse("mfa_activate_totp")


def test_sign_ins_and_failures_are_logged_by_number_and_address(owner: User, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "diagnosis.accounts")
    sign_in(Client(REMOTE_ADDR="203.0.113.9"), "my password")
    sign_in(Client(REMOTE_ADDR="198.51.100.7"))
    assert "A sign-in failed, from 203.0.113.9." in caplog.text
    assert f"Person {owner.pk} signed in, from 198.51.100.7." in caplog.text
    assert "my password" not in caplog.text


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND"])
def test_methods_of_no_use_are_refused_with_every_header(client: Client, method: str) -> None:
    answer = client.generic(method, "/")
    assert answer.status_code == 405
    for header in ("Content-Security-Policy", "X-Content-Type-Options", "Cross-Origin-Resource-Policy"):
        assert answer.headers[header]


def test_the_sign_up_form_says_the_rule_for_passwords_once_and_as_it_is(client: Client, settings: Any) -> None:
    page = client.get(reverse("account_signup")).text
    (length,) = (one["OPTIONS"]["min_length"] for one in settings.AUTH_PASSWORD_VALIDATORS if "OPTIONS" in one)
    assert page.count(f"At least {length} characters") == 1
    assert len(settings.AUTH_PASSWORD_VALIDATORS) == 5, "another rule: the sentence does not tell it"
    assert "Your password" not in page
