"""One run, from films with sides to the network with its best weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.data.acquisition import describe, guess_labels, propensity_weights
from ml.data.dataset import SIDES, DataError, Film, data_hash
from ml.data.split import groups_of
from ml.errors import TrainingError
from ml.evaluation.background import exchanged
from ml.evaluation.shifts import blend_of_shifts
from ml.metrics.curves import area_under_curve
from ml.network.classifier import Architecture, build_training
from ml.training.config import Plan
from ml.training.distillation import teachers
from ml.training.pipeline import batches_of, order_of_films, targets_of


def policy_for(wanted: str) -> str:
    """The Keras policy that ``--precision`` comes to here: half precision where the hardware has it."""
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


def devices() -> list[str]:
    """What a network is trained on here: the GPUs, or the CPU."""
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU") or tf.config.list_physical_devices("CPU")
    return [str(device.name) for device in found]


def strategy() -> Any:
    """How a batch is spread over the devices: over all GPUs where there are several."""
    import tensorflow as tf

    several = len(tf.config.list_physical_devices("GPU")) > 1
    return tf.distribute.MirroredStrategy() if several else tf.distribute.get_strategy()


def begin_with(network: Any, run: Path, shape: Architecture) -> None:
    """Give a network another run's averaged weights of its last whole epoch.

    Raises:
        DataError: That run has no readable checkpoint, or its network is of another shape.
    """
    from ml.training.checkpoint import load_member

    other, its_shape, _identity, _history = load_member(run, "mean")
    if (its_shape.widths, its_shape.blocks, its_shape.view) != (shape.widths, shape.blocks, shape.view):
        words = [" ".join(map(str, sizes)) for sizes in (its_shape.widths, its_shape.blocks)]
        raise DataError(
            f"{run} is a network of another shape. To begin with it, add "
            f"--widths {words[0]} --blocks {words[1]} --view {its_shape.view}."
        )
    network.set_weights(other.get_weights())


def _seen(films: NDArray[np.uint8], look: int) -> NDArray[np.float32]:
    """uint8 (N, H, H) → float32 (N, look, look, 1), scaled as the serving network will scale them."""
    import tensorflow as tf

    scaled: NDArray[np.float32] = tf.image.resize(films[..., None], (look, look), "bilinear").numpy()
    return scaled


def judge_left_out(network: Any, pixels: NDArray[np.uint8], films: Sequence[Film], look: int) -> dict[str, float]:
    """How well a trained network tells the films of the test side apart, as they are and under random shifts.

    Args:
        network: By :func:`fit`.
        pixels: uint8 (N, 224, 224).
        films: The same films, with sides.
        look: The side the network looks at.

    Returns:
        ``auc``, ``auc_shifted``, and ``right``, ``right_shifted``: the mean of sensitivity and specificity at 0.5.
    """
    from ml.training.callbacks import predict

    kept = [i for i, film in enumerate(films) if film.side == "test"]
    labels = np.array([films[i].label for i in kept], np.int64)
    found = {"films": float(len(kept))}
    for name, shown in (("", pixels[kept]), ("_shifted", blend_of_shifts(pixels[kept], 1))):
        p = predict(network, _seen(shown, look))
        y = np.tile(labels, len(p) // len(labels))
        found[f"auc{name}"] = area_under_curve(y, p)
        found[f"right{name}"] = float(((p >= 0.5)[y == 1].mean() + (p < 0.5)[y == 0].mean()) / 2)
    return found


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
        (training network at the side it looks at, list of one dict an epoch).

    Raises:
        DataError: ``plan.start`` cannot be begun with, or one of ``plan.teachers`` cannot teach.
        TrainingError: The run cannot go on.
    """
    import keras

    from ml.training.callbacks import Averaged, EventLog, NoNumber, Pace, Stop, Watch
    from ml.training.checkpoint import Checkpoint

    keras.utils.set_random_seed(plan.seed)
    keras.config.set_dtype_policy(policy_for(plan.precision))
    side = np.array([SIDES.index(film.side) for film in films])
    learn, choose = np.flatnonzero(side == 0), np.flatnonzero(side == 1)
    labels = np.array([film.label for film in films], np.int64)
    taught = [film for film in films if film.side == "train"]
    steps = max(1, len(learn) // plan.batch)
    weights = None
    if plan.fairness > 1:
        guess = guess_labels(describe(pixels[learn]), labels[learn], groups_of(taught))
        weights = propensity_weights(guess, labels[learn], plan.fairness)
        print(f"acquisition alone tells the label with AUC {area_under_curve(labels[learn], guess):.3f}", flush=True)
    order = order_of_films(labels[learn], plan.epochs, steps, plan.batch, plan.seed, weights)
    targets = targets_of(taught, plan.recipe.smooth)
    foreign = exchanged(pixels[choose], labels[choose], 1)
    moved = np.concatenate([blend_of_shifts(films, 1 + i) for i, films in enumerate((pixels[choose], foreign))])
    plain, shifted = _seen(pixels[choose], plan.look), _seen(moved, plan.look)

    spread = strategy()
    with spread.scope():
        network = build_training(plan.architecture, plan.side)
        optimizer = keras.optimizers.AdamW(plan.rate, weight_decay=plan.decay, global_clipnorm=1.0)
        # Before compiling: with mixed_float16 Keras wraps the optimizer there, and the wrapper decays nothing itself.
        optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
        network.compile(
            optimizer,
            loss={"pneumonia": "binary_crossentropy", "kind": "categorical_crossentropy"},
            loss_weights={"pneumonia": 1.0, "kind": plan.kind_weight},
        )
    judge = build_training(plan.architecture, plan.look)
    averaged, pace = Averaged(), Pace(plan.rate, plan.epochs, steps)
    watch = Watch(judge, averaged, plain, shifted, labels[choose])
    stop = Stop(plan.patience)
    stop.set_model(network)
    stop.on_train_begin()
    history: list[dict[str, float]] = []
    # A run may be made longer or shorter on the way, nothing else may change.
    identity = {**plan.as_json(), "epochs": None, "data": data_hash(films, pixels)}
    checkpoint = Checkpoint(out / "checkpoint.npz", averaged, watch, identity, history)
    with spread.scope():
        done = checkpoint.restore(network, [pace, stop]) if resume else 0
        if plan.start and not done:
            begin_with(network, Path(plan.start), plan.architecture)
    callbacks = [watch, pace, averaged, stop, checkpoint]
    if log:
        callbacks.append(EventLog(out / "tensorboard"))
    if done < plan.epochs and not network.stop_training:
        teach = teachers([Path(run) for run in plan.teachers], plan.side, identity) if plan.teachers else None
        data = batches_of(pixels[learn], targets, order, done * steps, plan.seed, plan.recipe, plan.side, teach)
        try:
            network.fit(
                data, initial_epoch=done, epochs=plan.epochs, steps_per_epoch=steps, verbose=2, callbacks=callbacks
            )
        except NoNumber as error:
            raise TrainingError(f"{error} {_after_no_number(out)}") from error
    judge.set_weights(watch.best)
    return judge, history


def _after_no_number(out: Path) -> str:
    """What to do with a run whose numbers have gone: to resume it would be to resume with the same rate."""
    if (out / "checkpoint.npz").is_file():
        return (
            "Train into another --out, with a lower --rate or with --precision float32; "
            f"--start {out} begins there with the weights of the last whole epoch."
        )
    return (
        "Start anew with a lower --rate or with --precision float32; no epoch is whole yet that could be gone on from."
    )
