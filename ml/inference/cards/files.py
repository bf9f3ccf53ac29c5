"""An artefact's folder as it lies on the disk: its card's JSON, and the files that the card names by their SHA-256.

The networks that predict, the image check and the network that finds lungs have cards of different content; where they
lie and how their files are checked is the same for all of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ml.errors import ArtifactDamaged, ArtifactMissing

ARTIFACTS = Path(__file__).resolve().parents[2] / "artifacts"
"""What is shipped: a folder for each network."""


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as lower-case hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_artefact(folder: Path) -> bool:
    """Whether a folder is a published network's, with its card, and not a run's."""
    return (folder / "card.json").is_file()


def read_card_json(folder: Path, readable: Collection[int], advice: str) -> dict[str, Any]:
    """Read the JSON object in a folder's ``card.json``; nothing of it is checked but its format version.

    Args:
        folder: The artefact.
        readable: The format versions that this program knows.
        advice: How to come by a card, for whoever has none.

    Raises:
        ArtifactMissing: there is no card.
        ArtifactDamaged: it is no JSON object, or of another format version.
    """
    path = folder / "card.json"
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        version = card["format_version"]
    except FileNotFoundError:
        raise ArtifactMissing(f"{path} is missing. {advice}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactDamaged(f"{path} is not a whole model card ({type(error).__name__}: {error}).") from error
    if version not in readable:
        known = " and ".join(map(str, sorted(readable)))
        raise ArtifactDamaged(f"{path} has format version {version!r}; this program reads {known}. {advice}")
    return dict(card)


def check_files(files: Mapping[Path, str]) -> None:
    """Check files against the SHA-256 that a card names for each.

    Raises:
        ArtifactMissing: a file is not there.
        ArtifactDamaged: a file is not the one the card was written for.
    """
    for path, expected in files.items():
        if not path.is_file():
            raise ArtifactMissing(f"{path} is missing. Restore the folder {path.parent}, or publish it again.")
        if file_sha256(path) != expected:
            raise ArtifactDamaged(
                f"{path} is not the file its card describes (SHA-256 differs). "
                f"Restore the folder {path.parent} as a whole; never replace single files in it."
            )
