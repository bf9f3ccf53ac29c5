"""Every address of the URL conf, and everybody who might ask for it: nobody learns of another person's studies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http.cookies import Morsel, SimpleCookie
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from diagnosis.models import ApiToken, Delivery, Diagnosis, Reference, Review, SavedFilter, Source, Study, Tag, Webhook
from tests.conftest import signed_in
from tests.studies import analysed, model_version, submitted

pytestmark = pytest.mark.django_db
Cookies = Mapping[str, Morsel[str]]
METHODS = ("get", "post", "delete")
# What anybody may open. A new address is closed unless it is put here on purpose.
OPEN = (
    "", "about/", "help/", "sample/", "accounts/", "healthz", "readyz", "metrics", "i18n/", "language/", ".well-known/",
    "robots.txt", "studies/<uuid:pk>/status/", "studies/live/", "api/docs/", "api/schema/",
)  # fmt: skip
GONE = {301, 302, 400, 401, 403, 404, 405, 406, 411, 415, 422, 428, 429}


def patterns(resolver: Any = None, before: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every address as the URL conf writes it, and what it takes."""
    for one in (resolver or get_resolver()).url_patterns:
        route = before + str(one.pattern).lstrip("^").rstrip("$").replace("\\Z", "")
        if isinstance(one, URLResolver):
            yield from patterns(one, route)
        elif isinstance(one, URLPattern):
            yield route, one.pattern.converters  # type: ignore[attr-defined]


ROUTES = sorted({route for route, _ in patterns()})

# What names something else than a study: how it is filled in. An address that is not here fails.
NAMED = {
    "about/model/<slug:name>.svg": "roc",
    "about/model/<slug:population>/<slug:name>.svg": "child roc",
    "account/tokens/<int:pk>/revoke/": "token",
    "account/webhooks/<int:pk>/": "webhook",
    "account/webhooks/<int:pk>/switch/": "webhook",
    "account/webhooks/<int:pk>/delete/": "webhook",
    "account/webhooks/<int:pk>/<uuid:delivery>/resend/": "webhook",
    "admin/auth/user/<id>/password/": "owner",
    "admin/diagnosis/study/<uuid:pk>/<str:kind>": "film",
    "admin/r/<path:content_type_id>/<path:object_id>/": "1",
    "api/v1/models/<slug:sha256>/": "model",
    "api/v1/webhooks/<int:pk>/deliveries/": "webhook",
    "api/v1/webhooks/<int:pk>/deliveries/<uuid:delivery>/resend/": "webhook",
    "sample/<slug:name>/": "opacity",
    "studies/filters/<int:pk>/delete/": "filter",
}
# Those that Django and allauth write as patterns, with something in their places.
WRITTEN = {
    r"accounts/confirm-email/(?P<key>[-:\w]+)/": "accounts/confirm-email/MQ:a-key/",
    r"accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/": "accounts/password/reset/key/1-a-key/",
    r"admin/(?P<app_label>diagnosis|auth|mfa|account|usersessions)/": "admin/diagnosis/",
    r"admin/(?P<url>.*)": "admin/anything",
}
# The same for everybody: they hold nobody's secret.
FOR_ALL = (
    "about/model/<slug:name>.svg", "about/model/<slug:population>/<slug:name>.svg", "sample/<slug:name>/",
    "api/v1/models/<slug:sha256>/",
)  # fmt: skip
# What each address of the API takes, and the scope that a token needs for it. An address that is not here fails.
SCOPES: dict[str, dict[str, str]] = {
    "me/": {"get": "read"},
    "models/": {"get": "read"},
    "models/<slug:sha256>/": {"get": "read"},
    "schema/": {"get": "read"},
    "studies/": {"get": "read", "post": "submit"},
    "studies/<uuid:pk>/": {"get": "read", "patch": "submit", "delete": "delete"},
    "studies/<uuid:pk>/reanalyse/": {"post": "submit"},
    "studies/<uuid:pk>/reviews/": {"get": "read", "post": "submit"},
    "studies/<uuid:pk>/image/": {"get": "read"},
    "studies/<uuid:pk>/thumbnail/": {"get": "read"},
    "studies/<uuid:pk>/heatmap/": {"get": "read"},
    "studies/<uuid:pk>/lungs/": {"get": "read"},
    "studies/<uuid:pk>/report.pdf": {"get": "read"},
    "webhooks/": {"get": "read"},
    "webhooks/<int:pk>/deliveries/": {"get": "read"},
    "webhooks/<int:pk>/deliveries/<uuid:delivery>/resend/": {"post": "submit"},
}
NEEDED = {"get": "read", "post": "submit", "put": "submit", "patch": "submit", "delete": "delete"}


def address(route: str, study: Study) -> str:
    """The address with what is the owner's in it: their study, token, webhook, message, model."""
    delivery, token = Delivery.objects.get(study=study), ApiToken.objects.filter(user=study.owner).earliest("pk")
    found = {
        "token": token.pk, "webhook": delivery.webhook_id, "owner": study.owner_id, "model": model_version().sha256,
        "filter": SavedFilter.objects.get(owner=study.owner).pk,
    }  # fmt: skip
    path = WRITTEN.get(route, route).replace("<uuid:delivery>", str(delivery.pk))
    if table := re.match(r"admin/(\w+)/(\w+)/<path:object_id>", route):
        row = apps.get_model(*table.groups()).objects.order_by("pk").first()
        path = path.replace("<path:object_id>", str(row.pk if row else 1))
    path = re.sub(r"<(uuid:\w+|path:object_id)>", str(study.pk), path)
    for named in NAMED.get(route, "").split():
        path = re.sub(r"<[^>]+>", str(found.get(named, named)), path, count=1)
    assert "<" not in path, f"{route} names something that this test knows nothing of: put it into NAMED"
    return f"/{path}"


