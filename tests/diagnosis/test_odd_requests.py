"""Parameters that no page of ours makes: none of them is a fault of ours."""

from __future__ import annotations

import base64
import json
from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db
ODD = [
    "",
    "\0",
    "http://[",
    "//[::1",
    "https://[evil",
    "javascript:x",
    "/\\evil",
    "\ud800",
    "9" * 5000,
    "ü",
    "%",
    "[]",
    "1e999",
]
FORMS = [
    "account_login",
    "account_logout",
    "account_reauthenticate",
    "set_language",
    "preferences_prevalence",
    "studies_selected",
]


def cursors() -> list[str]:
    """Places in a list that were never there."""
    key = uuid4().hex
    values: list[Any] = [
        "9999-12-31T23:59:59+00:00",
        "0001-01-01T00:00:00+23:59",
        "2026-01-01",
        1e999,
        float("nan"),
        -1,
        [],
        None,
        "\0",
    ]
    made = [base64.urlsafe_b64encode(json.dumps([value, key]).encode()).decode() for value in values]
    deep = base64.urlsafe_b64encode(b"[" * 5000).decode()
    return [*made, deep, base64.urlsafe_b64encode(b"\xff\xfe").decode()]


def ok(client: Client, method: str, path: str, **options: Any) -> None:
    client.raise_request_exception = False
    status = getattr(client, method)(path, **options).status_code
    assert status < 500, (status, method, path, options)


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_way_back_is_no_fault(odd: str, owner: User) -> None:
    text = odd.encode("utf-8", "surrogatepass")
    inside, stranger = Client(), Client()
    for path in map(reverse, FORMS):
        inside.force_login(owner)  # one of them signs out
        ok(inside, "get", path, query_params={"next": text})
        ok(
            inside,
            "post",
            path,
            data={"next": text, "language": "de", "prevalence": "5", "login": "a", "password": "b"},
        )
        ok(
            stranger,
            "post",
            path,
            data={"next": text, "login": "a", "password": "b"},
            headers={"referer": "http://[" + odd[:5].strip("\0")},
        )


@pytest.mark.parametrize("sort", ["newest", "oldest", "probable", "label"])
def test_an_odd_place_in_a_list_is_no_fault(sort: str, owner_client: Client) -> None:
    for cursor in cursors():
        for which in ("after", "before"):
            ok(owner_client, "get", reverse("studies"), query_params={"sort": sort, "order": sort, which: cursor})


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "base64", "idna", "nonsense", "rot13", "zip", "undefined"])
def test_an_odd_charset_is_no_fault(charset: str, owner_client: Client) -> None:
    kinds = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]
    names = ["study_new", "account_login", "set_language", "preferences"]
    body = b'--x\r\nContent-Disposition: form-data; name="label"\r\n\r\n+AGE-\xff\r\n--x--\r\n'
    for client, name, kind in product((owner_client, Client()), names, kinds):
        _post(client, reverse(name), body, f"{kind}; charset={charset}")


def _post(client: Client, path: str, body: bytes, content_type: str) -> None:
    client.raise_request_exception = False
    answer = client.generic("POST", path, body, content_type=content_type)
    assert answer.status_code < 500, (answer.status_code, path, content_type)
