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
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.augment import Recipe, augment, mix
from ml.acquisition import describe, guess_labels, propensity_weights
from ml.data import SIDES, Film, check_sides, data_hash, groups_of, load_pixels, read_films, split_films
from ml.errors import MLError
from ml.model import KINDS, Architecture, build_serving, build_training, multiply_adds
from ml.shifts import blend_of_shifts


@dataclass(frozen=True, slots=True)
class Plan:
    """The parameters of one run; train.json keeps them all."""

    seed: int = 1
    split_seed: int = 2026
    epochs: int = 60
    batch: int = 64
    side: int = 176
    rate: float = 2e-3
    decay: float = 0.02
    kind_weight: float = 0.3
    patience: int = 15
    fairness: float = 4.0
    start: str = ""
    precision: str = "auto"
    architecture: Architecture = Architecture()
    recipe: Recipe = Recipe()

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("architecture", "recipe")}
        return {**plain, "architecture": self.architecture.as_json(), "recipe": self.recipe.as_json()}


def order_of_films(
    labels: NDArray[np.int64], steps: int, batch: int, seed: int, weights: NDArray[np.float64] | None = None
) -> NDArray[np.int64]:
    """Which films each batch shows: each class fills half of it, films of a class come in proportion to their weights.

    Drawn epoch for epoch without luck (systematic resampling): a film of weight w comes w·k times or one time more.

    Args:
        labels: (N,) of 0 and 1.
        steps: Batches in the whole run.
        batch: Films a batch, even.
        seed: Of the run.
        weights: (N,) positive; all alike if not given.

    Returns:
        (steps, batch) indices, in random order within a batch.
    """
    rng = np.random.default_rng([seed, 1])
    weights = np.ones(len(labels)) if weights is None else weights
    half, columns = batch // 2, []
    for label in (0, 1):
        members = np.flatnonzero(labels == label)
        drawn = []
        for start in range(0, steps * half, len(members)):
            count = min(len(members), steps * half - start)
            shuffled = rng.permutation(len(members))
            ends = np.cumsum(weights[members[shuffled]]) / weights[members].sum()
            places = np.minimum(np.searchsorted(ends, (np.arange(count) + rng.random()) / count), len(members) - 1)
            drawn.append(rng.permutation(members[shuffled[places]]))
        columns.append(np.concatenate(drawn).reshape(steps, half))
    return rng.permuted(np.concatenate(columns, axis=1), axis=1).astype(np.int64)


def _targets(films: Sequence[Film], smooth: float) -> NDArray[np.float32]:
    """(N, 4): pneumonia, then the kind; a kind that is not known is all zeros and costs nothing."""
    table = np.zeros((len(films), 1 + len(KINDS)), np.float32)
    for row, film in zip(table, films, strict=True):
        row[0] = film.label * (1 - smooth) + smooth / 2
        if film.kind:
            row[1 + KINDS.index(film.kind)] = 1.0
    return table


def _batches(pixels: Any, targets: Any, order: NDArray[np.int64], start: int, plan: Plan) -> Any:
    """The tf.data pipeline from batch ``start`` on."""
    import tensorflow as tf

    with tf.device("CPU"):
        films, wanted, rows = tf.constant(pixels[..., None]), tf.constant(targets), tf.constant(order)

    def load(step: Any) -> tuple[Any, dict[str, Any]]:
        row = tf.ensure_shape(rows[step], (plan.batch,))
        shown = augment(tf.gather(films, row), plan.seed, step, plan.recipe, plan.side)
        shown, target = mix(shown, tf.gather(wanted, row), plan.seed, step, plan.recipe)
        return shown, {"pneumonia": target[:, :1], "kind": target[:, 1:]}

    steps = tf.data.Dataset.range(start, len(order))
    return steps.map(load, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True).prefetch(4)


def _precision(wanted: str) -> str:
    """The Keras policy: half precision where the hardware has it."""
    import tensorflow as tf

    if wanted != "auto":
        return wanted
    if tf.config.list_physical_devices("GPU"):
        return "mixed_float16"
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return "float32"
    return "mixed_bfloat16" if "avx512_bf16" in flags or "amx_bf16" in flags else "float32"


