"""What a network for children is worth on adults' films, by radiologists' reads, not by text-mined labels."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ml.data.dataset import DataError, Film, load_pixels
from ml.evaluation.evaluation_set import Films
from ml.evaluation.performance import sample_of
from ml.evaluation.run import score
from ml.inference.cards.population_card import PopulationCard
from ml.inference.runtime import Engine
from ml.metrics.curves import bootstrap_weights, curve, interval

COLUMNS = {"file", "study", "label", "appearance"}


@dataclass(frozen=True, slots=True)
class AdultFilms:
    """Adults' films with the reads of their studies: pixels (n, 224, 224), labels, studies, and appearances."""

    pixels: Films
    labels: Sequence[int]
    studies: Sequence[str]
    appearances: Sequence[str]


def read_adults(table: Path) -> AdultFilms:
    """Read a CSV of adults' films; ``label`` is ``pneumonia`` or anything else, ``appearance`` the readers' word.

    Raises:
        DataError: it cannot be used.
    """
    try:
        with table.open(newline="", encoding="utf-8-sig") as handle:
            rows = list(csv.DictReader(handle))
    except FileNotFoundError:
        raise DataError(f"{table} does not exist. Give a CSV of adults' films read by radiologists.") from None
    except OSError as error:
        raise DataError(f"{table} cannot be read: {error.strerror or error}.") from error
    if not rows or not rows[0].keys() >= COLUMNS:
        raise DataError(f"{table}: the columns {', '.join(sorted(COLUMNS))} are needed.")
    labels = [int(row["label"].strip().lower() == "pneumonia") for row in rows]
    if len(set(labels)) < 2:
        raise DataError(f"{table} needs films with pneumonia and films without.")
    films = [Film(row["file"], label, row["study"]) for row, label in zip(rows, labels, strict=True)]
    pixels = load_pixels(table, films)
    return AdultFilms(pixels, labels, [row["study"] for row in rows], [row["appearance"] for row in rows])


def measure_adults(card: PopulationCard, engine: Engine, films: AdultFilms) -> dict[str, Any]:
    """AUC by study, whole and by appearance (each against all negatives), and the errors at the balanced point.

    Returns:
        ``films``, ``studies``, ``positives``, ``auc``, ``false_alarms`` and ``missed`` (shares), ``by_appearance``.
    """
    labels = np.asarray(films.labels, np.int64)
    sample = sample_of(card, labels, score(card, engine, films.pixels)[0], films.studies)
    cuts = card.operating_points["balanced"].cuts
    appearance = np.asarray(films.appearances)

    def area(chosen: Any) -> dict[str, Any]:
        part = sample.only(chosen)
        drawn = curve(part.labels, part.logits, bootstrap_weights(part.patients, 1000)).auc()
        return {
            "films": len(part.labels),
            "positives": int(part.labels.sum()),
            "auc": {"value": float(curve(part.labels, part.logits).auc()), "ci": list(interval(drawn))},
        }

    whole = area(np.ones(len(labels), bool))
    kinds = sorted(set(appearance[labels == 1]))
    return {
        **whole,
        "studies": len(set(films.studies)),
        "false_alarms": float(np.mean(sample.probabilities[labels == 0] >= cuts.rule_in)),
        "missed": float(np.mean(sample.probabilities[labels == 1] < cuts.rule_out)),
        "by_appearance": {kind: area((labels == 0) | (appearance == kind)) for kind in kinds},
    }
