"""One run, from prepared films to the network with its best weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.data.dataset import DataError
from ml.data.prepare import PreparedData
from ml.errors import TrainingError
from ml.evaluation.background import exchanged
from ml.evaluation.shifts import blend_of_shifts
from ml.network.classifier import Architecture, build_training
from ml.training.config import TrainingConfig
from ml.training.distillation import teachers
from ml.training.pipeline import batches_of, order_of_films, targets_of


def policy_for(wanted: str) -> str:
    """The Keras policy that a precision comes to here: half precision where the hardware has it."""
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

    other = load_member(run, "mean")
    its_shape = other.architecture
    if (its_shape.widths, its_shape.blocks, its_shape.view) != (shape.widths, shape.blocks, shape.view):
        raise DataError(
            f"{run} is a network of another shape. To begin with it, use a recipe whose architecture has widths "
            f"{list(its_shape.widths)}, blocks {list(its_shape.blocks)} and view {its_shape.view!r}."
        )
    network.set_weights(other.network.get_weights())


def _resized(films: NDArray[np.uint8], size: int) -> NDArray[np.float32]:
    """uint8 (N, H, H) → float32 (N, size, size, 1), scaled as the serving network will scale them."""
    import tensorflow as tf

    scaled: NDArray[np.float32] = tf.image.resize(films[..., None], (size, size), "bilinear").numpy()
    return scaled


def fit(data: PreparedData, config: TrainingConfig, out: Path, *, resume: bool) -> tuple[Any, list[dict[str, float]]]:
    """Train one network and return it with its best averaged weights, and the history.

    Args:
        data: Films with splits and weights.
        config: Parameters.
        out: Where checkpoints go.
        resume: Go on from ``out/checkpoint.npz`` if it is there.

    Returns:
        (training network at its input size, list of one dict an epoch).

    Raises:
        DataError: ``config.start`` cannot be begun with, or one of ``config.teachers`` cannot teach.
        TrainingError: The run cannot go on.
    """
    import keras

    from ml.training.callbacks import Averaged, NoNumber, Pace, Stop, Watch
    from ml.training.checkpoint import Checkpoint

    keras.utils.set_random_seed(config.seed)
    keras.config.set_dtype_policy(policy_for(config.precision))
    learn, choose = data.places("train"), data.places("val")
    labels, pixels = data.labels, data.pixels
    steps = max(1, len(learn) // config.batch)
    order = order_of_films(labels[learn], config.epochs, steps, config.batch, config.seed, data.weights)
    targets = targets_of([data.films[i] for i in learn], config.augmentation.smooth)
    foreign = exchanged(pixels[choose], labels[choose], 1)
    moved = np.concatenate([blend_of_shifts(films, 1 + i) for i, films in enumerate((pixels[choose], foreign))])
    plain, shifted = _resized(pixels[choose], config.input_size), _resized(moved, config.input_size)

    spread = strategy()
    with spread.scope():
        network = build_training(config.architecture, config.train_size)
        optimizer = keras.optimizers.AdamW(config.rate, weight_decay=config.decay, global_clipnorm=1.0)
        # Before compiling: with mixed_float16 Keras wraps the optimizer there, and the wrapper decays nothing itself.
        optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
        network.compile(
            optimizer,
            loss={"pneumonia": "binary_crossentropy", "kind": "categorical_crossentropy"},
            loss_weights={"pneumonia": 1.0, "kind": config.kind_weight},
        )
    served = build_training(config.architecture, config.input_size)
    averaged, pace = Averaged(), Pace(config.rate, config.epochs, steps)
    watch = Watch(served, averaged, plain, shifted, labels[choose])
    stop = Stop(config.patience)
    stop.set_model(network)
    stop.on_train_begin()
    history: list[dict[str, float]] = []
    # A run may be made longer or shorter on the way, nothing else may change.
    identity = {**config.as_json(), "epochs": None, "data": data.digest}
    checkpoint = Checkpoint(out / "checkpoint.npz", averaged, watch, identity, history)
    with spread.scope():
        done = checkpoint.restore(network, [pace, stop]) if resume else 0
        if config.start and not done:
            begin_with(network, Path(config.start), config.architecture)
    if done < config.epochs and not network.stop_training:
        teach = (
            teachers([Path(run) for run in config.teachers], config.train_size, identity) if config.teachers else None
        )
        batches = batches_of(
            pixels[learn], targets, order, done * steps, config.seed, config.augmentation, config.train_size, teach
        )
        try:
            network.fit(
                batches, initial_epoch=done, epochs=config.epochs, steps_per_epoch=steps, verbose=2,
                callbacks=[watch, pace, averaged, stop, checkpoint],
            )  # fmt: skip
        except NoNumber as error:
            raise TrainingError(f"{error} {_after_no_number(out)}") from error
    served.set_weights(watch.best)
    return served, history


def _after_no_number(out: Path) -> str:
    """What to do with a run whose numbers have gone: to resume it would be to resume with the same rate."""
    if (out / "checkpoint.npz").is_file():
        return (
            "Train into another --out, by a recipe with a lower rate or with --precision float32; "
            f"--start {out} begins there with the weights of the last whole epoch."
        )
    return "Start again by a recipe with a lower rate or with --precision float32; no epoch is whole yet to go on from."