def fit(pixels: NDArray[np.uint8], films: Sequence[Film], plan: Plan, out: Path, *, resume: bool, log: bool) -> Any:
    """Train one network and return it with its best averaged weights, and the history.

    Args:
        pixels: uint8 (N, 224, 224).
        films: The same films, with sides.
        plan: Parameters.
        out: Where checkpoints and logs go.
        resume: Go on from ``out/checkpoint.npz`` if it is there.
        log: Write TensorBoard logs.

    Returns:
        (training network at full size, list of one dict an epoch).
    """
    import keras
    import tensorflow as tf

    from ml.fitting import Averaged, Checkpoint, EventLog, Pace, Stop, Watch, area_under_curve

    keras.utils.set_random_seed(plan.seed)
    keras.config.set_dtype_policy(_precision(plan.precision))
    side = np.array([SIDES.index(film.side) for film in films])
    learn, choose = np.flatnonzero(side == 0), np.flatnonzero(side == 1)
    labels = np.array([film.label for film in films], np.int64)
    steps = max(1, len(learn) // plan.batch)
    weights = None
    if plan.fairness > 1:
        groups = np.array(groups_of([films[i] for i in learn]))
        guess = guess_labels(describe(pixels[learn]), labels[learn], groups)
        weights = propensity_weights(guess, labels[learn], plan.fairness)
        print(f"acquisition alone tells the label with AUC {area_under_curve(labels[learn], guess):.3f}", flush=True)
    order = order_of_films(labels[learn], steps * plan.epochs, plan.batch, plan.seed, weights)
    targets = _targets([films[i] for i in learn], plan.recipe.smooth)
    plain = pixels[choose][..., None].astype(np.float32)
    shifted = np.concatenate([blend_of_shifts(pixels[choose], seed) for seed in (1,)])[..., None].astype(np.float32)

    many = len(tf.config.list_physical_devices("GPU")) > 1
    strategy = tf.distribute.MirroredStrategy() if many else tf.distribute.get_strategy()
    with strategy.scope():
        network = build_training(plan.architecture, plan.side)
        network.compile(
            keras.optimizers.AdamW(plan.rate, weight_decay=plan.decay, global_clipnorm=1.0),
            loss={"pneumonia": "binary_crossentropy", "kind": "categorical_crossentropy"},
            loss_weights={"pneumonia": 1.0, "kind": plan.kind_weight},
        )
    network.optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    if plan.start:
        from ml.join import load_member

        network.set_weights(load_member(Path(plan.start), "mean")[0].get_weights())
    judge = build_training(plan.architecture)
    averaged, pace = Averaged(), Pace(plan.rate, plan.epochs, steps)
    watch = Watch(judge, averaged, plain, shifted, labels[choose])
    stop = Stop(plan.patience)
    stop.set_model(network)
    stop.on_train_begin()
    history: list[dict[str, float]] = []
    identity = {**plan.as_json(), "data": data_hash(films, pixels)}
    checkpoint = Checkpoint(out / "checkpoint.npz", averaged, watch, identity, history)
    done = checkpoint.restore(network, [pace, stop]) if resume else 0
    callbacks = [watch, pace, averaged, stop, checkpoint]
    if log:
        callbacks.append(EventLog(out / "tensorboard"))
    if done < plan.epochs and not network.stop_training:
        data = _batches(pixels[learn], targets, order, done * steps, plan)
        network.fit(
            data, initial_epoch=done, epochs=plan.epochs, steps_per_epoch=steps, verbose=2, callbacks=callbacks
        )
    judge.set_weights(watch.best)
    return judge, history


def _commit() -> str:
    """The commit this code stands at, or an empty string outside a checkout."""
    answer = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return answer.stdout.strip()


def save_run(out: Path, model: Any, films: Sequence[Film], digest: str, facts: dict[str, Any]) -> None:
    """Write the serving network and who was on which side; each file whole or not at all.

    Args:
        out: The run folder.
        model: By ``build_serving``.
        films: With sides.
        digest: By ``data_hash``.
        facts: What else goes into train.json.
    """
    from ml.fitting import write_json, write_whole

    write_whole(out / "model.keras", model.save)
    sides = {side: [film.file for film in films if film.side == side] for side in SIDES}
    write_json(out / "split.json", {**sides, "seed": facts["split_seed"], "data_sha256": digest})
    names = ("keras", "tensorflow-cpu", "tensorflow", "numpy", "pillow")
    write_json(
        out / "train.json",
        {
            **facts,
            "gmac": round(multiply_adds(model) / 1e9, 4),
            "parameters": int(model.count_params()),
            "versions": {"python": platform.python_version(), **{n: v for n in names if (v := _version(n))}},
            "commit": _commit(),
        },
    )


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError

    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def find_split(
    data: Path, seed: int, cache: Path | None = None, limit: int | None = None
) -> tuple[list[Film], NDArray[np.uint8], list[tuple[str, str]]]:
    """Read, decode and audit a data set, and give every film a side.

    Args:
        data: Folder or CSV, see ``ml.data``.
        seed: Draws the split.
        cache: Where decoded films are kept.
        limit: Use at most so many patients a class (a quick run).

    Returns:
        (films with sides, uint8 (N, 224, 224), pairs of near-identical films).

    Raises:
        DataError: The data cannot be used, or leaks.
    """
    from ml.audit import find_twins

    films = read_films(data)
    if limit:
        films = _some(films, limit, seed)
    pixels = load_pixels(data if data.is_dir() else data.parent, films, cache)
    twins = find_twins(films, pixels)
    films = split_films(films, seed, twins)
    check_sides(films, twins)
    return films, pixels, twins


def train(data: Path, out: Path, plan: Plan, *, resume: bool = False, log: bool = True, limit: int | None = None) -> None:
    """Audit, split, train and save.

    Args:
        data: Folder or CSV, see ``ml.data``.
        out: The run folder.
        plan: Parameters.
        resume: Go on with what is in ``out``.
        log: Write TensorBoard logs.
        limit: Use at most so many patients a class (a quick run).

    Raises:
        DataError: The data cannot be used, or leaks.
        TrainingError: The run cannot go on.
    """
    from ml.curves import learning_curves
    from ml.fitting import TrainingError, write_json, write_whole

    started = time.monotonic()
    if not resume and (out / "checkpoint.npz").exists():
        raise TrainingError(f"{out} holds an earlier run. Add --resume to go on with it, or give another --out.")
    films, pixels, twins = find_split(data, plan.split_seed, out.parent / "cache", limit)
    counts = {side: sum(film.side == side for film in films) for side in SIDES}
    print(f"{len(films)} films: {counts}; {len(twins)} near-identical pairs kept together", flush=True)
    network, history = fit(pixels, films, plan, out, resume=resume, log=log)
    write_json(out / "history.json", history)
    write_whole(out / "curves.svg", lambda path: path.write_text(learning_curves(history), encoding="utf-8"))
    best = min(range(len(history)), key=lambda epoch: history[epoch]["val_loss"])
    facts = {
        "command": "python -m ml.train " + " ".join(sys.argv[1:]),
        **plan.as_json(),
        "best_epoch": best + 1,
        "best": history[best],
        "films": counts,
        "twins": len(twins),
        "seconds": round(time.monotonic() - started, 1),
        "resumed": resume,
    }
    save_run(out, build_serving([network], [plan.architecture]), films, data_hash(films, pixels), facts)
    print(f"{out / 'model.keras'} is written; best epoch {best + 1}: {history[best]}", flush=True)


def _some(films: Sequence[Film], limit: int, seed: int) -> list[Film]:
    """The films of at most ``limit`` patients a class, drawn by ``seed``."""
    kept: set[str] = set()
    for label in (0, 1):
        patients = sorted({film.patient for film in films if film.label == label})
        kept.update(patients[i] for i in np.random.default_rng(seed).permutation(len(patients))[:limit])
    return [film for film in films if film.patient in kept]


def parser() -> argparse.ArgumentParser:
    """The command line."""
    default = Plan()
    commands = argparse.ArgumentParser(prog="python -m ml.train", description="Train the classifier.")
    commands.add_argument("--data", type=Path, required=True, help="folder CLASS/* or split/CLASS/*, or a CSV")
    commands.add_argument("--out", type=Path, required=True, help="run folder, made if need be")
    commands.add_argument("--seed", type=int, default=default.seed)
    commands.add_argument("--split-seed", type=int, default=default.split_seed, help="keep it to compare runs")
    commands.add_argument("--epochs", type=int, default=default.epochs)
    commands.add_argument("--batch", type=int, default=default.batch)
    commands.add_argument("--side", type=int, default=default.side, help="side in training; serving is always 224")
    commands.add_argument("--rate", type=float, default=default.rate, help="highest learning rate")
    commands.add_argument("--view", default=default.architecture.view, choices=("film", "local", "both"))
    commands.add_argument("--widths", type=int, nargs="+", default=list(default.architecture.widths))
    commands.add_argument("--blocks", type=int, nargs="+", default=list(default.architecture.blocks))
    for field in fields(Recipe):
        value = getattr(default.recipe, field.name)
        commands.add_argument(f"--aug-{field.name}", type=float, default=value, help=f"see ml/augment.py ({value})")
    commands.add_argument("--fairness", type=float, default=default.fairness, help="see ml/acquisition.py; 1 is off")
    commands.add_argument("--start", default="", metavar="RUN", help="begin with another run's averaged weights")
    commands.add_argument("--precision", default="auto", choices=("auto", "float32", "mixed_bfloat16", "mixed_float16"))
    commands.add_argument("--resume", action="store_true", help="go on from the last whole epoch")
    commands.add_argument("--quick", action="store_true", help="a tiny run of under two minutes, to see it work")
    commands.add_argument("--deterministic", action="store_true", help="bit-equal repeats, slower")
    return commands


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is 0, or 2 where the data or the disk say no."""
    given = parser().parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    recipe = Recipe(**{f.name: getattr(given, f"aug_{f.name}") for f in fields(Recipe)})
    shape = Architecture(widths=tuple(given.widths), blocks=tuple(given.blocks), view=given.view)
    names = ("seed", "split_seed", "epochs", "batch", "side", "rate", "precision", "fairness", "start")
    plan = Plan(**{name: getattr(given, name) for name in names}, architecture=shape, recipe=recipe)
    if given.quick:
        tiny = Architecture(widths=(8, 16, 24, 32), blocks=(1, 1, 1, 1), view=given.view)
        plan = replace(plan, epochs=min(given.epochs, 3), side=96, batch=32, architecture=tiny)
    if given.deterministic:
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
    try:
        train(given.data, given.out, plan, resume=given.resume, limit=150 if given.quick else None)
    except MLError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
