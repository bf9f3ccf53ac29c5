"""Which labelled films a model is measured on, and that it has not learnt from them.

An artefact carries ``split.json``: for each split of its run a fingerprint of every film's pixels. So the films that
were kept apart are known again under other names, after some have gone or others come, and so are those learnt from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.data.dataset import SPLITS, DataError, Film, load_pixels, read_films
from ml.inference.cards.model_card import ModelCard

SPLIT = "split.json"
Films = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class TestSet:
    """Labelled films to measure on: rows and their pixels (n, 224, 224), and in words which films they are."""

    films: Sequence[Film]
    pixels: Films
    what: str

    @property
    def labels(self) -> NDArray[np.int64]:
        return np.array([film.label for film in self.films], np.int64)

    @property
    def patients(self) -> list[str]:
        return [film.patient for film in self.films]


def fingerprint(pixels: Films) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of one film's pixels as the network sees them."""
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()[:16]


def how_many(films: Iterable[Films], marks: Container[str]) -> int:
    """How many films, (224, 224) each, are among those of these fingerprints."""
    return sum(fingerprint(film) in marks for film in films)


def describe_split(films: Sequence[Film], pixels: Films) -> dict[str, list[str]]:
    """What an artefact's ``split.json`` holds: fingerprints by split, sorted."""
    splits: dict[str, list[str]] = {split: [] for split in SPLITS}
    for film, row in zip(films, pixels, strict=True):
        splits[film.split].append(fingerprint(row))
    return {split: sorted(marks) for split, marks in splits.items()}


def known_films(artefact: Path) -> dict[str, set[str]]:
    """Fingerprints of the films that the model in a folder was made with, by split.

    Raises:
        DataError: The folder does not say.
    """
    try:
        marks = json.loads((artefact / SPLIT).read_text(encoding="utf-8"))
        return {split: set(marks[split]) for split in SPLITS}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{artefact} does not say which films its model was made with: {error}.") from error


def every_film(data: Path) -> TestSet:
    """All films of a folder or a CSV.

    Raises:
        DataError: It cannot be used, or one class is missing.
    """
    films = read_films(data)
    return TestSet(films, load_pixels(data, films), "every film of the folder")


def choose_films(data: Path, split: str, card: ModelCard) -> TestSet:
    """Read the films to measure on.

    Those of the named split where the folder has splits (``test/NORMAL/…``); otherwise the films that were in that
    split when the model was trained; all of them, whatever they are, for ``"all"``.

    Raises:
        DataError: The folder cannot be used, has no such films, or the model has learnt from its test films.
    """
    if split == "all":
        found = every_film(data)
        return replace(found, what=found.what + _learnt(found, card)[1])
    films = read_films(data)
    chosen = [film for film in films if film.split == split]
    if not chosen:
        return _kept_apart(data, films, split, card)
    if len({film.label for film in chosen}) < 2:
        raise DataError(
            f"The {split} split of {data} needs films of both classes, NORMAL and PNEUMONIA; one is missing."
        )
    found = TestSet(chosen, load_pixels(data, chosen), f"the folder's own {split} split")
    count, words = _learnt(found, card)
    if split == "test" and count:
        raise DataError(
            f"The model was trained or chosen on {count} of the {len(chosen)} films in the test split of {data}, so "
            "they measure nothing. Take them out, or use --split all to measure every film all the same."
        )
    return replace(found, what=found.what + words)


def _kept_apart(data: Path, films: list[Film], split: str, card: ModelCard) -> TestSet:
    pixels, known = load_pixels(data, films), known_films(card.directory)
    what = f"patients kept apart as {split} when the model was trained"
    kept = [i for i, row in enumerate(pixels) if fingerprint(row) in known[split]]
    if len(kept) < len(known[split]):
        what += f" ({len(kept)} of {len(known[split])} films)"
    if len({films[i].label for i in kept}) < 2:
        raise DataError(
            f"{data} has no split {split!r}, and no films of both classes in it are known to have been kept apart as "
            f"{split} when this model was trained. Use --split all to measure every film of it, if the model has "
            "learnt from none."
        )
    return TestSet([replace(films[i], split=split) for i in kept], pixels[kept], what)


def _learnt(found: TestSet, card: ModelCard) -> tuple[int, str]:
    """How many of these films the model was trained or chosen on, and that in words."""
    known = known_films(card.directory)
    count = how_many(found.pixels, known["train"] | known["val"])
    return count, f"; the model was trained or chosen on {count} of them" if count else ""
