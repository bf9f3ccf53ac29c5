"""The common way, the baseline: a script that decodes each film in full, resizes it and calls ``model.predict()``.

Run as a process of its own (``python -m benchmarks.common_way``): TensorFlow must not be in the process of the others.
Prints one JSON line.
"""

from __future__ import annotations

import io
import json
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from PIL import Image

from benchmarks.films import films, large_films
from benchmarks.timing import median_ms, ms_per_film, resident_mb, since_launch
from ml import ARTIFACTS, FILM_SIZE


def main() -> None:
    """Measure and print."""
    model = keras.models.load_model(ARTIFACTS / "pneumonia" / "model.keras", compile=False)
    one = np.zeros((1, FILM_SIZE, FILM_SIZE, 1), np.float32)
    model.predict(one, verbose=0)
    started = since_launch()

    def predict_film(data: bytes) -> None:
        image = Image.open(io.BytesIO(data)).convert("L").resize((FILM_SIZE, FILM_SIZE))
        model.predict(np.asarray(image, np.float32)[None, ..., None], verbose=0)

    result = {
        "film_ms": ms_per_film(predict_film, films()[1]),
        "large_film_ms": ms_per_film(predict_film, large_films()[1]),
        "predict_ms": median_ms(lambda: model.predict(one, verbose=0), 30),
        "start_s": started,
        "resident_mb": resident_mb(os.getpid()),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
