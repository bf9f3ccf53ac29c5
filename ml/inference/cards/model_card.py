"""The model card: what a model artefact says about itself, read without any machine-learning library.

An artefact is a folder: ``model.keras`` (the source of truth), ``model.xml`` + ``model.bin`` (the same as exported for
serving), ``card.json`` (this), ``metrics.json`` and figures. The card names the SHA-256 of every other file, so a
damaged or exchanged file is found before it can answer.

What is served are several such folders, their cards joined to one (:mod:`ml.inference.cards.joined_card`): each
population has a network with terms of its own, and whoever takes a folder away has the rest unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.errors import ArtifactDamaged
from ml.inference.cards.earlier_cards import upgraded
from ml.inference.cards.files import ARTIFACTS, check_files, read_card_json
from ml.inference.cards.joined_card import SERVED, join, joined_sha256
from ml.inference.cards.population_card import PopulationCard, Published, parse_population

FORMAT_VERSION = 2
READABLE = (1, FORMAT_VERSION)
_FILE = re.compile(r"(?:\w[\w.-]*/)?\w[\w.-]*")


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Everything the program and its pages need to know about one model version.

    ``populations`` says for whom it answers; all that was measured stands there. ``sha256`` is that of the network, or,
    of several, of them together; ``training`` is that of the first population's network; ``raw`` is the whole JSON.
    """

    format_version: int
    version: str
    sha256: str
    name: str
    intended_use: str
    populations: Mapping[str, PopulationCard]
    training: Mapping[str, Any]
    files: Mapping[str, str]
    directory: Path
    raw: Mapping[str, Any]

    @property
    def first(self) -> PopulationCard:
        """The population shown first: children, in what this project publishes."""
        return next(iter(self.populations.values()))

    def path(self, name: str) -> Path:
        """Where a file lies that the card names; ``FOLDER/NAME`` is in a folder beside the card's own."""
        return (self.directory.parent if "/" in name else self.directory) / name

    def beside(self, network: str) -> dict[str, str]:
        """The SHA-256 of every file in a network's own folder, by the file's name alone."""
        folder = network.rpartition("/")[0]
        parts = ((name.rpartition("/"), sha256) for name, sha256 in self.files.items())
        return {name: sha256 for (where, _, name), sha256 in parts if where == folder}

    def verify(self) -> None:
        """Check every file the card names against its SHA-256.

        Raises:
            ArtifactMissing: a file is not there.
            ArtifactDamaged: a file is not the one the card was written for.
        """
        check_files({self.path(name): sha256 for name, sha256 in self.files.items()})


def load_card(directory: Path | None = None, populations: Collection[str] = tuple(SERVED)) -> ModelCard:
    """Read the card of an artefact folder, or (default) those of the shipped artefacts, joined to one.

    Reads nothing but cards; :meth:`ModelCard.verify` checks the files they name.

    Args:
        directory: The folder; None: what is shipped.
        populations: For whom of the shipped artefacts' populations to answer. A folder that is missing answers for
            nobody, but the first of them must be there.

    Raises:
        ArtifactMissing: there is no card.
        ArtifactDamaged: it cannot be read, is of another format version, or contradicts itself.
    """
    if directory is not None:
        return _load(directory)
    first, *more = [ARTIFACTS / folder for whose, folder in SERVED.items() if whose in populations]
    cards = [_load(folder) for folder in (first, *(folder for folder in more if folder.is_dir()))]
    return cards[0] if len(cards) == 1 else parse_card(join([card.raw for card in cards]), first)


def _load(folder: Path) -> ModelCard:
    raw = read_card_json(folder, READABLE, "Publish the model with python -m ml.publish.")
    try:
        return parse_card(raw, folder)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactDamaged(
            f"{folder / 'card.json'} is not a whole model card ({type(error).__name__}: {error})."
        ) from error


def parse_card(raw: Mapping[str, Any], folder: Path = ARTIFACTS / "pneumonia") -> ModelCard:
    """Make a card of its JSON, e.g. as kept in a database; ``folder`` is where its files lie, if they still do.

    Raises:
        KeyError, TypeError, ValueError: the JSON is not a whole card.
    """
    now = upgraded(raw)
    if not now["populations"]:
        raise ValueError("the card is for no population")
    # In an order of our own: a database may keep the keys of an object in another than they were written (jsonb does).
    order = dict.fromkeys((*SERVED, *sorted(now["populations"])))
    ordered = [(name, now["populations"][name]) for name in order if name in now["populations"]]
    networks = [str(population["network"]["file"]) for _name, population in ordered]
    needed = {f"{network}.{kind}" for network in networks for kind in ("keras", "xml", "bin")}
    if not needed <= now["files"].keys() or not all(_FILE.fullmatch(name) for name in now["files"]):
        raise ValueError("the list of files is not that of an artefact")
    populations = {}
    for network, (name, population) in zip(networks, ordered, strict=True):
        own = population.get("published", now)  # an artefact that is joined with others has a card of its own
        published = Published(
            str(own["version"]), str(now["files"][f"{network}.keras"]), str(own["name"]), str(own["intended_use"]),
            own["training"],
        )  # fmt: skip
        populations[name] = parse_population(name, population, published)
    first = next(iter(populations.values()))
    return ModelCard(
        format_version=raw["format_version"],
        version=str(now["version"]),
        sha256=joined_sha256(populations),
        name=str(now["name"]),
        intended_use=str(now["intended_use"]),
        populations=populations,
        training=first.published.training,
        files=now["files"],
        directory=folder,
        raw=raw,
    )
