"""Films on disk → a table of films, patients and sides; and the arrays a network is trained on.

Reads ``CLASS/*``, ``split/CLASS/*`` or a CSV ``file,label[,patient][,split]``. A patient's films always go to one
side, and so do films that are copies of one another, whatever their names say.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.errors import MLError

CLASSES = ("NORMAL", "PNEUMONIA")
SIDES = ("train", "val", "test")
SUFFIXES = frozenset({".jpeg", ".jpg", ".png", ".dcm", ".dicom", ".tif", ".tiff", ".bmp", ".webp"})
_PERSON = re.compile(r"^person(\d+)_(bacteria|virus)_", re.IGNORECASE)
_STUDY = re.compile(r"^(NORMAL2-)?IM-(\d+)-", re.IGNORECASE)


class DataError(MLError):
    """The training data cannot be used as it is; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Film:
    """One film of a data set.

    Attributes:
        file: Path relative to the data folder, with forward slashes.
        label: 1 for pneumonia, 0 for normal.
        patient: What keeps a patient's films together.
        kind: ``"normal"``, ``"bacterial"``, ``"viral"`` or ``""`` where the name does not say.
        side: ``"train"``, ``"val"``, ``"test"``, or ``""`` where the data set does not say.
    """

    file: str
    label: int
    patient: str
    kind: str = ""
    side: str = ""


def patient_of(name: str) -> str:
    """The patient a file name speaks of; a name that follows no known pattern is a patient of its own."""
    if match := _PERSON.match(name):
        return f"person{int(match[1])}"
    if match := _STUDY.match(name):
        return f"{(match[1] or '').upper()}IM-{match[2]}"
    return Path(name).stem


def _kind_of(name: str, label: int) -> str:
    if label == 0:
        return "normal"
    match = _PERSON.match(name)
    return {"bacteria": "bacterial", "virus": "viral"}[match[2].lower()] if match else ""


def _label_of(text: str, where: str) -> int:
    for index, name in enumerate(CLASSES):
        if text.strip().upper() in (name, str(index)):
            return index
    raise DataError(f"{where}: the label {text!r} is neither {CLASSES[0]} nor {CLASSES[1]} (or 0 and 1).")


def _side_of(text: str, where: str) -> str:
    side = {"validation": "val", "valid": "val", "dev": "val"}.get(text.strip().lower(), text.strip().lower())
    if side not in ("", *SIDES):
        raise DataError(f"{where}: the split {text!r} is none of {', '.join(SIDES)}.")
    return side


def _from_csv(table: Path) -> list[Film]:
    films = []
    with table.open(newline="", encoding="utf-8-sig") as handle:
        reader = csv.DictReader(handle)
        missing = {"file", "label"} - set(reader.fieldnames or ())
        if missing:
            raise DataError(f"{table}: the first line must name the columns file and label; {sorted(missing)} missing.")
        for number, row in enumerate(reader, start=2):
            where = f"{table}, line {number}"
            file, label = row["file"].strip().replace("\\", "/"), _label_of(row["label"] or "", where)
            if not (table.parent / file).is_file():
                raise DataError(f"{where}: there is no file {file}. Paths are relative to the CSV.")
            name = Path(file).name
            patient = (row.get("patient") or "").strip() or patient_of(name)
            films.append(Film(file, label, patient, _kind_of(name, label), _side_of(row.get("split") or "", where)))
    return films


def _from_folder(root: Path) -> list[Film]:
    films = []
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        label = next((i for i, name in enumerate(CLASSES) if len(parts) > 1 and parts[-2].upper() == name), None)
        if label is None or path.suffix.lower() not in SUFFIXES or path.name.startswith(".") or not path.is_file():
            continue
        side = _side_of(parts[-3], str(path.parent)) if len(parts) > 2 and _is_side(parts[-3]) else ""
        films.append(Film("/".join(parts), label, patient_of(path.name), _kind_of(path.name, label), side))
    return films


def _is_side(text: str) -> bool:
    return text.lower() in (*SIDES, "validation", "valid", "dev")


def read_films(data: Path) -> list[Film]:
    """List the films of a data set, sorted by file.

    Args:
        data: A folder ``CLASS/*`` or ``split/CLASS/*`` (any depth above), or a CSV whose paths are relative to it.

    Raises:
        DataError: Nothing there, or one of the two classes has no film, or a file is listed twice.
    """
    if data.is_file():
        films = _from_csv(data)
    elif data.is_dir():
        films = _from_folder(data)
    else:
        raise DataError(f"{data} does not exist. Give a folder with {CLASSES[0]}/ and {CLASSES[1]}/ in it, or a CSV.")
    if not films:
        raise DataError(
            f"{data} holds no film. It needs {CLASSES[0]}/*.jpeg and {CLASSES[1]}/*.jpeg, or train/… above."
        )
    for label, name in enumerate(CLASSES):
        if not any(film.label == label for film in films):
            raise DataError(f"{data} holds no film of class {name}; a network cannot learn one class alone.")
    films.sort(key=lambda film: film.file)
    for one, two in pairwise(films):
        if one.file == two.file:
            raise DataError(f"{data}: {one.file} is listed twice. Remove one of the lines.")
    return films


