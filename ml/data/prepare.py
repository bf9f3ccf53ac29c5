"""A data set made ready: read, decoded once, hashed once, split, and weighed. Training enters ``ml.data`` here."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.data.acquisition import describe, guess_labels, propensity_weights
from ml.data.audit import Audit, examine
from ml.data.dataset import SPLITS, DataError, Film, data_hash, load_pixels, read_films
from ml.data.near_duplicates import find_near_duplicates
from ml.data.split import check_classes, check_split, groups_of, of_test_patients, split_films
from ml.metrics.curves import area_under_curve


@dataclass(frozen=True, slots=True)
class PreparedData:
    """The films of a run.

    Attributes:
        films: N films, each in a split.
        pixels: uint8 (N, 224, 224), of the same films.
        near_duplicates: Pairs of files that show the same film.
        left_out: Films that bear a test patient's name, or copy a test film, and are in no split.
        digest: Of files, labels and pixels: what a card means by "this data".
        weights: float64 (T,), how often each film of the training split comes; None where all come alike.
        giveaway: AUC with which acquisition alone tells the classes of the training split; None where not measured.
    """

    films: list[Film]
    pixels: NDArray[np.uint8]
    near_duplicates: list[tuple[str, str]]
    left_out: int
    digest: str
    weights: NDArray[np.float64] | None = None
    giveaway: float | None = None

    @property
    def labels(self) -> NDArray[np.int64]:
        """(N,) of 0 and 1."""
        return np.array([film.label for film in self.films], np.int64)

    @property
    def counts(self) -> dict[str, int]:
        """Films by split."""
        return {split: sum(film.split == split for film in self.films) for split in SPLITS}

    def places(self, split: str) -> NDArray[np.int64]:
        """Where the films of a split stand, in order."""
        return np.flatnonzero([film.split == split for film in self.films])


def prepare(
    data: Path,
    split_seed: int,
    *,
    propensity_cap: float = 1.0,
    cache: Path | None = None,
    limit: int | None = None,
    split_of: Mapping[str, str] | None = None,
) -> PreparedData:
    """Read, decode and audit a data set, give every film a split, and weigh the films of training.

    Args:
        data: Folder or CSV, see ``ml.data.dataset``.
        split_seed: Draws the split.
        propensity_cap: Films whose acquisition speaks against their label come up to so many times as often; 1 is off.
        cache: Where decoded films are kept.
        limit: Use at most so many patients a class (a quick run).
        split_of: The split of every file, of an earlier run to be compared with; none is drawn then.

    Raises:
        DataError: The data cannot be used, contradicts itself, or has films of which the earlier split does not know.
    """
    films = read_films(data)
    if limit:
        films = _some(films, limit, split_seed)
    pixels = load_pixels(data, films, cache)
    pairs = find_near_duplicates(films, pixels)
    label = {film.file: film.label for film in films}
    if contradictions := [pair for pair in pairs if label[pair[0]] != label[pair[1]]]:
        one, other = contradictions[0]
        raise DataError(
            f"{len(contradictions)} pairs of equal films have different labels, the first is {one} and {other}. "
            "Settle which is right and remove the other; python -m ml.audit lists them."
        )
    shared = set(of_test_patients(films, pairs))
    if shared:
        print(
            f"{len(shared)} films outside test/ bear the name of a patient of test/, or copy a film of it: "
            "they are left out, so that nothing of a test patient is learnt",
            file=sys.stderr,
            flush=True,
        )
        kept = [i for i in range(len(films)) if i not in shared]
        films, pixels = [films[i] for i in kept], pixels[kept]
    films = split_films(films, split_seed, pairs) if split_of is None else _as_before(films, split_of)
    check_split(films, pairs)
    whole = PreparedData(films, pixels, pairs, len(shared), data_hash(films, pixels))
    return _weighed(whole, propensity_cap) if propensity_cap > 1 else whole


def _weighed(data: PreparedData, cap: float) -> PreparedData:
    learnt = data.places("train")
    labels = data.labels[learnt]
    guess = guess_labels(describe(data.pixels[learnt]), labels, groups_of([data.films[i] for i in learnt]))
    weights = propensity_weights(guess, labels, cap)
    return replace(data, weights=weights, giveaway=area_under_curve(labels, guess))


def restore(
    data: Path, split_of: Mapping[str, str], digest: str, cache: Path | None = None
) -> tuple[list[Film], NDArray[np.uint8], Audit]:
    """Read the films of a finished run again, in the splits they were in, and audit them.

    Args:
        data: The run's data, folder or CSV.
        split_of: The split of every file of the run.
        digest: Of the run's data.
        cache: Where decoded films are kept.

    Returns:
        (films with splits, uint8 (N, 224, 224), what the audit found).

    Raises:
        DataError: The films are not those of the run, are not fit for training, or a patient is in two splits.
    """
    films = [replace(film, split=split_of[film.file]) for film in read_films(data) if film.file in split_of]
    if len(films) != len(split_of):
        raise DataError(f"{len(split_of) - len(films)} films of the run are not in {data}. Give the run's own data.")
    pixels = load_pixels(data, films, cache)
    if data_hash(films, pixels) != digest:
        raise DataError(f"{data} has changed since the run was trained on it. Train again, or restore the data.")
    found = examine(films, pixels)
    check_split(films, found.near_duplicates)
    if found.faults:
        raise DataError(f"{data} is not fit for training. {' '.join(found.faults)}")
    return films, pixels, found


def _as_before(films: Sequence[Film], split_of: Mapping[str, str]) -> list[Film]:
    """The films in the splits that an earlier run had them in."""
    if unknown := [film.file for film in films if film.file not in split_of]:
        raise DataError(f"{len(unknown)} films have no split in the earlier run, the first is {unknown[0]}.")
    done = [replace(film, split=split_of[film.file]) for film in films]
    check_classes(done)
    return done


def _some(films: Sequence[Film], limit: int, seed: int) -> list[Film]:
    """The films of at most ``limit`` patients a class, drawn by ``seed``, but apart from the split it draws."""
    kept: set[str] = set()
    for label in (0, 1):
        patients = sorted({film.patient for film in films if film.label == label})
        # Not [seed, 0], which is the same as seed alone.
        kept.update(patients[i] for i in np.random.default_rng([seed, 1 + label]).permutation(len(patients))[:limit])
    return [film for film in films if film.patient in kept]
