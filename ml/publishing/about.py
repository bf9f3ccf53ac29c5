"""The words of a card that no measurement gives: what a model is for, whose films it knows, and what bounds its use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ml.errors import MLError
from ml.inference.population import ADULT, CHILD

NAME = "PneumoWeb paediatric pneumonia classifier"

POPULATION = (
    "Frontal chest radiographs of children aged 1 to 5 years, taken in routine care at one hospital, Guangzhou Women "
    "and Children's Medical Center (Kermany, Zhang, Goldbaum, Mendeley Data 2018, CC BY 4.0)."
)

INTENDED_USE = (
    "Teaching, research and a second look: it says how much a frontal chest radiograph of a child aged 1 to 5 looks "
    "like the radiographs of children with pneumonia. It is not for triage and not for diagnosis, it is not a medical "
    "device, and no decision about a patient may rest on it."
)

DATA = (
    {
        "name": "Chest X-Ray Images (Pneumonia), official training split",
        "source": "Kermany, Zhang, Goldbaum, Mendeley Data 2018; Guangzhou Women and Children's Medical Center",
        "terms": "CC BY 4.0",
    },
)

LUNGS_DATA = (
    {
        "name": "ImageNet weights of EfficientNet-Lite0",
        "source": "Tan, Le 2019",
        "terms": "Apache-2.0",
    },
    {
        "name": "Lung finder: masks of the V7 Labs COVID-19 X-ray dataset",
        "source": "V7 Labs; adults' films under 154 of the masks: Cohen et al. 2020, COVID-19 image data collection",
        "terms": "masks CC BY 4.0; these adults' films CC BY or CC BY-NC-SA, film by film",
    },
)
"""What a children's network that goes by the lungs has learnt from besides."""

LIMITS = (
    "Trained and measured on one hospital's films. Published networks for this data reach about 97 % on films of the "
    "same source and 85 to 95 % on the official test films, mostly through false alarms; expect less than the figures "
    "here at another site, and have it measured there before you rely on it.",
    "It knows two answers, pneumonia and normal. A film with another disease (effusion, pneumothorax, tuberculosis, "
    "heart failure, a foreign body) gets one of them all the same.",
    "The labels are readers' impressions of the films, not proven causes; it cannot tell bacterial from viral "
    "pneumonia, and it cannot exclude pneumonia in a child who is ill.",
    "The calibrated probability assumes that half of the films show pneumonia; where it is rarer, the chance is lower.",
    "Frontal films only, the whole film as exported; lateral views, photographs of films, crops and collages are "
    "refused as far as the image check recognises them.",
    "Sex, origin, weight, prematurity and illness of the children are not known, so differences between such groups "
    "could not be measured.",
)

KNOWN = frozenset({"988b11bfc6ad1c7db04bc71c94b9728fb53cadab1c2919d4629d7c3c31349fa4"})
"""Hashes (``ml.data.dataset.data_hash``) of the films that the texts above speak of."""


@dataclass(frozen=True, slots=True)
class About:
    """The words of a card that no measurement gives: what the model is, whose films it knows, and its limits."""

    name: str = NAME
    population: str = POPULATION
    intended_use: str = INTENDED_USE
    limits: tuple[str, ...] = LIMITS
    whose: str = CHILD
    data: tuple[Mapping[str, str], ...] = DATA


AGES: dict[str, list[int | None]] = {CHILD: [1, 5], ADULT: [18, None]}


_FORM = (
    "It is a JSON object with the texts name, population and intended_use, and limits, a list of texts; and, where the "
    "films are not children's, whose (child or adult) and data, a list of sources with their name, source and terms."
)


class AboutError(MLError):
    """The words for a card cannot be used."""


def read_about(path: Path) -> About:
    """Words for a model of other films: a JSON object with ``name``, ``population``, ``intended_use`` and ``limits``.

    ``whose`` (``child`` or ``adult``) and ``data`` (sources with ``name``, ``source`` and ``terms``) may be in it.

    Raises:
        AboutError: The file is not such an object.
    """
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        about = About(
            given["name"], given["population"], given["intended_use"], tuple(given["limits"]),
            given.get("whose", CHILD), tuple(given.get("data", ())),
        )  # fmt: skip
        AGES[about.whose], [(one["name"], one["source"], one["terms"]) for one in about.data]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AboutError(
            f"{path} does not say what the card needs ({type(error).__name__}: {error}). {_FORM}"
        ) from error
    texts = (about.name, about.population, about.intended_use, *about.limits)
    if not about.limits or not all(isinstance(text, str) and text.strip() for text in texts):
        raise AboutError(f"{path}: a text is empty, or none. {_FORM}")
    return about
