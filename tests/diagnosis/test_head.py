"""HEAD: a link checker or a download manager is answered as by GET."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from diagnosis.models import Study
from tests.studies import analysed

pytestmark = pytest.mark.django_db
ELSEWHERE = ("admin/", "jsi18n/")  # Django's own, tested there


def addresses(patterns: list[Any], values: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """The name of every address of the URL conf that these values complete."""
    for found in patterns:
        route = prefix + str(found.pattern)
        if isinstance(found, URLResolver) and not route.startswith(ELSEWHERE):
            yield from addresses(found.url_patterns, values, route)
        elif isinstance(found, URLPattern) and found.name and set(found.pattern.regex.groupindex) <= set(values):
            with contextlib.suppress(NoReverseMatch):  # the key of another kind of row
                yield reverse(found.name, kwargs={name: values[name] for name in found.pattern.regex.groupindex})


def test_every_address_answers_head_as_it_answers_get(owner: User, owner_client: Client) -> None:
    study = analysed(owner)
    asked = sorted(set(addresses(get_resolver().url_patterns, {"pk": study.pk, "name": "roc"})))
    assert len(asked) > 40
    assert reverse("study_delete", args=[study.pk]) in asked
    for address in asked:
        got, headed = owner_client.get(address), owner_client.head(address)
        assert headed.status_code == got.status_code, address
        assert headed.headers.get("Content-Type") == got.headers.get("Content-Type"), address


def test_head_shows_the_question_before_a_deletion_and_deletes_nothing(owner: User, owner_client: Client) -> None:
    study = analysed(owner)
    for name in ("study_delete", "study_label", "study_review"):
        assert owner_client.head(reverse(name, args=[study.pk])).status_code == 200
    owner_client.head(reverse("account_delete"))
    assert Study.objects.filter(pk=study.pk).exists()
    assert User.objects.filter(pk=owner.pk).exists()


@pytest.mark.parametrize("name", ["studies", "studies_export_csv", "account_export", "study_image", "study_report"])
def test_the_server_is_given_no_body_and_the_length_that_get_has(owner: User, owner_client: Client, name: str) -> None:
    study = analysed(owner)
    address = reverse(name, args=[study.pk] if name.startswith("study_") else [])
    output: list[dict[str, str]] = []
    for method in ("GET", "HEAD"):
        cookie = f"sessionid={owner_client.cookies['sessionid'].value}"
        environ = RequestFactory(HTTP_COOKIE=cookie).generic(method, address).environ

        def started(status: str, headers: list[tuple[str, str]], _error: Any = None, /) -> Callable[[bytes], object]:
            assert status == "200 OK"
            output.append(dict(headers))
            return len

        # As Django's own test client: else the connection, with the test's transaction in it, is closed as an old one.
        request_started.disconnect(close_old_connections)
        request_finished.disconnect(close_old_connections)
        try:
            response = WSGIHandler()(environ, started)
            sent = b"".join(response)
            response.close()
        finally:
            request_started.connect(close_old_connections)
            request_finished.connect(close_old_connections)
        assert bool(sent) is (method == "GET")
    got, headed = output
    assert headed.get("Content-Length") == got.get("Content-Length") or name == "study_report"  # it tells the time


@pytest.mark.parametrize("name", ["studies", "study_new", "studies_export_csv", "account_export", "performance"])
def test_a_stranger_who_asks_by_head_is_sent_to_the_sign_in_page(client: Client, name: str) -> None:
    assert client.head(reverse(name))["Location"].startswith(reverse("account_login"))