@pytest.fixture
def studies(owner: User, settings: Any) -> tuple[Study, Study]:
    """An answered study of the owner's, reviewed, and a waiting one, with a label to be looked for; a token, a webhook,
    an address, a session and a second factor."""
    settings.WEBHOOKS = "public"
    Webhook.make(user=owner, url="https://the-owners-secret.example/")
    ApiToken.issue(user=owner, name="the owner's secret")
    found = analysed(owner, 1), submitted(owner, 2)
    Study.objects.update(label="the owner's secret")
    Tag.put(owner, "the owner's secret", [study.pk for study in found])
    SavedFilter.keep(owner, "the owner's secret", "finding=normal")
    read = {"study": found[0], "author": owner}
    Review.objects.create(
        **read, prediction=found[0].prediction, finding="normal", certainty="low", agreement="agree",
        comment="the owner's secret",
    )  # fmt: skip
    Reference.objects.create(**read, diagnosis=Diagnosis.values[0], source=Source.values[0])
    EmailAddress.objects.create(user=owner, email="the-owners-secret@example.org")
    UserSession.objects.create(user=owner, ip="203.0.113.1", session_key="a", user_agent="the owner's secret")
    Authenticator.objects.create(user=owner, type="totp", data={"secret": "the owner's secret"})
    return found


def ask(client: Client, method: str, path: str) -> tuple[int, str]:
    client.raise_request_exception = False
    answer = getattr(client, method)(path)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[arg-type]
    return answer.status_code, body.decode("utf-8", "replace")


@pytest.mark.parametrize("first", sorted({route.partition("/")[0] for route in ROUTES}))
def test_nobody_else_learns_of_a_study_by_any_address(
    first: str, studies: tuple[Study, Study], owner: User, stranger: User, reviewer: User
) -> None:
    people: dict[str, Cookies] = {
        "nobody": {}, "stranger": signed_in(stranger).cookies, "staff": signed_in(reviewer).cookies,
    }  # fmt: skip
    for route in (route for route in ROUTES if route.partition("/")[0] == first):
        with transaction.atomic():  # each address finds everything as it was, and it is made once for many of them
            learns_nothing(route, studies[0], owner, people)
            transaction.set_rollback(True)
    client = Client()
    client.cookies = SimpleCookie(people["stranger"])
    assert client.get("/studies/").status_code == 200, "signed in, whatever address was called"


def learns_nothing(route: str, study: Study, owner: User, people: Mapping[str, Cookies]) -> None:
    path = address(route, study)
    named = "<" in route and route not in FOR_ALL and route not in WRITTEN
    client = Client()  # of all of them, for to begin with a new one takes longer than many an answer
    for who, cookies in people.items():
        client.cookies = SimpleCookie(cookies)
        for method in METHODS:
            status, body = ask(client, method, path)
            assert status < 500 or path == "/readyz", (who, method, path, status)
            assert not re.search("the.owner.*secret", body), (who, method, path)
            if named:
                assert status in GONE, (who, method, path, status)
            if who == "nobody" and not route.startswith(OPEN[1:]) and route not in OPEN:
                assert status in GONE, (method, path, status)
    assert Study.objects.filter(owner=owner, label="the owner's secret").count() == 2, path
    assert SavedFilter.objects.filter(owner=owner).exists(), path
    assert Tag.objects.filter(owner=owner).exclude(taggings=None).exists(), path
    assert Webhook.objects.enabled().filter(user=owner).exists(), path
    assert ApiToken.objects.valid().filter(user=owner).exists(), path


API = [route for route in ROUTES if route.startswith("api/v1/") and route != "api/v1/"]


@pytest.mark.parametrize("route", API)
def test_a_token_opens_what_its_scope_says_and_nothing_else(
    route: str, studies: tuple[Study, Study], owner: User, stranger: User
) -> None:
    takes = SCOPES[route.removeprefix("api/v1/")]
    path = address(route, studies[0])
    for scope in ("read", "submit", "delete"):
        for method, needed in NEEDED.items():
            allowed = {f"may_{name}": name == scope for name in ("read", "submit", "delete")}
            status, _body = ask(program(owner, **allowed), method, path)
            if needed != scope:
                assert status == 403, (scope, method, path)
            elif method in takes:
                assert status not in {401, 403, 405}, (scope, method, path, status)
                assert status != 404 or route.endswith(("/heatmap/", "/lungs/")), (scope, method, path)
            else:
                assert status == 405, (scope, method, path)
        if scope != "delete" and "<" in route and route not in FOR_ALL:
            method = next((name for name, needed in takes.items() if needed == scope), None)
            everything = program(stranger, may_submit=True, may_delete=True)
            assert method is None or ask(everything, method, path)[0] == 404, (method, path)


def program(user: User, **scopes: bool) -> Client:
    """A program with a fresh token."""
    return Client(headers={"Authorization": f"Bearer {ApiToken.issue(user=user, name='program', **scopes)[1]}"})


def test_the_matrix_knows_the_addresses_of_studies() -> None:
    named = [route for route in ROUTES if "<uuid:pk>" in route]
    assert len(named) >= 12
    assert "studies/<uuid:pk>/image/" in named
