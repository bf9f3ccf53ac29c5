"""Train the classifier: ``python -m ml.train --data DIR --out DIR --seed N``.

Leaves in ``--out``: ``model.keras`` (the serving network), ``split.json`` (who was on which side), ``history.json``
and ``curves.svg``, ``train.json`` (how to do it again), ``checkpoint.npz`` (for ``--resume``), ``tensorboard/``.

Determinism: the split, the order of films, every augmentation and the initial weights are functions of ``--seed``; a
resumed run sees what an unbroken one would have seen. What is left is the order of floating-point sums in threads:
two runs on one machine differ in the last digits and drift apart. ``--deterministic`` removes that too, and is slower.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path

from ml.data.dataset import SIDES, data_hash
from ml.data.prepare import find_split
from ml.errors import MLError, TrainingError
from ml.files import write_json, write_text
from ml.network import lung_classifier
from ml.network.classifier import Architecture, build_serving
from ml.network.lungs import load_lungs
from ml.provenance import command_line
from ml.training.augmentation import Recipe
from ml.training.config import LungClassifierPlan, Plan
from ml.training.fit import devices, fit, judge_left_out, policy_for
from ml.training.run import save_run


def train(
    data: Path,
    out: Path,
    plan: Plan | LungClassifierPlan,
    *,
    resume: bool = False,
    log: bool = True,
    limit: int | None = None,
    command: str = "",
) -> None:
    """Audit, split, train and save.

    Args:
        data: Folder or CSV, see ``ml.data.dataset``.
        out: The run folder.
        plan: Parameters.
        resume: Go on with what is in ``out``.
        log: Write TensorBoard logs.
        limit: Use at most so many patients a class (a quick run).
        command: The command line, for train.json.

    Raises:
        DataError: The data cannot be used, or leaks.
        TrainingError: The run cannot go on.
    """
    from ml.evaluation.figures import learning
    from ml.training.lung_fit import fit_lung_classifier

    started = time.monotonic()
    if not next(path for path in (out, *out.resolve().parents) if path.exists()).is_dir():
        raise TrainingError(f"{out} is a file, or lies below one. Name a folder, there or not, with --out.")
    if not resume and (out / "checkpoint.npz").exists():
        raise TrainingError(f"{out} holds an earlier run. Add --resume to go on with it, or give another --out.")
    leave_out = plan.leave_out if isinstance(plan, Plan) else None
    split = find_split(data, plan.split_seed, out.parent / "cache", limit, leave_out)
    films, pixels = split.films, split.pixels
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"{out} cannot be made: {error.strerror or error}. Name another --out.") from error
    counts = {side: sum(film.side == side for film in films) for side in SIDES}
    print(f"{len(films)} films: {counts}; {len(split.twins)} near-identical pairs kept together", flush=True)
    if isinstance(plan, Plan):
        network, history = fit(pixels, films, plan, out, resume=resume, log=log)
    else:
        network, history = fit_lung_classifier(pixels, films, plan, out, resume=resume)
    write_json(out / "history.json", history)
    write_text(out / "curves.svg", learning([history]))
    best = min(range(len(history)), key=lambda epoch: history[epoch]["val_loss"])
    if not isinstance(plan, Plan):
        best = len(history) - 1  # nothing is chosen by internal validation there
    facts = {
        "command": command,
        **plan.as_json(),
        "best_epoch": best + 1,
        "best": history[best],
        "films": counts,
        "twins": len(split.twins),
        "left_out_for_test": split.left_out,
        "limit": limit,
        "seconds": round(time.monotonic() - started, 1),
        "resumed": resume,
        "policy": policy_for(plan.precision) if isinstance(plan, Plan) else "float32",
        "devices": devices(),
    }
    if isinstance(plan, Plan):
        if plan.leave_out is not None:
            facts["left_out"] = judge_left_out(network, pixels, films, plan.look)
            print(f"look {plan.leave_out}, left out of training: {facts['left_out']}", flush=True)
        serving = build_serving([network], [plan.architecture], plan.look)
    else:
        serving = lung_classifier.build_serving(network, load_lungs(), plan.serve_size)
    save_run(out, serving, films, data_hash(films, pixels), facts)
    print(f"{out / 'model.keras'} is written; best epoch {best + 1}: {history[best]}", flush=True)


def _whole(least: int, step: int = 1) -> Callable[[str], int]:
    """A type of argument: whole numbers from ``least`` on that are multiples of ``step``."""

    def read(text: str) -> int:
        value = int(text)
        if value < least or value % step:
            kind = {1: "a whole number", 2: "an even number"}.get(step, f"a multiple of {step}")
            raise argparse.ArgumentTypeError(f"{value} is not {kind} from {least} on")
        return value

    read.__name__ = "whole number"  # argparse names the type in its own message
    return read


def parser() -> argparse.ArgumentParser:
    """The command line."""
    default = Plan()
    commands = argparse.ArgumentParser(prog="python -m ml.train", description="Train the classifier.")
    commands.add_argument("--data", type=Path, required=True, help="folder CLASS/* or split/CLASS/*, or a CSV")
    commands.add_argument("--out", type=Path, required=True, help="run folder, made if need be")
    commands.add_argument("--seed", type=_whole(0), default=default.seed)
    commands.add_argument("--split-seed", type=_whole(0), default=default.split_seed, help="keep it to compare runs")
    commands.add_argument("--epochs", type=_whole(1), default=default.epochs)
    commands.add_argument("--batch", type=_whole(2, 2), default=default.batch)
    commands.add_argument("--side", type=_whole(32, 16), default=default.side, help="side of the films in training")
    commands.add_argument(
        "--look", type=_whole(32, 16), default=default.look, help="side at which the served network looks"
    )
    commands.add_argument("--rate", type=float, default=default.rate, help="highest learning rate")
    commands.add_argument("--view", default=default.architecture.view, choices=("film", "local", "both"))
    commands.add_argument("--widths", type=_whole(1), nargs="+", default=list(default.architecture.widths))
    commands.add_argument("--blocks", type=_whole(1), nargs="+", default=list(default.architecture.blocks))
    for field in fields(Recipe):
        value = getattr(default.recipe, field.name)
        commands.add_argument(
            f"--aug-{field.name}", type=float, default=value, help=f"see ml/training/augmentation.py ({value})"
        )
    commands.add_argument(
        "--fairness", type=float, default=default.fairness, help="see ml/data/acquisition.py; 1 is off"
    )
    commands.add_argument(
        "--leave-out", type=int, choices=(0, 1, 2), metavar="LOOK",
        help="a trial: keep the third of films that look alike in acquisition (0, 1 or 2) out of training, judge on it",
    )  # fmt: skip
    commands.add_argument(
        "--recipe", type=Path, help="train a classifier on lung crops by such a file (ml/training/recipes)"
    )
    commands.add_argument("--imagenet", default="", metavar="NPZ", help="weights that --recipe begins with")
    commands.add_argument("--start", default="", metavar="RUN", help="begin with another run's averaged weights")
    commands.add_argument(
        "--teachers", nargs="+", default=[], metavar="RUN", help="learn what these runs answer together"
    )
    commands.add_argument("--precision", default="auto", choices=("auto", "float32", "mixed_bfloat16", "mixed_float16"))
    commands.add_argument("--resume", action="store_true", help="go on from the last whole epoch")
    commands.add_argument("--quick", action="store_true", help="a tiny run of under two minutes, to see it work")
    commands.add_argument("--deterministic", action="store_true", help="bit-equal repeats, slower")
    return commands


def _by_recipe(given: argparse.Namespace) -> LungClassifierPlan:
    """The plan of ``--recipe``; seeds, and what the run begins with, come from the command line."""
    return replace(
        LungClassifierPlan.read(given.recipe), seed=given.seed, split_seed=given.split_seed, weights=given.imagenet,
        start=given.start,
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is 0, or 2 where the data or the disk say no."""
    commands = parser()
    given = commands.parse_args(arguments)
    if len(given.widths) != len(given.blocks):
        commands.error(f"--widths names {len(given.widths)} stages and --blocks {len(given.blocks)}; give both alike")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    recipe = Recipe(**{f.name: getattr(given, f"aug_{f.name}") for f in fields(Recipe)})
    shape = Architecture(widths=tuple(given.widths), blocks=tuple(given.blocks), view=given.view)
    names = (
        "seed",
        "split_seed",
        "epochs",
        "batch",
        "side",
        "look",
        "rate",
        "precision",
        "fairness",
        "start",
        "leave_out",
    )
    plan = Plan(
        **{name: getattr(given, name) for name in names},
        teachers=tuple(given.teachers),
        architecture=shape,
        recipe=recipe,
    )
    if given.quick:
        tiny = Architecture(widths=(8, 16, 24, 32), blocks=(1, 1, 1, 1), view=given.view)
        plan = replace(plan, epochs=min(given.epochs, 3), side=96, look=96, batch=32, architecture=tiny)
    if given.deterministic:
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
    try:
        train(
            given.data,
            given.out,
            _by_recipe(given) if given.recipe else plan,
            resume=given.resume,
            limit=150 if given.quick else None,
            command=command_line("train", arguments),
        )
    except MLError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
