"""What a network gives where it was not trained: lungs drawn by people, another population, films at full size."""

from __future__ import annotations

from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

import numpy as np

from ml.data.dataset import DataError, Film, load_pixels, read_films
from ml.data.lung_masks import load_masked_films, read_masked_films, split_masked_films
from ml.evaluation.evaluation_set import Films, choose_films, fingerprint, known_films
from ml.evaluation.heatmap_checks import lung_share
from ml.evaluation.performance import brief, sample_of
from ml.evaluation.run import score
from ml.inference.cards.model_card import ModelCard, load_card
from ml.inference.cards.population_card import PopulationCard
from ml.inference.decision import FINDINGS
from ml.inference.population import ADULT, CHILD
from ml.inference.runtime import Engine

MASK_SEED = 2026
"""Of the split by which the lung finder was trained: its own test and validation films taught it nothing."""


def heat_in_drawn_lungs(
    card: ModelCard, population: PopulationCard, engine: Engine, data: Path, split: str = "test"
) -> dict[str, Any]:
    """How much of the heat lies in lungs that people drew, on films which taught neither network anything.

    Args:
        card: Whose films of that split the children's are.
        population: Whose films.
        engine: The exported network.
        data: Folder with ``lungs/pairs.csv`` and ``lungs/adult/pairs.csv`` (:mod:`ml.data.lung_masks`).
        split: Of the children's films; adults' are those that taught the lung finder nothing.
    """
    films = [film for film in read_masked_films(data) if film.adult == (population.name == ADULT)]
    if population.name == ADULT:
        films = [film for film in split_masked_films(films, MASK_SEED) if film.film.split != "train"]
    pixels, masks = load_masked_films(data, films)
    if population.name == CHILD:
        kept_apart = known_films(card.directory)[split]
        kept = [place for place, row in enumerate(pixels) if fingerprint(row) in kept_apart]
        pixels, masks = pixels[kept], masks[kept]
    found = lung_share(score(population, engine, pixels)[1], masks > 127)
    return {**found, "on": f"{len(pixels)} films with lungs drawn by people, which taught neither network anything"}


def on_children(population: PopulationCard, engine: Engine, data: Path) -> dict[str, Any]:
    """What a network for others is worth on the test films of the children's: another hospital, age and disease."""
    test = choose_films(data, "test", load_card(populations=(CHILD,)))
    return brief(
        sample_of(population, test.labels, score(population, engine, test.pixels)[0], test.patients), population
    )


def at_full_size(
    population: PopulationCard, engine: Engine, folder: Path, small: Mapping[str, Films], taught: Set[str]
) -> dict[str, Any]:
    """What becomes of films at full size, and of the small copies of the same films that the network knows.

    Args:
        population: Whose network.
        engine: The exported network.
        folder: Films at full size, named as their small copies.
        small: File name → pixels (224, 224) of the small copy.
        taught: File names of the films it was trained on.

    Returns:
        How many films, how many of them ``taught``; for each class how many, and the findings of both copies at the
        balanced point, normal, indeterminate and pneumonia.

    Raises:
        DataError: A film has no small copy, or cannot be read.
    """
    films, pixels = load_both_sizes(folder, small)
    findings = {}
    for size, of in pixels.items():
        logits = score(population, engine, of)[0].astype(np.float32)
        findings[size] = [population.finding(float(p), "balanced") for p in population.probability(logits)]
    result: dict[str, Any] = {"films": len(films), "taught": sum(Path(film.file).name in taught for film in films)}
    for label, which in enumerate(("normal", "pneumonia")):
        places = [place for place, film in enumerate(films) if film.label == label]
        counts = {
            size: [sum(found[place] == kind for place in places) for kind in FINDINGS]
            for size, found in findings.items()
        }
        result[which] = {"films": len(places), **counts}
    return result


def load_both_sizes(folder: Path, small: Mapping[str, Films]) -> tuple[list[Film], dict[str, Films]]:
    """Films at full size, and the pixels (n, 224, 224) of these (``full``) and of their copies (``small``).

    Raises:
        DataError: As :func:`at_full_size`.
    """
    films = read_films(folder)
    names = [Path(film.file).name for film in films]
    if alone := sorted(set(names) - small.keys()):
        raise DataError(f"{folder}/{alone[0]} is no film that the network knows. Give full-size copies of its films.")
    return films, {"full": load_pixels(folder, films), "small": np.stack([small[name] for name in names])}
