"""Errors as problem documents (RFC 9457): a stable code, a sentence, and the fields that are meant."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFilesSent
from django.http import UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from diagnosis.problems import MEDIA_TYPE, document
from diagnosis.results.translation import translate_error
from ml import CodedError


class Problem(exceptions.APIException):
    """An expected failure of a request.

    Args:
        status_code: HTTP status.
        code: Stable, upper case; programs may rely on it.
        detail: One sentence for a person.
        errors: One entry a field or file that is meant: ``field`` or ``file``, ``code``, ``detail``.
        headers: Further headers of the answer.
    """

    def __init__(
        self,
        status_code: int,
        code: str,
        detail: str,
        errors: list[dict[str, str]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status_code, self.problem_code, self.errors, self.headers = status_code, code, errors or [], headers or {}


def coded(error: CodedError) -> dict[str, str]:
    """Intake's refusal of one file, in the reader's language."""
    return {"code": error.code, "detail": translate_error(error)}


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's exception handler: every expected failure becomes a problem document."""
    if isinstance(error, Problem):
        return _answer(error.status_code, error.problem_code, str(error.detail), error.errors, error.headers)
    if isinstance(error, RequestDataTooBig | TooManyFilesSent):
        return _answer(413, "TOO_LARGE", _("The request is larger than this site takes."))
    if isinstance(error, UnreadablePostError | MultiPartParserError):
        return _answer(400, "UNREADABLE", _("The request ended before its body was whole, or its body is malformed."))
    if isinstance(error, SuspiciousOperation):
        return _answer(400, "BAD_REQUEST", _("The request is malformed."))
    response = exception_handler(error, context)
    if response is None:
        return None
    code, detail, errors = _described(error, response)
    headers = {name: value for name, value in response.items() if name in ("Allow", "WWW-Authenticate")}
    return _answer(response.status_code, code, detail, errors, headers)


def _described(error: Exception, response: Response) -> tuple[str, str, list[dict[str, str]]]:
    if isinstance(error, exceptions.ValidationError):
        return "INVALID", _("The request holds values that cannot be used."), list(_flat(error.get_full_details()))
    codes = {
        status.HTTP_400_BAD_REQUEST: "BAD_REQUEST",
        status.HTTP_401_UNAUTHORIZED: "NOT_SIGNED_IN",
        status.HTTP_403_FORBIDDEN: "NOT_ALLOWED",
        status.HTTP_404_NOT_FOUND: "NOT_FOUND",
        status.HTTP_405_METHOD_NOT_ALLOWED: "METHOD_NOT_ALLOWED",
        status.HTTP_406_NOT_ACCEPTABLE: "NOT_ACCEPTABLE",
        status.HTTP_415_UNSUPPORTED_MEDIA_TYPE: "UNSUPPORTED_MEDIA_TYPE",
        status.HTTP_429_TOO_MANY_REQUESTS: "TOO_MANY_REQUESTS",
    }
    detail = str(response.data.get("detail", "")) if isinstance(response.data, dict) else ""
    return codes.get(response.status_code, "ERROR"), detail or _("The request cannot be answered."), []


def _flat(details: Any, field: str = "") -> Any:
    """Each of a validation error's leaves with its field: ``{"field": …, "code": …, "detail": …}``."""
    if isinstance(details, dict) and isinstance(details.get("message"), str):
        yield {"field": field, "code": str(details["code"]).upper(), "detail": str(details["message"])}
    elif isinstance(details, dict):
        for name, inner in details.items():
            yield from _flat(inner, f"{field}.{name}" if field else str(name))
    else:
        for inner in details:
            yield from _flat(inner, field)


def _answer(
    status_code: int,
    code: str,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    body = document(status_code, code, detail, errors)
    return Response(body, status=status_code, content_type=MEDIA_TYPE, headers=headers)
