"""The model card: what a model artefact says about itself, read without any machine-learning library.

An artefact is a folder: for each network ``NAME.keras`` (the source of truth) and ``NAME.xml`` + ``NAME.bin`` (the same
as exported for serving), ``card.json`` (this), ``metrics.json`` and figures. The card names the SHA-256 of every other
file, so a damaged or exchanged file is found before it can answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.errors import ArtifactDamaged, ArtifactMissing
from ml.inference.earlier_cards import upgraded
from ml.inference.population_card import OPERATING_POINTS, PopulationCard, parse_population

__all__ = ["ARTIFACTS", "FORMAT_VERSION", "OPERATING_POINTS", "ModelCard", "file_sha256", "load_card", "parse_card"]

FORMAT_VERSION = 2
READABLE = (1, FORMAT_VERSION)
ARTIFACTS = Path(__file__).resolve().parent.parent / "artifacts"


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Everything the program and its pages need to know about one model version.

    ``populations`` says for whom it answers; all that was measured stands there. ``sha256`` is that of the first
    population's network; ``raw`` is the whole JSON as it was published.
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
        """The population that stands first in the card: children, in what this project publishes."""
        return next(iter(self.populations.values()))

    def verify(self) -> None:
        """Check every file the card names against its SHA-256.

        Raises:
            ArtifactMissing: a file is not there.
            ArtifactDamaged: a file is not the one the card was written for.
        """
        for name, expected in self.files.items():
            path = self.directory / name
            if not path.is_file():
                raise ArtifactMissing(f"{path} is missing. Restore the folder {self.directory} or publish a model.")
            if file_sha256(path) != expected:
                raise ArtifactDamaged(
                    f"{path} is not the file its card describes (SHA-256 differs). "
                    f"Restore the folder {self.directory} as a whole; never replace single files in it."
                )


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as lower-case hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def load_card(directory: Path | None = None) -> ModelCard:
    """Read ``card.json`` of an artefact folder (default: the committed pneumonia model).

    Reads nothing but the card; :meth:`ModelCard.verify` checks the files it names.

    Raises:
        ArtifactMissing: there is no card.
        ArtifactDamaged: it cannot be read, is of another format version, or contradicts itself.
    """
    folder = directory or ARTIFACTS / "pneumonia"
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
    populations = {name: parse_population(name, of) for name, of in now["populations"].items()}
    if not populations:
        raise ValueError("the card is for no population")
    needed = {f"{of.network}.{kind}" for of in populations.values() for kind in ("keras", "xml", "bin")}
    if not needed <= now["files"].keys() or any("/" in name for name in now["files"]):
        raise ValueError("the list of files is not that of an artefact")
    first = next(iter(populations.values()))
    return ModelCard(
        format_version=raw["format_version"],
        version=str(now["version"]),
        sha256=str(now["files"][f"{first.network}.keras"]),
        name=str(now["name"]),
        intended_use=str(now["intended_use"]),
        populations=populations,
        training=now["training"],
        files=now["files"],
        directory=folder,
        raw=raw,
    )
