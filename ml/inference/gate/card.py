"""A gate's card: which network it is, where its lines are drawn, and the hashes of its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ml.errors import ArtifactDamaged
from ml.inference.cards.files import check_files, read_card_json

FORMAT_VERSION = 1
KINDS = ("frontal", "lateral", "radiograph", "other", "cropped", "multiple")
"""What the network calls a picture; the place in this tuple is the class number."""
OUTPUTS = ("kind", "turn", "inverted", "adult", "novelty")
"""Outputs of the network, in order: logits (N, 6), (N, 4), (N, 1), (N, 1) and distances (N, 1)."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the gate draws its lines; measured on films kept out of training, see docs/gate-card.md.

    Attributes:
        frontal: Least probability of a frontal chest film.
        certain: The same for a film that is to be put right, before and after, or is very unlike the training films.
        novelty: Largest distance from the frontal films seen in training.
        turn: Least probability of a quarter turn that is put right without asking.
        inverted: The same for an inversion.
        adult: Probability from which a film is called one like an adult's.
        unlike: Distance from which a film that passes is called unlike the training films.
    """

    frontal: float
    certain: float
    novelty: float
    turn: float
    inverted: float
    adult: float
    unlike: float


def read_gate_card(folder: Path) -> tuple[Thresholds, dict[str, str]]:
    """Read the thresholds of a gate's card and the hashes it names, and check these."""
    path = folder / "card.json"
    card = read_card_json(folder, [FORMAT_VERSION], "Restore the folder, or train with python -m ml.train_gate.")
    try:
        if tuple(card["kinds"]) != KINDS or tuple(card["outputs"]) != OUTPUTS:
            raise ArtifactDamaged(f"{path} describes another network than this program knows.")
        thresholds = Thresholds(**{name: float(value) for name, value in card["thresholds"].items()})
        files = {str(name): str(value) for name, value in card["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArtifactDamaged(f"{path} cannot be read as a gate's card: {error}") from error
    if not {"model.xml", "model.bin"} <= files.keys():
        raise ArtifactDamaged(f"{path} does not name the network's files.")
    check_files({folder / name: sha256 for name, sha256 in files.items()})
    return thresholds, files
