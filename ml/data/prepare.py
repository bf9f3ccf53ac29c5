"""A data set made ready for training: read, decoded, audited and split."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.data.acquisition import describe, looks
from ml.data.dataset import DataError, Film, load_pixels, read_films
from ml.data.near_duplicates import find_twins
from ml.data.split import check_sides, groups_of, of_test_patients, split_films


@dataclass(frozen=True, slots=True)
class Split:
    """The films of a run.

    Attributes:
        films: N films, with sides.
        pixels: uint8 (N, 224, 224), of the same films.
        twins: Pairs of near-identical films.
        left_out: Films that bear a test patient's name, or copy a test film, and are on no side.
    """

    films: list[Film]
    pixels: NDArray[np.uint8]
    twins: list[tuple[str, str]]
    left_out: int


def find_split(
    data: Path, seed: int, cache: Path | None = None, limit: int | None = None, leave_out: int | None = None
) -> Split:
    """Read, decode and audit a data set, and give every film a side.

    Args:
        data: Folder or CSV, see ``ml.data.dataset``.
        seed: Draws the split.
        cache: Where decoded films are kept.
        limit: Use at most so many patients a class (a quick run).
        leave_out: Make the films of this look (:func:`ml.data.acquisition.looks`) the test side; the data set's own
            side then takes no part.

    Raises:
        DataError: The data cannot be used, or contradicts itself.
    """
    films = read_films(data)
    if limit:
        films = _some(films, limit, seed)
    pixels = load_pixels(data if data.is_dir() else data.parent, films, cache)
    twins = find_twins(films, pixels)
    label = {film.file: film.label for film in films}
    if contradictions := [pair for pair in twins if label[pair[0]] != label[pair[1]]]:
        one, other = contradictions[0]
        raise DataError(
            f"{len(contradictions)} pairs of equal films have different labels, the first is {one} and {other}. "
            "Settle which is right and remove the other; python -m ml.audit lists them."
        )
    shared = set(of_test_patients(films, twins))
    kept = [i for i in range(len(films)) if i not in shared and (leave_out is None or films[i].side != "test")]
    if shared:
        print(
            f"{len(shared)} films outside test/ bear the name of a patient of test/, or copy a film of it: "
            "they are left out, so that nothing of a test patient is learnt",
            file=sys.stderr,
            flush=True,
        )
    if len(kept) < len(films):
        films, pixels = [films[i] for i in kept], pixels[kept]
    if leave_out is not None:
        labels = np.array([film.label for film in films], np.int64)
        look = looks(describe(pixels), labels, groups_of(films, twins))
        films = [replace(film, side="test" if of == leave_out else "") for film, of in zip(films, look, strict=True)]
    films = split_films(films, seed, twins)
    check_sides(films, twins)
    return Split(films, pixels, twins, len(shared))


def _some(films: Sequence[Film], limit: int, seed: int) -> list[Film]:
    """The films of at most ``limit`` patients a class, drawn by ``seed``."""
    kept: set[str] = set()
    for label in (0, 1):
        patients = sorted({film.patient for film in films if film.label == label})
        kept.update(patients[i] for i in np.random.default_rng(seed).permutation(len(patients))[:limit])
    return [film for film in films if film.patient in kept]
