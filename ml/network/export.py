"""From ``model.keras`` to the network that is served, or not at all: the two must agree first.

Runs where models are made (TensorFlow and Keras are imported inside the functions); what it writes is read by
:class:`ml.inference.runtime.Engine`.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.errors import ArtifactDamaged, ArtifactMissing
from ml.inference.lungs import MASK_SIZE
from ml.inference.runtime import Engine
from ml.intake.read import FILM_SIZE

TOLERANCE = 1e-3
"""Largest difference from Keras that is served: absolute for logits, relative to the largest value for features."""

_LARGE = 500
"""Values from which a constant is worth storing in 16 bits."""


def load_keras(path: Path) -> Any:
    """Load a ``.keras`` file with ``safe_mode`` on and without its optimizer.

    Raises:
        ArtifactMissing: the file is not there.
        ArtifactDamaged: it is not a Keras model, or holds code (a Lambda layer), which is never run.
    """
    import keras

    if not path.is_file():
        raise ArtifactMissing(f"{path} is missing. Train a model with python -m ml.train.")
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except (ValueError, TypeError, KeyError, OSError, zipfile.BadZipFile) as error:
        first = (str(error).strip().splitlines() or ["unknown"])[0]
        raise ArtifactDamaged(f"{path} cannot be loaded as a Keras model without code of its own: {first}") from error


def read_head(model: Any) -> tuple[NDArray[np.float32], float]:
    """Return (w, b) of ``logit = GAP(features)·w + b``.

    Raises:
        ArtifactDamaged: the model is of another architecture (see :func:`check_architecture`).
    """
    channels = check_architecture(model)
    for layer in model.layers:
        weights = layer.get_weights()
        if len(weights) == 2 and weights[0].shape == (channels, 1) and weights[1].shape == (1,):
            return weights[0][:, 0].astype(np.float32), float(weights[1][0])
    raise ArtifactDamaged("The model has no dense head of one unit upon its features.")


def check_architecture(model: Any) -> int:
    """Check that a Keras model has the input and outputs that serving expects; return its number of features.

    Raises:
        ArtifactDamaged: it is another kind of model.
    """
    takes = getattr(model, "input_shape", None)
    if takes != (None, FILM_SIZE, FILM_SIZE, 1):
        raise ArtifactDamaged(
            f"The model takes {takes}, not {(None, FILM_SIZE, FILM_SIZE, 1)}. Train it with ml.train."
        )
    # Not output_shape, which forgets the names of named outputs.
    gives = [tuple(output.shape[1:]) for output in as_list(getattr(model, "output", []))]
    two = len(gives) >= 2 and gives[0] == (1,) and len(gives[1]) == 3
    if not two or gives[2:] not in ([], [(MASK_SIZE, MASK_SIZE, 1)]):
        raise ArtifactDamaged(
            f"The model gives {gives}, not a logit and a feature map, and lungs if any. Train it with ml.train."
        )
    return int(gives[1][2])


def as_list(outputs: Any) -> list[Any]:
    """Put a model's outputs (one, several or named) in the order they are served in: the logit, others by name."""
    if isinstance(outputs, dict):
        return [outputs[name] for name in sorted(outputs, key=lambda name: (name != "logit", name))]
    return list(outputs) if isinstance(outputs, list | tuple) else [outputs]


def save_small(model: Any, path: Path) -> None:
    """Save a Keras model as ``.keras``, its parts packed: weights that are exact in 16 bits take half the space.

    A ``.keras`` file is a ZIP archive, which Keras writes unpacked and reads either way.
    """
    model.save(path)
    with zipfile.ZipFile(path) as plain:
        parts = [(part.filename, plain.read(part)) for part in plain.infolist()]
    with zipfile.ZipFile(path, "w") as packed:
        for name, data in parts:
            packed.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)


def export(model: Any, path: Path, batch: NDArray[np.uint8], *, half: bool = False) -> dict[str, float]:
    """Write ``path`` (``.xml``) and its ``.bin``, and refuse unless the exported network agrees with Keras.

    Args:
        model: A loaded Keras model with one or more outputs.
        path: Where to write; nothing is left there when the check fails.
        batch: Real films (n, height, width, channels) or (n, height, width), 0..255, to compare on.
        half: Store the weights in 16 bits (half the size); computation stays in 32 bits.

    Returns:
        ``{"logit": …, "features": …, "films": n}``: the largest differences found, first and remaining outputs.

    Raises:
        ArtifactDamaged: the outputs differ by more than :data:`TOLERANCE`.
    """
    import openvino
    import tensorflow as tf

    films = (batch[..., None] if batch.ndim == 3 else batch).astype(np.float32)
    # Constants, not variables: for each variable the converter searches all of them, which took most of its time.
    constants = [[v.numpy() for v in some] for some in (model.trainable_variables, model.non_trainable_variables)]
    signature = tf.function(
        lambda x: tuple(as_list(model.stateless_call(*constants, x, training=False)[0])),
        input_signature=[tf.TensorSpec([None, *films.shape[1:]], tf.float32)],
        autograph=False,  # no Python branch in it hangs on a tensor, and to look for one takes seconds
    ).get_concrete_function()
    converted = openvino.convert_model(signature, input=[("x", openvino.PartialShape([-1, *films.shape[1:]]))])
    # After the model's own outputs the converter lists dead ends of the graph (batch sizes that nothing uses).
    own = converted.get_results()[: len(signature.outputs)]
    converted = openvino.Model(own, converted.get_parameters(), "network")
    _store_exact_halves(converted)
    openvino.save_model(converted, path, compress_to_fp16=half)
    try:
        return _compare(model, Engine(path), films)
    except ArtifactDamaged:
        path.unlink()
        path.with_suffix(".bin").unlink()
        raise


def _store_exact_halves(converted: Any) -> None:
    """Store large constants in 16 bits where that loses nothing (:func:`ml.network.fold.fold` makes them so)."""
    from openvino import Type, opset13

    for node in converted.get_ordered_ops():
        if node.get_type_name() != "Constant" or node.get_element_type() != Type.f32 or node.data.size < _LARGE:
            continue
        halves = node.data.astype(np.float16)
        # A normalisation that divides by one may have moved a last bit.
        if np.allclose(halves.astype(np.float32), node.data, rtol=1e-6, atol=0):
            whole = opset13.convert(opset13.constant(halves), "f32")
            for target in node.output(0).get_target_inputs():
                target.replace_source_output(whole.output(0))


def _compare(model: Any, engine: Engine, films: NDArray[np.float32]) -> dict[str, float]:
    wanted = [np.asarray(output.numpy()) for output in as_list(model(films, training=False))]
    for name, size in (("a batch", len(films)), ("one film", 1)):
        found = engine(films[:size])
        if [output.shape[1:] for output in found] != [output.shape[1:] for output in wanted]:
            raise ArtifactDamaged("The exported network has other outputs than the Keras model.")
        first = float(np.abs(found[0] - wanted[0][:size]).max())
        others = [
            float(np.abs(f - w[:size]).max() / max(1.0, np.abs(w).max())) for f, w in zip(found, wanted, strict=True)
        ]
        worst = max(others[1:], default=0.0)
        if not (first <= TOLERANCE and worst <= TOLERANCE):
            raise ArtifactDamaged(
                f"The exported network differs from Keras on {name} by {first:.2g} (first output) and {worst:.2g} "
                f"(the others), more than {TOLERANCE}. It is not published."
            )
        if size == len(films):
            result = {"logit": first, "features": worst, "films": float(len(films))}
    return result
