"""Look a data set over before anything is learnt from it: ``python -m ml.audit DIR [--json FILE|-]``."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.data.acquisition import describe, guess_labels
from ml.data.dataset import CLASSES, SIDES, Film, read_films
from ml.data.split import groups_of, of_test_patients
from ml.errors import MLError
from ml.files import write_json
from ml.metrics.ranking import area_under_curve


def _signatures(pixels: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """(N, side²) unit vectors: films averaged down to ``side``, mean taken off."""
    n, full, _ = pixels.shape
    step = full // side
    small = pixels[:, : side * step, : side * step].reshape(n, side, step, side, step).mean(axis=(2, 4))
    flat = small.reshape(n, -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    unit: NDArray[np.float32] = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
    return unit


def _details_agree(pair: NDArray[np.uint8], alike: float = 0.95) -> bool:
    """Whether two films (2, H, H) correlate in what is finer than 1/14 of their side."""
    fine = _signatures(pair, 112).reshape(2, 14, 8, 14, 8)
    detail = (fine - fine.mean(axis=(2, 4), keepdims=True)).reshape(2, -1)
    return bool(detail[0] @ detail[1] > alike * np.linalg.norm(detail[0]) * np.linalg.norm(detail[1]))


def find_twins(films: Sequence[Film], pixels: NDArray[np.uint8], alike: float = 0.985) -> list[tuple[str, str]]:
    """Pairs of films that are the same picture, saved twice or slightly changed.

    Compared as 32×32 averages by correlation. On the paediatric films the copies lie above 0.999 and the most alike
    films of different patients at 0.967, so the bar stands between. What passes must also agree in its details (what
    is left of 112×112 averages after their 14×14 averages are taken off): two children may be built alike, but they do
    not have the same ribs.

    Args:
        films: N films.
        pixels: uint8 (N, H, H), H at least 32.
        alike: Correlation from which two films count as one.
    """
    signatures = _signatures(pixels, 32)
    pairs = []
    for start in range(0, len(films), 1024):
        rows, columns = np.nonzero(signatures[start : start + 1024] @ signatures.T > alike)
        pairs += [
            (start + int(i), int(j))
            for i, j in zip(rows, columns, strict=True)
            if start + i < j and _details_agree(pixels[[start + i, j]])
        ]
    return [(films[i].file, films[j].file) for i, j in pairs]


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found; :attr:`faults` fail training, the rest is to be known.

    Attributes:
        counts: Films and patients by side (``"all"`` where the data set has none) and class.
        sizes: ``"width×height"`` → films, the commonest ten.
        copies: Groups of files with equal pixels.
        twins: Pairs of near-identical films, copies among them.
        contradictions: Pairs of near-identical films with different labels.
        leaks: Files that stand on another side than an earlier film of their patient, or its near-copy.
        shared_with_test: Files outside the data set's own test side that bear a test patient's name or copy a test
            film; no fault, because training leaves them out.
        unreadable: File and reason.
        giveaway: AUC with which acquisition alone tells the classes; 0.5 is nothing, None where not measured.
    """

    counts: dict[str, dict[str, dict[str, int]]]
    sizes: dict[str, int]
    copies: list[list[str]]
    twins: list[tuple[str, str]]
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
                f"{len(self.leaks)} films show a patient or film of another side; let the split be drawn anew."
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
            name: len(getattr(self, name)) for name in ("copies", "twins", "contradictions", "leaks", "unreadable")
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
        for side, classes in self.counts.items():
            shown = ", ".join(f"{name} {n['films']} films of {n['patients']} patients" for name, n in classes.items())
            lines.append(f"{side}: {shown}")
        lines.append("sizes: " + ", ".join(f"{size} ({count})" for size, count in self.sizes.items()))
        lines.append(f"equal pixels: {len(self.copies)} groups; near-identical: {len(self.twins)} pairs")
        lines += [f"  {a} = {b}" for a, b in self.twins[:10]]
        if self.giveaway is not None:
            warning = ": a network can learn the machine in place of the disease" if self.giveaway > 0.8 else ""
            lines.append(f"acquisition alone tells the classes with AUC {self.giveaway:.3f}{warning}")
        lines += [f"  unreadable: {file}: {reason}" for file, reason in list(self.unreadable.items())[:10]]
        lines += [f"  on two sides: {file}" for file in self.leaks[:10]]
        if self.shared_with_test:
            lines.append(
                f"{len(self.shared_with_test)} films outside test/ bear the name of a patient of test/, or copy a film "
                f"of it; training leaves them out. The first is {self.shared_with_test[0]}"
            )
        lines += [f"fault: {fault}" for fault in self.faults] or ["no fault found"]
        return "\n".join(lines)


