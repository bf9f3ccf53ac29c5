"""(g) one way of running the committed network: ``python -m benchmarks.engines WAY``. Its own process; one JSON line.

The serving engine was chosen by these figures (docs/decisions.md).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import median_ms, resident_mb, since_launch

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
FILM_SIZE = 224
FOLDER = Path(__file__).resolve().parent.parent / "ml" / "artifacts" / "pneumonia"
Run = Callable[[NDArray[np.float32]], Any]


def exported() -> Run:
    """What the worker does."""
    from ml.inference.runtime import Engine

    return Engine(FOLDER / "model.xml")


def exported_bfloat16() -> Run:
    """The same file in half precision, where the processor has it."""
    import openvino

    options = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "bf16"}
    compiled = openvino.Core().compile_model(FOLDER / "model.xml", "CPU", options)
    request = compiled.create_infer_request()
    return lambda films: request.infer([films], share_inputs=True)


def _keras() -> Any:
    import keras

    return keras.saving.load_model(FOLDER / "model.keras", compile=False)


def keras_predict() -> Run:
    """What nearly every such site does; the baseline."""
    model = _keras()
    return lambda films: model.predict(films, verbose=0)


def keras_eager() -> Run:
    """The model called as a function."""
    return _keras()  # type: ignore[no-any-return]


def keras_function() -> Run:
    """The model compiled into a graph."""
    import tensorflow as tf

    model = _keras()
    return tf.function(lambda films: model(films, training=False))  # type: ignore[no-any-return]


def keras_on_openvino() -> Run:
    """The same ``.keras`` file on Keras's OpenVINO backend."""
    os.environ["KERAS_BACKEND"] = "openvino"
    return keras_predict()


def litert() -> Run:
    """The network converted for LiteRT, on two threads."""
    import tensorflow as tf

    model = _keras()
    # Not by a saved model: that refuses the names of EfficientNet's layers, which begin with an underscore.
    signature = [tf.TensorSpec((None, FILM_SIZE, FILM_SIZE, 1), tf.float32)]
    graph = tf.function(lambda films: model(films, training=False), signature).get_concrete_function()
    data = tf.lite.TFLiteConverter.from_concrete_functions([graph], model).convert()
    runs: dict[int, Any] = {}

    def run(films: NDArray[np.float32]) -> Any:
        if len(films) not in runs:
            interpreter = tf.lite.Interpreter(model_content=data, num_threads=2)
            interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], films.shape)
            interpreter.allocate_tensors()
            runs[len(films)] = interpreter
        interpreter = runs[len(films)]
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], films)
        interpreter.invoke()
        return [interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()]

    return run


WAYS = {
    "OpenVINO, exported": exported,
    "OpenVINO, exported, bfloat16": exported_bfloat16,
    "LiteRT, exported": litert,
    "TensorFlow, tf.function": keras_function,
    "TensorFlow, model(x)": keras_eager,
    "TensorFlow, model.predict()": keras_predict,
    "Keras on OpenVINO, model.predict()": keras_on_openvino,
}


def main() -> None:
    """Measure one way and print."""
    run = WAYS[sys.argv[1]]()
    one, eight = (
        np.random.default_rng(0).uniform(0, 255, (n, FILM_SIZE, FILM_SIZE, 1)).astype(np.float32) for n in (1, 8)
    )
    run(one)
    result = {"start_s": since_launch()}
    result["one_ms"] = median_ms(lambda: run(one), 50, 5)
    result["eight_ms"] = median_ms(lambda: run(eight), 20, 2) / 8
    if WAYS[sys.argv[1]] is litert:
        del result["start_s"]  # it converted the network first, with TensorFlow in memory: neither is LiteRT's cost
    else:
        result["resident_mb"] = resident_mb(os.getpid())
    print(json.dumps(result))


if __name__ == "__main__":
    main()
