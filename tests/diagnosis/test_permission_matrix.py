"""Every address of the URL conf, and everybody who might ask for it: nobody learns of another person's studies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from diagnosis.models import Study
from tests.conftest import signed_in
from tests.studies import analysed, submitted

pytestmark = pytest.mark.django_db
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


ROUTES = sorted({route for route, _ in patterns() if "(?P" not in route and "(" not in route})


def address(route: str, study: Study) -> str | None:
    """The address with the owner's study in it; ``None`` for what names something else (a key, a token)."""
    path = re.sub(r"<(uuid:\w+|path:object_id)>", str(study.pk), route)
    return None if "<" in path else f"/{path}"


@pytest.fixture
def studies(owner: User) -> tuple[Study, Study]:
    """An answered study of the owner's and a waiting one, with a label to be looked for."""
    found = analysed(owner, 1), submitted(owner, 2)
    Study.objects.update(label="the owner's secret")
    return found


def ask(client: Client, method: str, path: str) -> tuple[int, str]:
    client.raise_request_exception = False
    answer = getattr(client, method)(path)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[arg-type]
    return answer.status_code, body.decode("utf-8", "replace")


@pytest.mark.parametrize("route", ROUTES)
def test_nobody_else_learns_of_a_study_by_any_address(
    route: str, studies: tuple[Study, Study], owner: User, stranger: User, reviewer: User
) -> None:
    path = address(route, studies[0])
    if path is None:
        pytest.skip("names something that is no study")
    named = "<" in route
    for who, client in (("nobody", Client()), ("stranger", signed_in(stranger)), ("staff", signed_in(reviewer))):
        for method in METHODS:
            status, body = ask(client, method, path)
            assert status < 500 or path == "/readyz", (who, method, path, status)
            assert "the owner's secret" not in body, (who, method, path)
            if named:
                assert status in GONE, (who, method, path, status)
            if who == "nobody" and not route.startswith(OPEN[1:]) and route not in OPEN:
                assert status in GONE, (method, path, status)
    assert Study.objects.filter(owner=owner, label="the owner's secret").count() == 2, path


def test_the_matrix_knows_the_addresses_of_studies() -> None:
    named = [route for route in ROUTES if "<uuid:pk>" in route]
    assert len(named) >= 12
    assert "studies/<uuid:pk>/image/" in named
