"""The folder of a run: what training leaves there, and how another command reads it.

It holds ``model.keras`` (the serving network), ``split.json`` (which film is in which split), ``train.json`` (how to do
it again), ``history.json`` and ``curves.svg``; ``checkpoint.npz`` comes from training itself.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.data.dataset import SPLITS, Film, load_pixels, read_films
from ml.data.prepare import PreparedData, restore
from ml.errors import MLError
from ml.evaluation.evaluation_set import Films, TestSet, fingerprint, how_many, known_films
from ml.files import write_json, write_whole
from ml.inference.cards.files import is_artefact, read_card_json
from ml.inference.cards.model_card import READABLE
from ml.network.classifier import multiply_adds
from ml.provenance import commit, versions
from ml.training.config import LungClassifierConfig


class RunError(MLError):
    """The folder cannot be used as a finished run; the text says what to do."""


def save_run(out: Path, model: Any, data: PreparedData, facts: dict[str, Any]) -> None:
    """Write the serving network and which film is in which split; each file whole or not at all.

    Args:
        out: The run folder.
        model: By ``build_serving``.
        data: What it was trained on.
        facts: What else goes into train.json; ``split_seed`` among it.
    """
    write_whole(out / "model.keras", model.save)
    splits = {split: [film.file for film in data.films if film.split == split] for split in SPLITS}
    write_json(out / "split.json", {**splits, "seed": facts["split_seed"], "data_sha256": data.digest})
    write_json(
        out / "train.json",
        {
            **facts,
            "films": data.counts,
            "near_duplicates": len(data.near_duplicates),
            "left_out_for_test": data.left_out,
            "gmac": round(multiply_adds(model) / 1e9, 4),
            "parameters": int(model.count_params()),
            "versions": versions("keras", "tensorflow-cpu", "tensorflow", "numpy", "pillow"),
            "commit": commit(),
        },
    )


@dataclass(frozen=True, slots=True)
class Run:
    """A training run's folder, read: films with splits, their pixels (n, 224, 224), and its three JSON files."""

    films: Sequence[Film]
    pixels: Films
    facts: dict[str, Any]
    histories: list[list[dict[str, float]]]

    def of_split(self, name: str) -> TestSet:
        """The films of one split."""
        kept = [i for i, film in enumerate(self.films) if film.split == name]
        return TestSet([self.films[i] for i in kept], self.pixels[kept], f"{name} patients of the run's own split")


def read_split(run: Path) -> dict[str, str]:
    """The split of every film of a finished run.

    Raises:
        RunError: The folder holds none.
    """
    try:
        split = json.loads((run / "split.json").read_text(encoding="utf-8"))
        return {file: name for name in SPLITS for file in split[name]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{run} holds no split of a finished run: {error}.") from error


def artefact_split(directory: Path, data: Path, cache: Path | None = None) -> dict[str, str]:
    """The split that a published artefact was made with, of every film of a data set that it knows.

    Args:
        directory: The artefact's folder.
        data: Folder or CSV, see ``ml.data.dataset``.
        cache: Where decoded films are kept.

    Raises:
        DataError: The data cannot be used, or the artefact does not say what it was made with.
    """
    split_of = {mark: split for split, marks in known_films(directory).items() for mark in marks}
    films = read_films(data)
    pixels = load_pixels(data, films, cache)
    known = zip(films, map(fingerprint, pixels), strict=True)
    return {film.file: split_of[mark] for film, mark in known if mark in split_of}


def check_unseen(directory: Path, data: PreparedData) -> None:
    """Refuse a published network, to go on or learn from, that has learnt from films this run keeps apart.

    Raises:
        RunError: It has.
        DataError: The artefact does not say what it was made with.
    """
    taught = known_films(directory)["train"]
    kept_apart = [row for film, row in zip(data.films, data.pixels, strict=True) if film.split != "train"]
    if learnt := how_many(kept_apart, taught):
        raise RunError(
            f"The network in {directory} has learnt from {learnt} of the {len(kept_apart)} films that this run keeps "
            f"apart. Keep its split with --split {directory}, or give another."
        )


def behind(config: LungClassifierConfig) -> dict[str, Any]:
    """What a run takes over with the networks that it begins with and learns from.

    Returns:
        ``start_version``, the version of the published network that it begins with; ``teachers``, by their folders'
        names, published ones with their versions; ``learnt_from``, the data that published networks behind it have
        learnt from, with terms that bind whoever goes on from them. Empty where there are none.

    Raises:
        ArtifactError: A published network's card cannot be read.
        TrainingError: A run's checkpoint cannot be read.
    """
    teachers = [Path(folder) for folder in config.teachers]
    start = [Path(config.start)] if config.start else []
    found = {folder: _version_and_data(folder) for folder in (*start, *teachers)}
    told: dict[str, Any] = {}
    if start and (version := found[start[0]][0]):
        told["start_version"] = version
    if teachers:
        told["teachers"] = [f"{folder.name} {found[folder][0]}".rstrip() for folder in teachers]
    sources: list[dict[str, str]] = []
    for _version, learnt in found.values():
        sources += [one for one in learnt if one not in sources]
    return told | ({"learnt_from": sources} if sources else {})


def _version_and_data(folder: Path) -> tuple[str, list[dict[str, str]]]:
    """A published network's version, empty for a run, and what published data is behind it."""
    from ml.training.checkpoint import identity_of

    if not is_artefact(folder):
        return "", identity_of(folder).get("learnt_from", [])
    card = read_card_json(folder, READABLE, "Begin with, or learn from, a published classifier.")
    return card["version"], [one for population in card["populations"].values() for one in population["data"]]


def read_run(data: Path, run: Path) -> Run:
    """Read a run and the data it was trained on, and check that they belong together and do not leak.

    Raises:
        RunError: A file of the run is missing, or the run was a trial.
        DataError: The data is not that of the run, cannot be read, or a patient is in two splits.
    """
    try:
        split, facts, history = (
            json.loads((run / name).read_text(encoding="utf-8"))
            for name in ("split.json", "train.json", "history.json")
        )
        split_of = {file: name for name in SPLITS for file in split[name]}
        facts |= {"data_sha256": split["data_sha256"], "split_seed": split["seed"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{run} is not a finished training run: {error}. Run python -m ml.train first.") from error
    if any(member.get("limit") for member in (facts, *facts.get("members", []))):
        raise RunError(
            f"{run} is a trial (--quick), which has not learnt from all films that it may learn from. "
            "Train without this option to publish."
        )
    films, pixels, found = restore(data, split_of, split["data_sha256"], run.parent / "cache")
    facts["audit"] = found.verdict()
    # A run that averages several networks keeps the histories of all of them.
    histories = history if history and isinstance(history[0], list) else [history]
    return Run(films, pixels, facts, [one for one in histories if one])
