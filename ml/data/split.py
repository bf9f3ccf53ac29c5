"""Who is learnt from, who is chosen on and who is measured: the splits of a data set.

A patient's films always go to one split, and so do films that are copies of one another, whatever their names say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from ml.data.dataset import CLASSES, SPLITS, DataError, Film


def groups_of(films: Sequence[Film], near_duplicates: Iterable[tuple[str, str]] = ()) -> list[int]:
    """A number for each film; films of one patient, and copies of one another, carry the same.

    Args:
        films: The films.
        near_duplicates: Pairs of files that show the same film; files that are not among ``films`` are passed over.
    """
    parent = list(range(len(films)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    first: dict[str, int] = {}
    for i, film in enumerate(films):
        parent[root(i)] = root(first.setdefault(film.patient, i))
    index = {film.file: i for i, film in enumerate(films)}
    for a, b in near_duplicates:
        if a in index and b in index:
            parent[root(index[a])] = root(index[b])
    return [root(i) for i in range(len(films))]


def of_test_patients(films: Sequence[Film], near_duplicates: Iterable[tuple[str, str]] = ()) -> list[int]:
    """Places of the films outside the data set's own test split that bear a test patient's name, or copy a test film.

    The published paediatric films have them: ``person100`` stands in train/ and in test/. Whether that is one child is
    not known, so nothing is learnt from them.
    """
    groups = groups_of(films, near_duplicates)
    tested = {group for group, film in zip(groups, films, strict=True) if film.split == "test"}
    return [i for i, film in enumerate(films) if film.split != "test" and groups[i] in tested]


def split_films(
    films: Sequence[Film],
    seed: int,
    near_duplicates: Iterable[tuple[str, str]] = (),
    shares: tuple[float, float] = (0.1, 0.1),
) -> list[Film]:
    """Give every film a split: grouped by patient, each class in about the same shares, the same for the same seed.

    A ``test`` folder of the data set stays the test split and only validation is drawn; its ``train`` and ``val`` are
    drawn again, because the published validation folder of this data (16 films) is too small to choose anything on.

    Args:
        films: The films, as :func:`read_films` gives them.
        seed: Draws the split.
        near_duplicates: Pairs of near-identical films, to be kept in one split.
        shares: Shares of films for validation and test.

    Raises:
        DataError: Too few patients for three splits with both classes, or a test patient is also elsewhere.
    """
    groups = groups_of(films, near_duplicates)
    fixed = {group for group, film in zip(groups, films, strict=True) if film.split == "test"}
    leak = [f.file for g, f in zip(groups, films, strict=True) if g in fixed and f.split != "test"]
    if leak:
        raise DataError(
            f"{len(leak)} films outside test/ show patients (or copies of films) of test/, the first is {leak[0]}. "
            "Remove them: a test on patients the network has seen measures nothing."
        )
    label_of: dict[int, int] = {}
    size_of: dict[int, int] = {}
    for group, film in zip(groups, films, strict=True):
        label_of[group] = max(label_of.get(group, 0), film.label)
        size_of[group] = size_of.get(group, 0) + 1
    split_of = dict.fromkeys(fixed, "test")
    rng = np.random.default_rng(seed)
    for label in range(len(CLASSES)):
        members = sorted(g for g, value in label_of.items() if value == label and g not in fixed)
        total = sum(size_of[g] for g in members)
        wanted = {"val": shares[0] * total, "test": 0.0 if fixed else shares[1] * total}
        for group in (members[i] for i in rng.permutation(len(members))):
            # Largest need first, and nothing that overshoots by more than half a group.
            split = max(wanted, key=lambda name: wanted[name])
            split = split if wanted[split] >= size_of[group] / 2 else "train"
            split_of[group] = split
            if split != "train":
                wanted[split] -= size_of[group]
    done = [replace(film, split=split_of[group]) for group, film in zip(groups, films, strict=True)]
    check_classes(done)
    return done


def check_classes(films: Sequence[Film]) -> None:
    """Fail if a split lacks one of the classes.

    Raises:
        DataError: One does.
    """
    for split in SPLITS:
        for label, name in enumerate(CLASSES):
            if not any(film.split == split and film.label == label for film in films):
                raise DataError(
                    f"Too few patients: no {name} film is left for {split}. At least 10 a class are needed."
                )


def check_split(films: Sequence[Film], near_duplicates: Iterable[tuple[str, str]] = ()) -> None:
    """Fail if a patient, or two copies of one film, in two splits.

    Raises:
        DataError: Leakage, with the first case named.
    """
    seen: dict[int, Film] = {}
    for group, film in zip(groups_of(films, near_duplicates), films, strict=True):
        other = seen.setdefault(group, film)
        if other.split != film.split:
            raise DataError(
                f"Leakage: {other.file} is in {other.split} and {film.file}, the same patient or film, in "
                f"{film.split}. Let the split be drawn again, or move one of them."
            )
