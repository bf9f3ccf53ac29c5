"""How the API's schema is drawn from its views."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema

from diagnosis.problems import MEDIA_TYPE


class FirstSentence(AutoSchema):
    """The first sentence of a view's docstring is the operation's summary, the rest its description."""

    def get_summary(self) -> str:
        """The first sentence."""
        return self._sentences()[0].replace("`", "")  # Swagger UI shows it as it is

    def get_description(self) -> str:  # type: ignore[override]  # drf-spectacular drops the base's arguments
        """What follows it."""
        return self._sentences()[1]

    def _sentences(self) -> tuple[str, str]:
        first, _dot, rest = (super().get_description() or "").partition(". ")
        return first.rstrip("."), rest


def as_problems(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """Postprocessing hook: errors have the media type of problem documents (RFC 9457)."""
    for operations in result["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if status >= "400" and "application/json" in response.get("content", {}):
                    response["content"] = {MEDIA_TYPE: response["content"]["application/json"]}
    return result
