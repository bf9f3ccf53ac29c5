"""The model card: what a model artefact says about itself, read without any machine-learning library.

An artefact is a folder: ``model.keras`` (the source of truth), ``model.xml`` + ``model.bin`` (the same as exported for
serving), ``card.json`` (this), ``metrics.json`` and figures. The card names the SHA-256 of every other file, so a
damaged or exchanged file is found before it can answer.

What is served are several such folders, their cards joined to one (:mod:`ml.inference.cards.joined_card`): each
population has a network with terms of its own, and whoever takes a folder away has the rest unchanged.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.errors import ArtifactDamaged, ArtifactMissing
from ml.inference.cards.earlier_cards import upgraded
from ml.inference.cards.joined_card import SERVED, join, joined_sha256
from ml.inference.cards.population_card import OPERATING_POINTS, PopulationCard, Published, parse_population

__all__ = ["ARTIFACTS", "FORMAT_VERSION", "OPERATING_POINTS", "ModelCard", "file_sha256", "load_card", "parse_card"]

FORMAT_VERSION = 2
READABLE = (1, FORMAT_VERSION)
ARTIFACTS = Path(__file__).resolve().parents[2] / "artifacts"
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
        for name, expected in self.files.items():
            path = self.path(name)
            if not path.is_file():
                raise ArtifactMissing(f"{path} is missing. Restore the folder {path.parent} or publish a model.")
            if file_sha256(path) != expected:
                raise ArtifactDamaged(
                    f"{path} is not the file its card describes (SHA-256 differs). "
                    f"Restore the folder {path.parent} as a whole; never replace single files in it."
                )


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as lower-case hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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
    path = folder / "card.json"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ArtifactMissing(f"{path} is missing. Publish a model with python -m ml.publish.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ArtifactDamaged(f"{path} cannot be read: {error}") from error
    try:
        raw = json.loads(text)
        if raw["format_version"] not in READABLE:
            raise ArtifactDamaged(
                f"{path} has format version {raw['format_version']!r}; this program reads {FORMAT_VERSION}. "
                "Publish the model again with this version of the program."
            )
        card = parse_card(raw, folder)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactDamaged(f"{path} is not a whole model card ({type(error).__name__}: {error}).") from error
    return card


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
    networks = [str(of["network"]["file"]) for _name, of in ordered]
    needed = {f"{network}.{kind}" for network in networks for kind in ("keras", "xml", "bin")}
    if not needed <= now["files"].keys() or not all(_FILE.fullmatch(name) for name in now["files"]):
        raise ValueError("the list of files is not that of an artefact")
    populations = {}
    for network, (name, of) in zip(networks, ordered, strict=True):
        own = of.get("published", now)  # an artefact that is joined with others has a card of its own
        published = Published(
            str(own["version"]), str(now["files"][f"{network}.keras"]), str(own["name"]), str(own["intended_use"]),
            own["training"],
        )  # fmt: skip
        populations[name] = parse_population(name, of, published)
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
