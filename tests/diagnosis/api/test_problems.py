"""Errors are problem documents, whoever finds them; the schema is valid and closed to strangers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["studies/", "me/", "models/", "schema/"])
def test_a_stranger_is_told_in_json_to_sign_in(address: str) -> None:
    response = Client().get(f"/api/v1/{address}")
    assert (response.status_code, response["Content-Type"]) == (401, "application/problem+json")
    assert response.json()["code"] == "NOT_SIGNED_IN"
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_the_page_for_people_sends_a_stranger_to_the_sign_in_page() -> None:
    response = Client().get("/api/docs/")
    assert (response.status_code, "/login" in response["Location"]) == (302, True)


def test_wrong_addresses_methods_and_bodies(program: Callable[..., Client]) -> None:
    client = program()
    assert client.get("/api/v1/nowhere/").json()["code"] == "NOT_FOUND"
    assert client.get("/api/v1/studies/not-an-id/").status_code == 404
    wrong = client.put("/api/v1/studies/")
    assert (wrong.status_code, wrong.json()["code"], wrong["Allow"]) == (
        405,
        "METHOD_NOT_ALLOWED",
        "GET, POST, HEAD, OPTIONS",
    )
    broken = client.post("/api/v1/studies/", b"--x\r\n", content_type="multipart/form-data")
    assert (broken.status_code, broken["Content-Type"]) == (400, "application/problem+json")


def test_a_session_needs_its_csrf_token_to_change_something(owner_client: Client) -> None:
    assert owner_client.get("/api/v1/me/").json()["scopes"] == ["read", "submit", "delete"]
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = owner_client.cookies
    assert strict.post("/api/v1/studies/", {"intended_use": "true"}).status_code == 403


def test_the_schema_is_valid_and_names_every_operation_once(program: Callable[..., Client]) -> None:
    from openapi_spec_validator import validate  # takes a fifth of a second, of which all workers but one do without

    schema = program().get("/api/v1/schema/").json()
    validate(schema)
    assert schema["openapi"].startswith("3.1")
    names = [operation["operationId"] for path in schema["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names)) == 19