def groups_of(films: Sequence[Film], twins: Iterable[tuple[str, str]] = ()) -> list[int]:
    """A number for each film; films of one patient, and copies of one another, carry the same.

    Args:
        films: The films.
        twins: Pairs of files that show the same film; files that are not among ``films`` are passed over.
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
    for a, b in twins:
        if a in index and b in index:
            parent[root(index[a])] = root(index[b])
    return [root(i) for i in range(len(films))]


def split_films(
    films: Sequence[Film], seed: int, twins: Iterable[tuple[str, str]] = (), shares: tuple[float, float] = (0.1, 0.1)
) -> list[Film]:
    """Give every film a side: grouped by patient, each class in about the same shares, the same for the same seed.

    A ``test`` folder of the data set stays the test side and only validation is drawn; its ``train`` and ``val`` are
    drawn anew, because the published validation folder of this data (16 films) is too small to choose anything on.

    Args:
        films: The films, as :func:`read_films` gives them.
        seed: Draws the split.
        twins: Pairs of near-identical films, to be kept on one side.
        shares: Shares of films for validation and test.

    Raises:
        DataError: Too few patients for three sides with both classes, or a test patient is also elsewhere.
    """
    groups = groups_of(films, twins)
    fixed = {group for group, film in zip(groups, films, strict=True) if film.side == "test"}
    leak = [f.file for g, f in zip(groups, films, strict=True) if g in fixed and f.side != "test"]
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
    side_of = dict.fromkeys(fixed, "test")
    rng = np.random.default_rng(seed)
    for label in range(len(CLASSES)):
        members = sorted(g for g, value in label_of.items() if value == label and g not in fixed)
        total = sum(size_of[g] for g in members)
        wanted = {"val": shares[0] * total, "test": 0.0 if fixed else shares[1] * total}
        for group in (members[i] for i in rng.permutation(len(members))):
            # Largest need first, and nothing that overshoots by more than half a group.
            side = max(wanted, key=lambda name: wanted[name])
            side = side if wanted[side] >= size_of[group] / 2 else "train"
            side_of[group] = side
            if side != "train":
                wanted[side] -= size_of[group]
    done = [replace(film, side=side_of[group]) for group, film in zip(groups, films, strict=True)]
    for side in SIDES:
        for label, name in enumerate(CLASSES):
            if not any(film.side == side and film.label == label for film in done):
                raise DataError(f"Too few patients: no {name} film is left for {side}. At least 10 a class are needed.")
    return done


def check_sides(films: Sequence[Film], twins: Iterable[tuple[str, str]] = ()) -> None:
    """Fail if a patient, or two copies of one film, stand on two sides.

    Raises:
        DataError: Leakage, with the first case named.
    """
    seen: dict[int, Film] = {}
    for group, film in zip(groups_of(films, twins), films, strict=True):
        other = seen.setdefault(group, film)
        if other.side != film.side:
            raise DataError(
                f"Leakage: {other.file} is in {other.side} and {film.file}, the same patient or film, in {film.side}. "
                "Let the split be drawn anew, or move one of them."
            )


def load_pixels(root: Path, films: Sequence[Film], cache: Path | None = None) -> NDArray[np.uint8]:
    """Decode every film through the one decode path of this project.

    Args:
        root: What ``Film.file`` is relative to.
        films: The films.
        cache: A folder for decoded arrays; the same files (names, sizes, times) are decoded once.

    Returns:
        uint8 (N, 224, 224), black = 0.

    Raises:
        DataError: Some files cannot be read; all of them are named, up to ten.
    """
    from ml.images import SIDE

    key = hashlib.sha256()
    for film in films:
        stat = (root / film.file).stat()
        key.update(f"{film.file}\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode())
    stored = cache / f"{key.hexdigest()[:16]}.npy" if cache else None
    if stored and stored.is_file():
        loaded: NDArray[np.uint8] = np.load(stored, allow_pickle=False)
        if loaded.shape == (len(films), SIDE, SIDE):
            return loaded
    pixels, bad = np.zeros((len(films), SIDE, SIDE), np.uint8), []
    read = _reader()
    for i, film in enumerate(films):
        try:
            pixels[i] = read((root / film.file).read_bytes())
        except (MLError, OSError) as error:
            bad.append(f"{film.file}: {error}")
    if bad:
        more = f" and {len(bad) - 10} more" if len(bad) > 10 else ""
        raise DataError(f"{len(bad)} files cannot be read; remove or repair them.\n" + "\n".join(bad[:10]) + more)
    if stored:
        stored.parent.mkdir(parents=True, exist_ok=True)
        partial = stored.with_suffix(".partial")
        with partial.open("wb") as handle:
            np.save(handle, pixels)
        partial.replace(stored)
    return pixels


def _reader() -> Callable[[bytes], NDArray[np.uint8]]:
    from ml.images import read_radiograph

    return lambda data: read_radiograph(data, for_model_only=True).model_input().pixels


def data_hash(films: Sequence[Film], pixels: NDArray[np.uint8]) -> str:
    """sha256 over files, labels and pixels, in order: what a model card means by "this data"."""
    digest = hashlib.sha256()
    for film, array in zip(films, pixels, strict=True):
        digest.update(json.dumps([film.file, film.label]).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
