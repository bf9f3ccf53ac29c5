"""Several artefacts, each for other populations, as one card: what a site serves, and what one of its versions is.

A film is answered by the network of its population. Which networks these were is kept with every result, so the joined
card has a SHA-256 of its own, over those of its networks and the versions of their cards. An artefact alone keeps the
SHA-256 of its network: leaving a population out, or taking it in, changes nothing of what was answered before.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ml.inference.cards.earlier_cards import upgraded
from ml.inference.cards.population_card import PopulationCard

SERVED = {"child": "pneumonia", "adult": "adults"}
"""Folders of the shipped artefacts by the population they answer for; the first is there always, others may not be."""
NAME = "PneumoWeb pneumonia classifiers"
INTENDED_USE = (
    "Teaching, research and a second look: it says how much a frontal chest radiograph looks like those of patients "
    "with pneumonia, by one network for children aged 1 to 5 and by another for adults. It is not for triage and not "
    "for diagnosis, it is not a medical device, and no decision about a patient may rest on it. The network for adults "
    "is for non-commercial use."
)


def join(cards: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The JSON of one card for the populations of several.

    Files of the second and further ones are named with their folder, which lies beside that of the first and is named
    as in :data:`SERVED`.

    Args:
        cards: JSON of cards for one population each, the first one's folder being the joined card's.

    Raises:
        KeyError, TypeError, ValueError: a card is not whole, or two are for the same population.
    """
    populations: dict[str, Any] = {}
    files: dict[str, str] = {}
    for place, raw in enumerate(map(upgraded, cards)):
        published = {key: raw[key] for key in ("version", "name", "intended_use", "training")}
        for name, population in raw["populations"].items():
            if name in populations:
                raise ValueError(f"two artefacts answer for the population {name}")
            folder = f"{SERVED[name]}/" if place else ""
            network = {**population["network"], "file": folder + population["network"]["file"]}
            populations[name] = {**population, "network": network, "published": published}
        files |= {folder + file: sha256 for file, sha256 in raw["files"].items()}
    return {
        "format_version": 2,
        "version": max((str(raw["version"]) for raw in cards), key=by_number),
        "name": NAME,
        "intended_use": INTENDED_USE,
        "populations": populations,
        "training": upgraded(cards[0])["training"],
        "files": files,
    }


def by_number(version: str) -> tuple[int, ...]:
    """What versions are ordered by: the numbers in them."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


def joined_sha256(populations: Mapping[str, PopulationCard]) -> str:
    """The network's own SHA-256 where one network answers, else one over all networks and their cards' versions."""
    networks = {population.network: population.published for population in populations.values()}
    if len(networks) == 1:
        return next(iter(networks.values())).sha256
    lines = (
        f"{name} {population.published.version} {population.published.sha256}\n"
        for name, population in populations.items()
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()
