"""Problem documents (RFC 9457), and whom they are for: programs are told of an error in JSON, wherever it is found."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, JsonResponse

MEDIA_TYPE = "application/problem+json"


def document(status_code: int, code: str, detail: str, errors: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """A problem document as plain JSON values."""
    found: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status_code).phrase,
        "status": status_code,
        "code": code,
        "detail": detail,
    }
    return {**found, "errors": errors} if errors else found


def plain_answer(status_code: int, code: str, detail: str) -> JsonResponse:
    """A problem document outside REST framework's views: from middleware."""
    return JsonResponse(document(status_code, code, detail), status=status_code, content_type=MEDIA_TYPE)


def is_for_programs(request: HttpRequest) -> bool:
    """Whether an address belongs to programs, which are told of an error in JSON and never sent to a sign-in page."""
    return request.path.startswith("/api/v1/")
