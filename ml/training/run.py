"""What a run starts from and what it leaves: films with sides, and a folder another command can use.

A run folder holds ``model.keras`` (the serving network), ``split.json`` (who was on which side), ``train.json`` (how to
do it again), ``history.json`` and ``curves.svg``; ``checkpoint.npz`` and ``tensorboard/`` come from training itself.
"""

from __future__ import annotations

import contextlib
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.audit import find_twins
from ml.data.acquisition import describe, looks
from ml.data.dataset import SIDES, DataError, Film, load_pixels, read_films
from ml.data.split import check_sides, groups_of, of_test_patients, split_films
from ml.files import write_json, write_whole
from ml.network.classifier import multiply_adds


@dataclass(frozen=True, slots=True)
class Split:
    """The films of a run.

    Attributes:
        films: N films, with sides.
        pixels: uint8 (N, 224, 224), of the same films.
        twins: Pairs of near-identical films.
        left_out: Films that bear a test patient's name, or copy a test film, and are on no side.
    """

    films: list[Film]
    pixels: NDArray[np.uint8]
    twins: list[tuple[str, str]]
    left_out: int


def find_split(
    data: Path, seed: int, cache: Path | None = None, limit: int | None = None, leave_out: int | None = None
) -> Split:
    """Read, decode and audit a data set, and give every film a side.

    Args:
        data: Folder or CSV, see ``ml.data.dataset``.
        seed: Draws the split.
        cache: Where decoded films are kept.
        limit: Use at most so many patients a class (a quick run).
        leave_out: Make the films of this look (:func:`ml.data.acquisition.looks`) the test side; the data set's own
            side then takes no part.

    Raises:
        DataError: The data cannot be used, or contradicts itself.
    """
    films = read_films(data)
    if limit:
        films = _some(films, limit, seed)
    pixels = load_pixels(data if data.is_dir() else data.parent, films, cache)
    twins = find_twins(films, pixels)
    label = {film.file: film.label for film in films}
    if contradictions := [pair for pair in twins if label[pair[0]] != label[pair[1]]]:
        one, other = contradictions[0]
        raise DataError(
            f"{len(contradictions)} pairs of equal films have different labels, the first is {one} and {other}. "
            "Settle which is right and remove the other; python -m ml.audit lists them."
        )
    shared = set(of_test_patients(films, twins))
    kept = [i for i in range(len(films)) if i not in shared and (leave_out is None or films[i].side != "test")]
    if shared:
        print(
            f"{len(shared)} films outside test/ bear the name of a patient of test/, or copy a film of it: "
            "they are left out, so that nothing of a test patient is learnt",
            file=sys.stderr,
            flush=True,
        )
    if len(kept) < len(films):
        films, pixels = [films[i] for i in kept], pixels[kept]
    if leave_out is not None:
        labels = np.array([film.label for film in films], np.int64)
        look = looks(describe(pixels), labels, groups_of(films, twins))
        films = [replace(film, side="test" if of == leave_out else "") for film, of in zip(films, look, strict=True)]
    films = split_films(films, seed, twins)
    check_sides(films, twins)
    return Split(films, pixels, twins, len(shared))


def _some(films: Sequence[Film], limit: int, seed: int) -> list[Film]:
    """The films of at most ``limit`` patients a class, drawn by ``seed``."""
    kept: set[str] = set()
    for label in (0, 1):
        patients = sorted({film.patient for film in films if film.label == label})
        kept.update(patients[i] for i in np.random.default_rng(seed).permutation(len(patients))[:limit])
    return [film for film in films if film.patient in kept]


def commit() -> str:
    """The commit this code stands at; empty outside a checkout.

    With ``-dirty`` where the code of ``ml/`` differs from it, the input gate's left out: no training uses it.
    """
    git = shutil.which("git")
    if git is None:
        return ""

    def ask(*words: str) -> str:
        answer = subprocess.run(  # noqa: S603
            [git, *words], cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False
        )
        return answer.stdout.strip()

    found = ask("rev-parse", "HEAD")
    changed = found and ask("status", "--porcelain", "--", ".", ":!artifacts", ":!gate_training", ":!train_gate.py")
    return f"{found}-dirty" if changed else found


def versions(*packages: str) -> dict[str, str]:
    """Versions of Python and of those packages that are installed."""
    found = {"python": platform.python_version()}
    for package in packages:
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def command_line(module: str, arguments: Sequence[str] | None) -> str:
    """The command as it can be given to a shell again.

    Args:
        module: ``"train"`` for ``python -m ml.train``.
        arguments: As ``main`` was given them; None stands for those of the process.
    """
    return shlex.join(["python", "-m", f"ml.{module}", *(sys.argv[1:] if arguments is None else arguments)])


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
