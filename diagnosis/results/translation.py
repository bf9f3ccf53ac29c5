"""Templates with named parameters, as ``ml`` reports and studies keep them, in the reader's language.

The sentences are marked with ``gettext_noop`` where they are raised. Here the template is translated, its numbers are
written as the reader's language writes them, and parameters that are terms of ours are translated too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext

from ml import TERMS, CodedError, Parameter

PLACE = re.compile(r"%\((?P<name>\w+)\)[-+0 #]*\d*(?:\.\d+)?(?P<kind>[dfs])|%%")


def translate(template: str, parameters: Mapping[str, Parameter] | None = None) -> str:
    """One sentence, filled in; a template without parameters is a plain sentence, per cent signs and all."""
    if not template:
        return ""
    translated = gettext(template)
    if not parameters:
        return translated

    def fill(place: re.Match[str]) -> str:
        if place["name"] in TERMS:
            return gettext(str(parameters[place["name"]]))
        text = place[0] % parameters
        return number_format(Decimal(text)) if place["kind"] in ("d", "f") else text

    return PLACE.sub(fill, translated)


def translate_error(error: CodedError | None) -> str:
    """Message and advice of a refusal; nothing for none."""
    if error is None:
        return ""
    return " ".join(translate(part, error.parameters) for part in (error.message, error.advice) if part)