def _counts(films: Sequence[Film]) -> dict[str, dict[str, dict[str, int]]]:
    table: dict[str, dict[str, dict[str, int]]] = {}
    for side in ("", *SIDES):
        for label, name in enumerate(CLASSES):
            chosen = [film for film in films if film.side == side and film.label == label]
            if chosen:
                patients = len({film.patient for film in chosen})
                table.setdefault(side or "all", {})[name] = {"films": len(chosen), "patients": patients}
    return table


def audit(data: Path, *, acquisition: bool = True) -> Audit:
    """Read every film of a data set and look for what would make training or testing on it misleading.

    Args:
        data: Folder or CSV, see ``ml.data.dataset``.
        acquisition: Also measure what acquisition alone gives away (some 15 s for 5,000 films).

    Raises:
        DataError: There are no films, or one class is missing.
    """
    from ml.intake.read import SIDE, read_radiograph

    films, root = read_films(data), data if data.is_dir() else data.parent
    unreadable: dict[str, str] = {}
    sizes: Counter[str] = Counter()
    good: list[Film] = []
    rows: list[NDArray[np.uint8]] = []
    for film in films:
        try:
            seen = read_radiograph((root / film.file).read_bytes(), for_model_only=True).model_input()
        except (MLError, OSError) as error:
            unreadable[film.file] = str(error)
            continue
        sizes[f"{seen.width}×{seen.height}"] += 1
        good.append(film)
        rows.append(seen.pixels)
    pixels = np.stack(rows) if rows else np.zeros((0, SIDE, SIDE), np.uint8)
    # Training draws its own validation side and leaves out what it shares with test, so neither is a leak here.
    found = examine([replace(film, side="") for film in good], pixels, acquisition=acquisition)
    return replace(
        found,
        counts=_counts(films),
        sizes=dict(sizes.most_common(10)),
        unreadable=unreadable,
        shared_with_test=[good[i].file for i in of_test_patients(good, found.twins)],
    )


def examine(films: Sequence[Film], pixels: NDArray[np.uint8], *, acquisition: bool = True) -> Audit:
    """Audit films that are already decoded.

    Args:
        films: N films, with sides where they have been given any.
        pixels: uint8 (N, 224, 224), of the same films.
        acquisition: Also measure what acquisition alone gives away.

    Returns:
        The audit; sizes and unreadable files are empty.
    """
    same: dict[str, list[str]] = {}
    for film, row in zip(films, pixels, strict=True):
        same.setdefault(hashlib.sha256(row.tobytes()).hexdigest(), []).append(film.file)
    twins = find_twins(films, pixels)
    label = {film.file: film.label for film in films}
    groups, first, leaks = groups_of(films, twins), dict[int, str](), []
    for group, film in zip(groups, films, strict=True):
        if first.setdefault(group, film.side) != film.side:
            leaks.append(film.file)
    giveaway = None
    labels = np.array([film.label for film in films], np.int64)
    if acquisition and min(np.bincount(labels, minlength=2)) >= 50:
        giveaway = round(area_under_curve(labels, guess_labels(describe(pixels), labels, groups)), 4)
    return Audit(
        counts=_counts(films),
        sizes={},
        copies=[files for files in same.values() if len(files) > 1],
        twins=twins,
        contradictions=[(a, b) for a, b in twins if label[a] != label[b]],
        leaks=leaks,
        unreadable={},
        giveaway=giveaway,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line: 0 if the data is fit for training, 1 if not, 2 if there is nothing to audit."""
    commands = argparse.ArgumentParser(prog="python -m ml.audit", description="Audit a data set.")
    commands.add_argument("data", type=Path, help="folder CLASS/* or split/CLASS/*, or a CSV")
    commands.add_argument("--json", metavar="FILE", help="write the findings as JSON; - is the standard output")
    given = commands.parse_args(arguments)
    if given.json not in (None, "-") and not Path(given.json).parent.is_dir():
        commands.error(f"there is no folder {Path(given.json).parent} to write {Path(given.json).name} to")
    try:
        found = audit(given.data)
        if given.json not in (None, "-"):
            write_json(Path(given.json), found.as_json())
    except MLError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if given.json == "-":
        print(json.dumps(found.as_json(), indent=1, ensure_ascii=False))
    else:
        print(found.as_text())
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main())
