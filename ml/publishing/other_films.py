"""What a network is worth on films of other sources than its own test films, where there are such at hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.evaluation.adults import AdultFilms, measure_adults, read_adults
from ml.evaluation.elsewhere import at_full_size, heat_in_drawn_lungs, on_children
from ml.inference.cards.model_card import ModelCard
from ml.inference.runtime import Engine
from ml.training.run import Run


@dataclass(frozen=True, slots=True)
class OtherFilms:
    """Such films; of what is None nothing is measured, and the card says nothing.

    Attributes:
        adults: Adults' films read by radiologists.
        masks: Folder with lungs drawn by people, to say how much of the heat lies in them.
        children: The children's data, for what a network for others is worth on their test films.
        full_size: Folder with full-size copies of some of the run's films, to say what becomes of these.
    """

    adults: AdultFilms | None = None
    masks: Path | None = None
    children: Path | None = None
    full_size: Path | None = None

    @classmethod
    def read(
        cls,
        adults: Path | None = None,
        masks: Path | None = None,
        children: Path | None = None,
        full_size: Path | None = None,
    ) -> OtherFilms:
        """Read the CSV of adults' films (:func:`ml.evaluation.adults.read_adults`); the folders are read when measured.

        Raises:
            DataError: the CSV cannot be used.
        """
        return cls(None if adults is None else read_adults(adults), masks, children, full_size)

    def measure(self, metrics: dict[str, Any], card: ModelCard, engine: Engine, run: Run | None = None) -> None:
        """Put what the card's first network gives on them into ``metrics``; full-size copies only with their run."""
        if self.adults is not None:
            metrics["adults"] = measure_adults(card.first, engine, self.adults)
        if self.masks is not None:
            metrics["heat_map"]["drawn_lungs"] = heat_in_drawn_lungs(card, card.first, engine, self.masks)
        if self.children is not None:
            metrics["children"] = on_children(card.first, engine, self.children)
        if self.full_size is not None and run is not None:
            small = {Path(film.file).name: row for film, row in zip(run.films, run.pixels, strict=True)}
            taught = {Path(film.file).name for film in run.films if film.split == "train"}
            metrics["full_size"] = at_full_size(card.first, engine, self.full_size, small, taught)
