"""Radiographs with lung masks: children's and adults', as tables of pairs.

A data folder holds ``lungs/pairs.csv`` (film, mask; children, named like the classifier's films) and, if it has adults,
``lungs/adult/pairs.csv`` (film, mask, source); all paths are relative to the data folder.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.data.dataset import DataError, Film, load_pixels, patient_of
from ml.intake.radiograph import FILM_SIZE


@dataclass(frozen=True, slots=True)
class MaskedFilm:
    """A radiograph and the lungs drawn on it.

    Attributes:
        film: The radiograph; its ``patient`` keeps films together (for adults the publication they come from, since
            one case report shows one patient several times).
        mask: Path of the mask relative to the data folder.
        adult: Whether it shows an adult.
    """

    film: Film
    mask: str
    adult: bool


def read_masked_films(data: Path) -> list[MaskedFilm]:
    """List the pairs of a data folder, children first, each in the order of its table.

    Raises:
        DataError: There is no table, a column or a file is missing.
    """
    found = [*_rows(data, "lungs/pairs.csv", adult=False), *_rows(data, "lungs/adult/pairs.csv", adult=True)]
    if not found:
        raise DataError(f"{data} has no lungs/pairs.csv. Give a folder with masks of lungs.")
    return found


def _rows(data: Path, table: str, *, adult: bool) -> list[MaskedFilm]:
    if not (data / table).is_file():
        return []
    rows = []
    with (data / table).open(newline="", encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            try:
                film, mask = row["film"], row["mask"]
            except KeyError as error:
                raise DataError(f"{data / table} has no column {error}.") from error
            if missing := [name for name in (film, mask) if not (data / name).is_file()]:
                raise DataError(f"{data / table} names {missing[0]}, which is not there.")
            patient = row.get("source") or patient_of(film)
            rows.append(MaskedFilm(Film(film, 0, patient), mask, adult))
    return rows


def split_masked_films(films: Sequence[MaskedFilm], seed: int, known: dict[str, str] | None = None) -> list[MaskedFilm]:
    """Give every film a split, by patient.

    Args:
        films: By :func:`read_masked_films`.
        seed: Of the draw.
        known: Patient → split, where another data set has settled it (the classifier's): such patients keep it, so
            that what is held out there is held out here. Others are drawn, a fifth for test, 15 % for validation.
    """
    known = known or {}
    unknown = sorted({film.film.patient for film in films} - set(known))
    drawn: dict[str, str] = {}
    for place, number in enumerate(np.random.default_rng(seed).permutation(len(unknown))):
        drawn[unknown[number]] = (
            "test" if place < 0.2 * len(unknown) else "val" if place < 0.35 * len(unknown) else "train"
        )
    splits = {**drawn, **known}
    return [replace(film, film=replace(film.film, split=splits[film.film.patient])) for film in films]


def load_masked_films(
    data: Path, films: Sequence[MaskedFilm], cache: Path | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Pixels and masks, uint8 (N, 224, 224) each; a mask is 255 inside the lungs, soft at their edge.

    Args:
        data: The data folder.
        films: By :func:`read_masked_films`.
        cache: See :func:`ml.data.dataset.load_pixels`.
    """
    pixels = load_pixels(data, [film.film for film in films], cache)
    masks = np.zeros_like(pixels)
    for place, film in enumerate(films):
        with Image.open(data / film.mask) as picture:
            grey = picture.convert("L")
        if grey.size != (FILM_SIZE, FILM_SIZE):
            grey = grey.resize((FILM_SIZE, FILM_SIZE), Image.Resampling.BILINEAR, reducing_gap=3.0)
        masks[place] = np.asarray(grey)
    return pixels, masks
