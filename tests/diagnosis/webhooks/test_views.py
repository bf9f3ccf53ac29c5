"""The account's pages of webhooks: made with the password, secret seen once, messages listed and sent again."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from diagnosis.models import ApiToken, Delivery, Webhook
from diagnosis.webhooks.deliver import deliver_due
from diagnosis.webhooks.views import MOST
from tests.conftest import PASSWORD, signed_in
from tests.diagnosis.test_html import faults
from tests.diagnosis.webhooks.receiver import Receiver
from tests.studies import analysed

pytestmark = pytest.mark.django_db


@pytest.fixture
def confirmed(owner: User, settings: Any) -> Client:
    """The owner's browser, the password just given again, on a site that sends to public addresses."""
    settings.WEBHOOKS = "public"
    client = signed_in(owner)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def addresses(webhook: Webhook) -> list[str]:
    delivery = webhook.deliveries.first()
    assert delivery is not None
    named = [reverse(name, args=[webhook.pk]) for name in ("webhook", "webhook_switch", "webhook_delete")]
    return [*named, reverse("delivery_resend", args=[webhook.pk, delivery.pk])]


def test_a_person_makes_one_and_sees_its_secret_once(confirmed: Client) -> None:
    page = confirmed.post(reverse("webhooks"), {"url": "https://example.org/told"}).content.decode()
    secret = page.partition("whsec_")[2].partition("<")[0]
    webhook = Webhook.objects.get()
    assert len(secret) == 44
    for address in (reverse("webhooks"), reverse("webhook", args=[webhook.pk])):
        text = confirmed.get(address).content.decode()
        assert "https://example.org/told" in text
        assert secret not in text


@pytest.mark.parametrize(
    "url",
    ["", "example.org", "http://example.org/", "ftp://example.org/", "https://", "https://a b/", "https://[::1/",
     "https://name:password@example.org/", "javascript:alert(1)", "https://example.org/" + "x" * 500],
)  # fmt: skip
def test_what_is_no_address_for_it_is_refused(confirmed: Client, url: str) -> None:
    assert confirmed.post(reverse("webhooks"), {"url": url}).status_code == 422
    assert not Webhook.objects.exists()


def test_a_site_that_sends_anywhere_takes_http(confirmed: Client, settings: Any) -> None:
    settings.WEBHOOKS = "anywhere"
    assert confirmed.post(reverse("webhooks"), {"url": "http://archive:8042/told"}).status_code == 200
    assert Webhook.objects.get().url == "http://archive:8042/told"


def test_the_password_is_asked_for_and_there_is_an_end(owner: User, confirmed: Client, owner_client: Client) -> None:
    response = owner_client.post(reverse("webhooks"), {"url": "https://example.org/"})
    assert response["Location"].startswith(reverse("account_reauthenticate"))
    for _ in range(MOST):
        Webhook.make(user=owner, url="https://example.org/")
    assert confirmed.post(reverse("webhooks"), {"url": "https://example.org/"}).status_code == 422


def test_messages_are_listed_and_one_is_sent_again(
    owner: User, owner_client: Client, webhook: Webhook, receiver: Receiver
) -> None:
    receiver.status = 500
    study = analysed(owner)
    deliver_due()
    page = owner_client.get(reverse("webhook", args=[webhook.pk])).content.decode()
    assert study.get_absolute_url() in page
    assert "not taken yet (500): the receiver did not take it" in page
    receiver.status = 200
    owner_client.post(addresses(webhook)[3])
    assert deliver_due() == 1
    assert "taken (200)" in owner_client.get(reverse("webhook", args=[webhook.pk])).content.decode()
    owner_client.post(addresses(webhook)[3])
    assert deliver_due() == 1
    assert len({headers["webhook-id"] for headers, _body in receiver.got}) == 1


def test_it_is_switched_off_and_on_and_deleted(owner: User, owner_client: Client, webhook: Webhook) -> None:
    analysed(owner)
    page, switch, delete, _resend = addresses(webhook)
    for _tab in ("one", "another that still shows the button"):
        owner_client.post(switch, {"to": "off"})
        assert "switched off by you" in owner_client.get(page).content.decode()
    owner_client.post(switch, {"to": "on"})
    webhook.refresh_from_db()
    assert webhook.disabled_at is None
    assert owner_client.get(delete).status_code == 200
    assert Webhook.objects.exists(), "asked first"
    owner_client.post(delete)
    assert not Webhook.objects.exists()
    assert not Delivery.objects.exists()


def test_the_pages_are_valid(owner: User, owner_client: Client, webhook: Webhook) -> None:
    analysed(owner)
    deliver_due()
    token = ApiToken.issue(user=owner, name="program")[0]
    page, _switch, delete, _resend = addresses(webhook)
    pages = (page, delete, reverse("webhooks"), reverse("tokens"), reverse("token_revoke", args=[token.pk]))
    assert {page: found for page in pages if (found := faults(owner_client.get(page).text))} == {}


def test_why_it_was_switched_off_is_shown(owner_client: Client, webhook: Webhook) -> None:
    webhook.disable(Webhook.Off.FAILURES)
    page = owner_client.get(reverse("webhook", args=[webhook.pk])).content.decode()
    assert "The receiver has not taken messages" in page


@pytest.mark.parametrize("who", ["nobody", "stranger", "staff", "token"])
def test_nobody_else_reaches_any_of_it(who: str, owner: User, stranger: User, reviewer: User, webhook: Webhook) -> None:
    analysed(owner)
    _token, text = ApiToken.issue(user=owner, name="program", may_submit=True, may_delete=True)
    client = {
        "nobody": Client(),
        "stranger": signed_in(stranger),
        "staff": signed_in(reviewer),
        "token": Client(headers={"Authorization": f"Bearer {text}"}),
    }[who]
    before = Webhook.objects.values().get(), Delivery.objects.values().get()
    for address in addresses(webhook):
        for method in ("get", "post", "put", "delete"):
            response = getattr(client, method)(address)
            assert response.status_code in {302, 404, 405}, (method, address)
            assert webhook.url not in response.content.decode(), (method, address)
    assert (Webhook.objects.values().get(), Delivery.objects.values().get()) == before


def test_where_the_site_sends_nothing_there_are_no_such_pages(
    owner: User, owner_client: Client, webhook: Webhook, settings: Any
) -> None:
    analysed(owner)
    listed = reverse("webhooks")
    assert listed in owner_client.get(reverse("tokens")).content.decode()
    settings.WEBHOOKS = "off"
    assert listed not in owner_client.get(reverse("tokens")).content.decode()
    for address in (listed, *addresses(webhook)):
        for method in ("get", "post"):
            assert getattr(owner_client, method)(address).status_code in {404, 405}, address
