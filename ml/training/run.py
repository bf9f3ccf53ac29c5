"""What a run starts from and what it leaves: films with sides, and a folder another command can use.

A run folder holds ``model.keras`` (the serving network), ``split.json`` (who was on which side), ``train.json`` (how to
do it again), ``history.json`` and ``curves.svg``; ``checkpoint.npz`` and ``tensorboard/`` come from training itself.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ml.data.dataset import SIDES, Film, data_hash, load_pixels, read_films
from ml.data.split import check_sides
from ml.errors import MLError
from ml.evaluation.evaluation_set import Films, TestSet
from ml.files import write_json, write_whole
from ml.network.classifier import multiply_adds
from ml.provenance import commit, versions


def save_run(out: Path, model: Any, films: Sequence[Film], digest: str, facts: dict[str, Any]) -> None:
    """Write the serving network and who was on which side; each file whole or not at all.

    Args:
        out: The run folder.
        model: By ``build_serving``.
        films: With sides.
        digest: By ``data_hash``.
        facts: What else goes into train.json.
    """
    write_whole(out / "model.keras", model.save)
    sides = {side: [film.file for film in films if film.side == side] for side in SIDES}
    write_json(out / "split.json", {**sides, "seed": facts["split_seed"], "data_sha256": digest})
    write_json(
        out / "train.json",
        {
            **facts,
            "gmac": round(multiply_adds(model) / 1e9, 4),
            "parameters": int(model.count_params()),
            "versions": versions("keras", "tensorflow-cpu", "tensorflow", "numpy", "pillow"),
            "commit": commit(),
        },
    )


class PublishError(MLError):
    """The run cannot be published; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Run:
    """A training run's folder, read: films with sides, their pixels (n, 224, 224), and its three JSON files."""

    films: Sequence[Film]
    pixels: Films
    facts: dict[str, Any]
    histories: list[list[dict[str, float]]]

    def side(self, name: str) -> TestSet:
        """The films of one side."""
        kept = [i for i, film in enumerate(self.films) if film.side == name]
        return TestSet([self.films[i] for i in kept], self.pixels[kept], f"{name} patients of the run's own split")


def read_run(data: Path, run: Path) -> Run:
    """Read a run and the data it was trained on, and check that they belong together and do not leak.

    Raises:
        PublishError: a file of the run is missing, the run was a trial, or the data is not that of the run.
        DataError: the data cannot be read, or a patient stands on two sides.
    """
    from ml.data.audit import examine

    try:
        split, facts, history = (
            json.loads((run / name).read_text(encoding="utf-8"))
            for name in ("split.json", "train.json", "history.json")
        )
        side_of = {file: side for side in SIDES for file in split[side]}
        facts |= {"data_sha256": split["data_sha256"], "split_seed": split["seed"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PublishError(f"{run} is not a finished training run: {error}. Run python -m ml.train first.") from error
    members = [facts, *facts.get("members", [])]
    if any(member.get("leave_out") is not None or member.get("limit") for member in members):
        raise PublishError(
            f"{run} is a trial (--quick or --leave-out), which has not learnt from all films that it may learn from. "
            "Train without these options to publish."
        )
    films = [replace(film, side=side_of[film.file]) for film in read_films(data) if film.file in side_of]
    if len(films) != len(side_of):
        raise PublishError(f"{len(side_of) - len(films)} films of the run are not in {data}. Give the run's own data.")
    root = data if data.is_dir() else data.parent
    pixels = load_pixels(root, films, cache=run.parent / "cache")
    if data_hash(films, pixels) != split["data_sha256"]:
        raise PublishError(f"{data} has changed since {run} was trained on it. Train again, or restore the data.")
    found = examine(films, pixels)
    check_sides(films, found.twins)
    if found.faults:
        raise PublishError(f"{data} is not fit for training. {' '.join(found.faults)}")
    facts["audit"] = found.verdict()
    # A run that averages several networks keeps the histories of all of them.
    histories = history if history and isinstance(history[0], list) else [history]
    return Run(films, pixels, facts, [one for one in histories if one])
