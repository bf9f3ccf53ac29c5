"""The words of a card for a model of other films than the published ones: ``python -m ml.publish --about FILE``."""

from __future__ import annotations

import json
from pathlib import Path

from ml.errors import MLError
from ml.publishing.card_text import About

_FORM = "It is a JSON object with the texts name, population and intended_use, and limits, a list of texts."


class AboutError(MLError):
    """The words for a card cannot be used."""


def read_about(path: Path) -> About:
    """Words for a model of other films: a JSON object with ``name``, ``population``, ``intended_use`` and ``limits``.

    Raises:
        AboutError: The file is not such an object.
    """
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        about = About(given["name"], given["population"], given["intended_use"], tuple(given["limits"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AboutError(
            f"{path} does not say what the card needs ({type(error).__name__}: {error}). {_FORM}"
        ) from error
    texts = (about.name, about.population, about.intended_use, *about.limits)
    if not about.limits or not all(isinstance(text, str) and text.strip() for text in texts):
        raise AboutError(f"{path}: a text is empty, or none. {_FORM}")
    return about
