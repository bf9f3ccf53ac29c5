"""Films on disk → a table of films and patients; and the arrays a network is trained on.

Reads ``CLASS/*``, ``split/CLASS/*`` or a CSV ``file,label[,patient][,split]``. Who goes to which split:
``ml/data/split.py``.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from ml.errors import MLError
from ml.files import whole
from ml.intake.read import FILM_SIZE, read_radiograph

CLASSES = ("NORMAL", "PNEUMONIA")
SPLITS = ("train", "val", "test")
SUFFIXES = frozenset({".jpeg", ".jpg", ".png", ".dcm", ".dicom", ".tif", ".tiff", ".bmp", ".webp"})
_ALSO = (("NEGATIVE",), ())
"""Further words for the classes in tables."""
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
        kind: ``"normal"``, ``"bacterial"``, ``"viral"``, a table's column ``appearance``, or ``""`` where neither file
            name nor table says.
        split: ``"train"``, ``"val"``, ``"test"``, or ``""`` where the data set does not say.
    """

    file: str
    label: int
    patient: str
    kind: str = ""
    split: str = ""


def patient_of(file: str) -> str:
    """The patient a file's name speaks of; a file whose name follows no known pattern is a patient of its own.

    Args:
        file: Path relative to the data folder: ``000.png`` in two folders shows two patients.
    """
    name = PurePosixPath(file).name
    if match := _PERSON.match(name):
        return f"person{int(match[1])}"
    if match := _STUDY.match(name):
        return f"{(match[1] or '').upper()}IM-{match[2]}"
    return file


def _kind_of(file: str, label: int) -> str:
    if label == 0:
        return "normal"
    match = _PERSON.match(PurePosixPath(file).name)
    return {"bacteria": "bacterial", "virus": "viral"}[match[2].lower()] if match else ""


def _label_of(text: str, where: str) -> int:
    for index, name in enumerate(CLASSES):
        if text.strip().upper() in (name, str(index), *_ALSO[index]):
            return index
    raise DataError(f"{where}: the label {text!r} is neither {CLASSES[0]} nor {CLASSES[1]} (or 0 and 1).")


def _split_of(text: str, where: str) -> str:
    split = {"validation": "val", "valid": "val", "dev": "val"}.get(text.strip().lower(), text.strip().lower())
    if split not in ("", *SPLITS):
        raise DataError(f"{where}: the split {text!r} is none of {', '.join(SPLITS)}.")
    return split


def _from_csv(table: Path) -> list[Film]:
    try:
        with table.open(newline="", encoding="utf-8-sig") as handle:
            return _from_rows(table, csv.DictReader(handle))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{table} is not a table that can be read ({error}). Give a folder of films, or a CSV in UTF-8."
        ) from error
    except OSError as error:
        raise DataError(f"{table} cannot be read: {error.strerror or error}.") from error


def _from_rows(table: Path, reader: csv.DictReader[str]) -> list[Film]:
    films = []
    missing = {"file", "label"} - set(reader.fieldnames or ())
    if missing:
        raise DataError(f"{table}: the first line must name the columns file and label; {sorted(missing)} missing.")
    for row in reader:
        where = f"{table}, line {reader.line_num}"
        # A line that is too short has None in the columns it lacks.
        file, label = (row["file"] or "").strip().replace("\\", "/"), _label_of(row["label"] or "", where)
        if not (table.parent / file).is_file():
            raise DataError(f"{where}: there is no file {file!r}. Paths are relative to the CSV.")
        patient = (row.get("patient") or row.get("study") or "").strip() or patient_of(file)
        kind = (row.get("appearance") or "").strip() if label else ""
        films.append(
            Film(file, label, patient, kind or _kind_of(file, label), _split_of(row.get("split") or "", where))
        )
    return films


def _from_folder(root: Path) -> list[Film]:
    films = []
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        label = next((i for i, name in enumerate(CLASSES) if len(parts) > 1 and parts[-2].upper() == name), None)
        if label is None or path.suffix.lower() not in SUFFIXES or path.name.startswith(".") or not path.is_file():
            continue
        split = _split_of(parts[-3], str(path.parent)) if len(parts) > 2 and _is_split(parts[-3]) else ""
        file = "/".join(parts)
        films.append(Film(file, label, patient_of(file), _kind_of(file, label), split))
    return films


def _is_split(text: str) -> bool:
    return text.lower() in (*SPLITS, "validation", "valid", "dev")


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


def folder_of(data: Path) -> Path:
    """The folder that ``Film.file`` is relative to: the data set's own, or its table's."""
    return data if data.is_dir() else data.parent


def load_pixels(data: Path, films: Sequence[Film], cache: Path | None = None) -> NDArray[np.uint8]:
    """Decode every film through the one decode path of this project.

    Args:
        data: The data set they are of, a folder or a table.
        films: The films.
        cache: A folder for decoded arrays; the same files (names, sizes, times) are decoded once.

    Returns:
        uint8 (N, 224, 224), black = 0.

    Raises:
        DataError: Some files cannot be read; all of them are named, up to ten.
    """
    root, key = folder_of(data), hashlib.sha256()
    for film in films:
        stat = (root / film.file).stat()
        key.update(f"{film.file}\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode())
    stored = cache / f"{key.hexdigest()[:16]}.npy" if cache else None
    if stored and (loaded := _kept(stored, (len(films), FILM_SIZE, FILM_SIZE))) is not None:
        return loaded
    pixels, bad = np.zeros((len(films), FILM_SIZE, FILM_SIZE), np.uint8), []
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
        _keep(stored, pixels)
    return pixels


def _kept(stored: Path, shape: tuple[int, ...]) -> NDArray[np.uint8] | None:
    """Decoded films as they were kept; None where there are none, or none that are whole."""
    try:
        loaded: NDArray[np.uint8] = np.load(stored, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return loaded if loaded.shape == shape and loaded.dtype == np.uint8 else None


def _keep(stored: Path, pixels: NDArray[np.uint8]) -> None:
    """Keep decoded films for the next run; a failure is reported and does not matter."""
    try:
        stored.parent.mkdir(parents=True, exist_ok=True)
        with whole(stored) as partial:
            np.save(partial, pixels)
    except OSError as error:
        print(f"The decoded films are not kept for the next run: {error}.", file=sys.stderr)


def _reader() -> Callable[[bytes], NDArray[np.uint8]]:
    return lambda data: read_radiograph(data, for_model_only=True).model_input().pixels


def data_hash(films: Sequence[Film], pixels: NDArray[np.uint8]) -> str:
    """sha256 over files, labels and pixels, in order: what a model card means by "this data"."""
    digest = hashlib.sha256()
    for film, array in zip(films, pixels, strict=True):
        digest.update(json.dumps([film.file, film.label]).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
