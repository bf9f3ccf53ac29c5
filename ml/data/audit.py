"""What in a data set would make training or testing on it misleading."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.data.acquisition import describe, guess_labels
from ml.data.dataset import CLASSES, SPLITS, Film, folder_of, read_films
from ml.data.near_duplicates import find_near_duplicates
from ml.data.split import groups_of, of_test_patients
from ml.errors import MLError
from ml.intake.read import FILM_SIZE, read_radiograph
from ml.metrics.curves import area_under_curve


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found; :attr:`faults` fail training, the rest is to be known.

    Attributes:
        counts: Films and patients by split (``"all"`` where the data set has none) and class.
        sizes: ``"width×height"`` → films, the commonest ten.
        copies: Groups of files with equal pixels.
        near_duplicates: Pairs of near-identical films, copies among them.
        contradictions: Pairs of near-identical films with different labels.
        leaks: Files that in another split than an earlier film of their patient, or its near-copy.
        shared_with_test: Files outside the data set's own test split that bear a test patient's name or copy a test
            film; no fault, because training leaves them out.
        unreadable: File and reason.
        giveaway: AUC with which acquisition alone tells the classes; 0.5 is nothing, None where not measured.
    """

    counts: dict[str, dict[str, dict[str, int]]]
    sizes: dict[str, int]
    copies: list[list[str]]
    near_duplicates: list[tuple[str, str]]
    contradictions: list[tuple[str, str]]
    leaks: list[str]
    unreadable: dict[str, str]
    giveaway: float | None
    shared_with_test: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Sentences that say why nothing should be learnt from this data as it is."""
        found = []
        if self.unreadable:
            found.append(f"{len(self.unreadable)} files cannot be read; remove or repair them.")
        if self.leaks:
            found.append(
                f"{len(self.leaks)} films show a patient or film of another split; let the split be drawn again."
            )
        if self.contradictions:
            found.append(
                f"{len(self.contradictions)} pairs of equal films have different labels; settle which is right."
            )
        return found

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values, with the verdict."""
        return {**asdict(self), "faults": self.faults, "fit_for_training": not self.faults}

    def verdict(self) -> dict[str, Any]:
        """What a model card says of the data: counts, how often each thing was found, and whether it is fit."""
        counted = {
            name: len(getattr(self, name))
            for name in ("copies", "near_duplicates", "contradictions", "leaks", "unreadable")
        }
        return {
            "counts": self.counts,
            **counted,
            "shared_with_test": len(self.shared_with_test),
            "giveaway": self.giveaway,
            "faults": self.faults,
            "fit_for_training": not self.faults,
        }

    def as_text(self) -> str:
        """The same for a person."""
        lines = []
        for split, classes in self.counts.items():
            shown = ", ".join(f"{name} {n['films']} films of {n['patients']} patients" for name, n in classes.items())
            lines.append(f"{split}: {shown}")
        lines.append("sizes: " + ", ".join(f"{size} ({count})" for size, count in self.sizes.items()))
        lines.append(f"equal pixels: {len(self.copies)} groups; near-identical: {len(self.near_duplicates)} pairs")
        lines += [f"  {a} = {b}" for a, b in self.near_duplicates[:10]]
        if self.giveaway is not None:
            warning = ": a network can learn the machine in place of the disease" if self.giveaway > 0.8 else ""
            lines.append(f"acquisition alone tells the classes with AUC {self.giveaway:.3f}{warning}")
        lines += [f"  unreadable: {file}: {reason}" for file, reason in list(self.unreadable.items())[:10]]
        lines += [f"  in two splits: {file}" for file in self.leaks[:10]]
        if self.shared_with_test:
            lines.append(
                f"{len(self.shared_with_test)} films outside test/ bear the name of a patient of test/, or copy a film "
                f"of it; training leaves them out. The first is {self.shared_with_test[0]}"
            )
        lines += [f"fault: {fault}" for fault in self.faults] or ["no fault found"]
        return "\n".join(lines)


def _counts(films: Sequence[Film]) -> dict[str, dict[str, dict[str, int]]]:
    table: dict[str, dict[str, dict[str, int]]] = {}
    for split in ("", *SPLITS):
        for label, name in enumerate(CLASSES):
            chosen = [film for film in films if film.split == split and film.label == label]
            if chosen:
                patients = len({film.patient for film in chosen})
                table.setdefault(split or "all", {})[name] = {"films": len(chosen), "patients": patients}
    return table


def audit(data: Path, *, acquisition: bool = True) -> Audit:
    """Read every film of a data set and look for what would make training or testing on it misleading.

    Args:
        data: Folder or CSV, see ``ml.data.dataset``.
        acquisition: Also measure what acquisition alone gives away (some 15 s for 5,000 films).

    Raises:
        DataError: There are no films, or one class is missing.
    """
    films, root = read_films(data), folder_of(data)
    unreadable: dict[str, str] = {}
    sizes: Counter[str] = Counter()
    good: list[Film] = []
    rows: list[NDArray[np.uint8]] = []
    for film in films:
        try:
            read = read_radiograph((root / film.file).read_bytes(), for_model_only=True).model_input()
        except (MLError, OSError) as error:
            unreadable[film.file] = str(error)
            continue
        sizes[f"{read.width}×{read.height}"] += 1
        good.append(film)
        rows.append(read.pixels)
    pixels = np.stack(rows) if rows else np.zeros((0, FILM_SIZE, FILM_SIZE), np.uint8)
    # Training draws its own validation split and leaves out what it shares with test, so neither is a leak here.
    found = examine([replace(film, split="") for film in good], pixels, acquisition=acquisition)
    return replace(
        found,
        counts=_counts(films),
        sizes=dict(sizes.most_common(10)),
        unreadable=unreadable,
        shared_with_test=[good[i].file for i in of_test_patients(good, found.near_duplicates)],
    )


def examine(films: Sequence[Film], pixels: NDArray[np.uint8], *, acquisition: bool = True) -> Audit:
    """Audit films that are already decoded.

    Args:
        films: N films, with splits where they have been given any.
        pixels: uint8 (N, 224, 224), of the same films.
        acquisition: Also measure what acquisition alone gives away.

    Returns:
        The audit; sizes and unreadable files are empty.
    """
    same: dict[str, list[str]] = {}
    for film, row in zip(films, pixels, strict=True):
        same.setdefault(hashlib.sha256(row.tobytes()).hexdigest(), []).append(film.file)
    near_duplicates = find_near_duplicates(films, pixels)
    label = {film.file: film.label for film in films}
    groups, first, leaks = groups_of(films, near_duplicates), dict[int, str](), []
    for group, film in zip(groups, films, strict=True):
        if first.setdefault(group, film.split) != film.split:
            leaks.append(film.file)
    giveaway = None
    labels = np.array([film.label for film in films], np.int64)
    if acquisition and min(np.bincount(labels, minlength=2)) >= 50:
        giveaway = round(area_under_curve(labels, guess_labels(describe(pixels), labels, groups)), 4)
    return Audit(
        counts=_counts(films),
        sizes={},
        copies=[files for files in same.values() if len(files) > 1],
        near_duplicates=near_duplicates,
        contradictions=[(a, b) for a, b in near_duplicates if label[a] != label[b]],
        leaks=leaks,
        unreadable={},
        giveaway=giveaway,
    )
