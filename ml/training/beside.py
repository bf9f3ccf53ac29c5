"""Films without labels, shown beside those of a run, so that what a network knows of other films is not lost.

Taught on, a network forgets what it could tell of films unlike those it is taught: other hospitals', other ages'.
Here it is taught to go on saying of such films what it said as they are before the run began, on crops that are changed
as all others are (Li and Hoiem 2016, *Learning without forgetting*, ECCV).
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.data.dataset import SUFFIXES, DataError, Film, load_pixels


def read_beside(source: Path, cache: Path | None = None) -> NDArray[np.uint8]:
    """Read a folder's films, or those that a CSV names in its column ``file``, relative to it.

    Args:
        source: The folder, whose own folders are not looked into, or the table.
        cache: See :func:`ml.data.dataset.load_pixels`.

    Returns:
        uint8 (N, 224, 224).

    Raises:
        DataError: There are none, or one cannot be read.
    """
    if source.is_dir():
        root, names = source, sorted(path.name for path in source.iterdir() if path.suffix.lower() in SUFFIXES)
    else:
        root, names = source.parent, _named(source)
    missing = [name for name in names if not (root / name).is_file()]
    if missing or not names:
        raise DataError(
            f"{source} names no film." if not names else f"{source} names {missing[0]}, which is not there."
        )
    return load_pixels(root, [Film(name, 0, name) for name in names], cache)


def _named(table: Path) -> list[str]:
    try:
        with table.open(newline="", encoding="utf-8-sig") as handle:
            return [row["file"] for row in csv.DictReader(handle)]
    except (OSError, UnicodeDecodeError, csv.Error, KeyError) as error:
        raise DataError(f"{table} cannot be read as a table with a column file ({error}).") from error


def with_beside(order: NDArray[np.int64], films: int, beside: int, each: int, seed: int) -> NDArray[np.int64]:
    """Add films shown beside to every batch.

    Args:
        order: (batches, B) by :func:`ml.training.pipeline.order_of_films`, of F films.
        films: F; those beside are counted on from there.
        beside: How many there are of them.
        each: How many of them to add to each batch.
        seed: Of the run.

    Returns:
        (batches, B + each), in random order within a batch; each film beside is shown once before any is shown again.
    """
    rng, wanted = np.random.default_rng([seed, beside]), len(order) * each
    rounds = [rng.permutation(beside) for _ in range(-(-wanted // beside))]
    added = films + np.concatenate(rounds)[:wanted].reshape(len(order), each)
    mixed: NDArray[np.int64] = np.random.default_rng(seed).permuted(np.concatenate([order, added], axis=1), axis=1)
    return mixed
