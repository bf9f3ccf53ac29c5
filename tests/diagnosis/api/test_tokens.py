"""Tokens: shown once, kept as an HMAC, scoped, expiring, revocable, and no key to any page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diagnosis.models import ApiToken
from tests.conftest import PASSWORD, signed_in
from tests.studies import submitted

pytestmark = pytest.mark.django_db
ME = "/api/v1/me/"


def asked_with(text: str, address: str = ME) -> int:
    return Client(headers={"Authorization": f"Bearer {text}"}).get(address).status_code


def test_the_secret_is_not_kept(owner: User) -> None:
    token, text = ApiToken.issue(user=owner, name="import")
    secret = text.split("_", 2)[2]
    kept = ApiToken.objects.filter(pk=token.pk).values().get()
    assert all(secret not in str(value) for value in kept.values())
    assert ApiToken.of(text) == token


def test_what_is_no_token_opens_nothing(owner: User) -> None:
    token, text = ApiToken.issue(user=owner, name="import")
    for wrong in (
        "",
        "x",
        text[:-1],
        text + "x",
        text.replace(token.key, "0" * 16),
        text.upper(),
        "pneumoweb__",
        "ä_ö_ü",
    ):
        assert ApiToken.of(wrong) is None, wrong
    assert asked_with(text[:-1]) == 401
    assert asked_with(text) == 200


def test_expired_revoked_and_a_closed_account_open_nothing(owner: User) -> None:
    token, text = ApiToken.issue(user=owner, name="a", expires_at=timezone.now() + dt.timedelta(hours=1))
    assert asked_with(text) == 200
    ApiToken.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert asked_with(text) == 401
    ApiToken.objects.update(expires_at=None)
    assert asked_with(text) == 200
    owner.is_active = False
    owner.save()
    assert asked_with(text) == 401
    owner.is_active = True
    owner.save()
    token.revoke()
    assert asked_with(text) == 401


def test_each_scope_allows_its_own(owner: User, program: Callable[..., Client]) -> None:
    study = submitted(owner)
    address = reverse("api_study", args=[study.pk])
    reader = program(may_submit=False, may_delete=False)
    assert reader.get(address).status_code == 200
    assert reader.patch(address, {"label": "x"}, content_type="application/json").status_code == 403
    assert reader.delete(address).status_code == 403
    writer = program(may_read=False, may_delete=False)
    assert writer.get(address).status_code == 403
    assert writer.patch(address, {"label": "x"}, content_type="application/json").status_code == 200
    remover = program(may_read=False, may_submit=False)
    assert remover.get(address).status_code == 403
    assert remover.delete(address).status_code == 204


def test_a_token_opens_no_page_and_not_the_admin(admin_user: User, program: Callable[..., Client]) -> None:
    client = program(admin_user)
    for name in ("studies", "preferences", "admin:index", "tokens", "account_export"):
        response = client.get(reverse(name))
        assert response.status_code == 302, name
        assert "/login" in response["Location"]


def test_a_bad_token_is_refused_though_somebody_is_signed_in(owner_client: Client) -> None:
    assert owner_client.get(ME).status_code == 200
    response = owner_client.get(ME, headers={"Authorization": "Bearer nonsense"})
    assert (response.status_code, response["WWW-Authenticate"]) == (401, 'Bearer realm="PneumoWeb"')


def test_use_is_noted_once_a_minute(owner: User) -> None:
    token, text = ApiToken.issue(user=owner, name="import")
    asked_with(text)
    token.refresh_from_db()
    first = token.last_used_at
    assert first is not None
    asked_with(text)
    token.refresh_from_db()
    assert token.last_used_at == first
    ApiToken.objects.update(last_used_at=first - dt.timedelta(minutes=2))
    asked_with(text)
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert token.last_used_at > first - dt.timedelta(minutes=1)


def confirmed(owner: User) -> Client:
    """The owner's browser, in which the password has just been given again."""
    client = signed_in(owner)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def test_a_person_makes_a_token_sees_it_once_and_revokes_it(owner: User, stranger_client: Client) -> None:
    client = confirmed(owner)
    form = {"name": "nightly import", "may_read": "on", "days": "30"}
    response = client.post(reverse("tokens"), form)
    token = ApiToken.objects.get()
    text = next(part for part in response.content.decode().split("<") if "pneumoweb_" in part).split(">")[1]
    assert ApiToken.of(text) == token
    assert (token.scopes, token.expires_at is not None) == (["read"], True)
    page = client.get(reverse("tokens")).content.decode()
    assert "nightly import" in page
    assert text not in page
    address = reverse("token_revoke", args=[token.pk])
    assert stranger_client.get(address).status_code == 404
    assert stranger_client.post(address).status_code == 404
    assert "nightly import" in client.get(address).content.decode()
    client.post(address)
    assert ApiToken.of(text) is None


def test_a_token_is_made_only_once_the_password_was_given_again(owner_client: Client) -> None:
    response = owner_client.post(reverse("tokens"), {"name": "x", "may_read": "on"})
    assert response["Location"].startswith(reverse("account_reauthenticate"))
    assert not ApiToken.objects.exists()


def test_a_token_that_may_do_nothing_is_refused(owner: User) -> None:
    response = confirmed(owner).post(reverse("tokens"), {"name": "x", "days": ""})
    assert response.status_code == 422
    assert not ApiToken.objects.exists()


def test_the_admin_lists_tokens_without_their_secrets(admin_client: Client, owner: User) -> None:
    token, text = ApiToken.issue(user=owner, name="import")
    page = admin_client.get(reverse("admin:diagnosis_apitoken_changelist")).content.decode()
    assert token.key in page
    one = admin_client.get(reverse("admin:diagnosis_apitoken_change", args=[token.pk])).content.decode()
    assert token.digest not in one
    assert text.split("_", 2)[2] not in one
