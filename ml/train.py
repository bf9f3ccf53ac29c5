"""Train a classifier: ``python -m ml.train --data DIR --out DIR [--recipe NAME]``.

What is trained, and how, is a recipe (``ml/training/recipes/NAME.json``, or a file of your own); flags are what changes
from run to run. Leaves in ``--out``: ``model.keras`` (the serving network), ``split.json`` (which film is in which
split), ``history.json`` and ``curves.svg``, ``train.json`` (how to do it again), ``checkpoint.npz`` (for ``--resume``).

Determinism: the split, the order of films, every augmentation and the initial weights are functions of the seeds; a
resumed run sees what an unbroken one would have seen. What is left is the order of floating-point sums in threads:
two runs on one machine differ in the last digits and drift apart. ``--deterministic`` removes that too, and is slower.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from ml.data.prepare import prepare
from ml.errors import MLError, TrainingError
from ml.evaluation.figures import learning
from ml.files import write_json, write_text
from ml.inference.cards.files import is_artefact
from ml.network import lung_classifier
from ml.network.classifier import Architecture, build_serving
from ml.network.lungs import load_lungs
from ml.provenance import command_line
from ml.training.config import LungClassifierConfig, TrainingConfig, read_recipe
from ml.training.fit import devices, fit, policy_for
from ml.training.run import artefact_split, behind, check_unseen, read_split, save_run

QUICK_PATIENTS = 150
"""Patients a class that ``--quick`` takes."""
CHANGED = ("seed", "epochs", "start", "weights", "teachers", "precision")
"""What the command line may change of a recipe."""


def train(
    data: Path,
    out: Path,
    config: TrainingConfig | LungClassifierConfig,
    *,
    resume: bool = False,
    limit: int | None = None,
    split: Path | None = None,
    command: str = "",
) -> None:
    """Audit, split, train and save.

    Args:
        data: Folder or CSV, see ``ml.data.dataset``.
        out: The run folder.
        config: Parameters.
        resume: Go on with what is in ``out``.
        limit: Use at most so many patients a class (a quick run).
        split: An earlier run of the same data, or an artefact, whose split to keep, so that both can be compared.
        command: The command line, for train.json.

    Raises:
        DataError: The data cannot be used, or leaks.
        TrainingError: The run cannot go on.
    """
    from ml.training.lung_fit import fit_lung_classifier

    started = time.monotonic()
    if not next(path for path in (out, *out.resolve().parents) if path.exists()).is_dir():
        raise TrainingError(f"{out} is a file, or lies below one. Name a folder, there or not, with --out.")
    if not resume and (out / "checkpoint.npz").exists():
        raise TrainingError(f"{out} holds an earlier run. Add --resume to go on with it, or give another --out.")
    prepared = prepare(
        data, config.split_seed, propensity_cap=config.propensity_cap, cache=out.parent / "cache", limit=limit,
        split_of=_earlier_split(split, data, out.parent / "cache") if split else None,
    )  # fmt: skip
    taken_over: dict[str, Any] = {}
    if isinstance(config, LungClassifierConfig):
        taken_over = behind(config)
        for folder in (config.start, *config.teachers):
            if folder and is_artefact(Path(folder)):
                check_unseen(Path(folder), prepared)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"{out} cannot be made: {error.strerror or error}. Name another --out.") from error
    print(
        f"{len(prepared.films)} films: {prepared.counts}; {len(prepared.near_duplicates)} near-identical pairs kept "
        "together",
        flush=True,
    )
    if prepared.giveaway is not None:
        print(f"acquisition alone tells the label with AUC {prepared.giveaway:.3f}", flush=True)
    if isinstance(config, TrainingConfig):
        network, history = fit(prepared, config, out, resume=resume)
        served = build_serving([network], [config.architecture], config.input_size)
        best, policy = min(range(len(history)), key=lambda epoch: history[epoch]["val_loss"]), config.precision
    else:
        network, history = fit_lung_classifier(prepared, config, out, taken_over, resume=resume)
        served = lung_classifier.build_serving(network, load_lungs(), config.serve_size, config.soften)
        best, policy = len(history) - 1, "float32"  # nothing is chosen by internal validation there
    write_json(out / "history.json", history)
    write_text(out / "curves.svg", learning([history]))
    facts = {
        "command": command,
        **config.as_json(),
        **taken_over,
        "best_epoch": best + 1,
        "best": history[best],
        "limit": limit,
        "seconds": round(time.monotonic() - started, 1),
        "resumed": resume,
        "policy": policy_for(policy),
        "devices": devices(),
    }
    save_run(out, served, prepared, facts)
    print(f"{out / 'model.keras'} is written; best epoch {best + 1}: {history[best]}", flush=True)


def _earlier_split(earlier: Path, data: Path, cache: Path) -> dict[str, str]:
    """The split of every film of a run, which has their names, or of an artefact, which has their fingerprints."""
    return artefact_split(earlier, data, cache) if is_artefact(earlier) else read_split(earlier)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    commands = argparse.ArgumentParser(prog="python -m ml.train", description="Train a classifier.")
    commands.add_argument("--data", type=Path, required=True, help="folder CLASS/* or split/CLASS/*, or a CSV")
    commands.add_argument("--out", type=Path, required=True, help="run folder, made if need be")
    commands.add_argument("--recipe", default="pneumonia", help="name in ml/training/recipes, or a JSON file's path")
    commands.add_argument("--seed", type=int, help="in place of the recipe's")
    commands.add_argument("--epochs", type=int, help="in place of the recipe's")
    commands.add_argument("--start", metavar="RUN", help="begin with another run's averaged weights, or an artefact's")
    commands.add_argument("--weights", metavar="NPZ", help="begin with ImageNet weights")
    commands.add_argument(
        "--teachers", nargs="+", metavar="RUN", help="learn what these runs, or artefacts, answer together"
    )
    commands.add_argument("--split", type=Path, metavar="RUN", help="keep the split of an earlier run, or an artefact")
    commands.add_argument("--precision", choices=("auto", "float32", "mixed_bfloat16", "mixed_float16"))
    commands.add_argument("--resume", action="store_true", help="go on from the last whole epoch")
    commands.add_argument("--quick", action="store_true", help="a tiny run of under two minutes, to see it work")
    commands.add_argument("--deterministic", action="store_true", help="bit-equal repeats, slower")
    return commands


def chosen(given: argparse.Namespace) -> TrainingConfig | LungClassifierConfig:
    """The recipe, with what the command line changes of it.

    Raises:
        TrainingError: There is no such recipe, it says something that cannot be, or has no use for a flag.
    """
    config = read_recipe(given.recipe)
    changes: dict[str, Any] = {name: getattr(given, name) for name in CHANGED if getattr(given, name) is not None}
    if unknown := sorted(changes.keys() - {field.name for field in fields(config)}):
        raise TrainingError(f"The recipe {given.recipe} has no use for --{unknown[0]}.")
    if "teachers" in changes:
        changes["teachers"] = tuple(changes["teachers"])
    config = replace(config, **changes)
    if given.quick and isinstance(config, TrainingConfig):
        tiny = Architecture(widths=(8, 16, 24, 32), blocks=(1, 1, 1, 1), view=config.architecture.view)
        epochs = min(config.epochs, 3)
        return replace(config, epochs=epochs, train_size=96, input_size=96, batch=32, architecture=tiny)
    return replace(config, epochs=1) if given.quick else config


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is 0, or 2 where the recipe, the data or the disk say no."""
    given = parser().parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        config = chosen(given)
        if given.deterministic:
            import tensorflow as tf

            tf.config.experimental.enable_op_determinism()
        train(
            given.data, given.out, config, resume=given.resume, limit=QUICK_PATIENTS if given.quick else None,
            split=given.split, command=command_line("train", arguments),
        )  # fmt: skip
    except MLError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
