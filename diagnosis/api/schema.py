"""How the API's schema is drawn from its views."""

from __future__ import annotations

from drf_spectacular.openapi import AutoSchema


class FirstSentence(AutoSchema):
    """The first sentence of a view's docstring is the operation's summary, the rest its description."""

    def get_summary(self) -> str:
        """The first sentence."""
        return self._sentences()[0]

    def get_description(self) -> str:  # type: ignore[override]  # drf-spectacular drops the base's arguments
        """What follows it."""
        return self._sentences()[1]

    def _sentences(self) -> tuple[str, str]:
        first, _dot, rest = (super().get_description() or "").partition(". ")
        return first.rstrip("."), rest
