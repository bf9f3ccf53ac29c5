"""(a) bytes → prediction in one process, and (e) intake by format and size. A process of its own; one JSON line."""

from __future__ import annotations

import io
import json
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from benchmarks.films import films, large_films
from benchmarks.timing import median_ms, ms_per_film, percentile, resident_mb, since_launch
from ml import FILM_SIZE, ModelInput, Predictor, Refusal, phantom, read_radiograph
from ml.inference.gate.rules import pixel_refusal

SIZES = ((512, 420), (1024, 840), (2048, 1680))


def bytes_to_prediction(predictor: Predictor, every: list[bytes]) -> dict[str, float]:
    """Milliseconds per film: one after the other, and decoded on all cores with the network in batches."""

    def read(data: bytes) -> ModelInput:
        return read_radiograph(data, for_model_only=True).model_input()

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        batched = median_ms(lambda: predictor.predict(list(pool.map(read, every))), 5, 1) / len(every)
    answers = predictor.predict([read(data) for data in every])
    return {
        "film_ms": ms_per_film(lambda data: predictor.predict([read(data)]), every, 5),
        "film_batched_ms": batched,
        "films": len(every),
        "refused": sum(isinstance(answer, Refusal) for answer in answers),
    }


def steps(predictor: Predictor, every: list[bytes]) -> dict[str, float]:
    """What one film after the other is made of: milliseconds per film of each step by itself, over all films."""
    gate = predictor._gate
    assert gate is not None
    read = [read_radiograph(data, for_model_only=True) for data in every]
    inputs = [radiograph.model_input() for radiograph in read]
    times = {
        "reading (decoding and all checks)": ms_per_film(
            lambda data: read_radiograph(data, for_model_only=True), every
        ),
        "scaling to the model’s input": ms_per_film(lambda radiograph: radiograph.model_input(), read),
        "the gate’s rules on pixels": ms_per_film(pixel_refusal, inputs),
    }
    times["the gate’s network"] = (
        ms_per_film(lambda film: gate.check([film]), inputs) - times["the gate’s rules on pixels"]
    )
    times["network, calibration and heat map"] = (
        ms_per_film(lambda film: predictor.predict([film]), inputs)
        - times["the gate’s rules on pixels"]
        - times["the gate’s network"]
    )
    return times


def engine_times(predictor: Predictor) -> dict[str, float]:
    """Milliseconds of the children's classifier's forward pass alone: one film, and a film in a batch of eight."""
    engine = predictor._engines[predictor.card.first.network]
    one, eight = (np.zeros((n, FILM_SIZE, FILM_SIZE, 1), np.float32) for n in (1, 8))
    return {
        "engine_ms": median_ms(lambda: engine(one), 50, 5),
        "engine_batched_ms": median_ms(lambda: engine(eight), 30, 5) / 8,
    }


def limits(every: list[bytes]) -> dict[str, float]:
    """What the machine could do at best: libjpeg-turbo's decode, full and scaled; float32 multiply-adds per second."""

    def decode(scaled: bool) -> float:
        def run() -> None:
            for data in every:
                image = Image.open(io.BytesIO(data))
                if scaled:
                    image.draft("L", (FILM_SIZE, FILM_SIZE))
                image.load()

        return median_ms(run, 3, 1) / len(every)

    a = np.random.default_rng(0).random((1536, 1536), np.float32)
    seconds = median_ms(lambda: a @ a, 10, 3) / 1000
    return {"decode_ms": decode(False), "decode_scaled_ms": decode(True), "gmac_per_s": 1536**3 / 1e9 / seconds}


def intake() -> tuple[dict[str, float], dict[str, float]]:
    """Milliseconds from bytes to everything that is stored, by format and size; and of Pillow's decoding alone."""
    times, least = {}, {}
    for width, height in SIZES:
        pixels = phantom.film(7, width=width, height=height)
        deep = phantom.film(7, width=width, height=height, bits=12)
        files = {
            "JPEG": phantom.jpeg(pixels),
            "PNG": phantom.png(pixels),
            "PNG 12 bit": phantom.png(deep),
            "DICOM 12 bit": phantom.dicom(deep, bits=12),
        }
        for kind, data in files.items():
            what = f"{kind} {width} × {height}"
            times[what] = median_ms(lambda data=data: store(data), 5, 1)  # type: ignore[misc]
            if kind != "DICOM 12 bit":  # its pixels are not compressed: nothing to decode
                least[what] = median_ms(lambda data=data: Image.open(io.BytesIO(data)).load(), 5, 1)  # type: ignore[misc]
    return times, least


def store(data: bytes) -> None:
    """What the web process does with a film, short of disk and database."""
    radiograph = read_radiograph(data)
    radiograph.to_stored()
    radiograph.thumbnail()
    radiograph.model_input().to_png()
    radiograph.pixel_hash()


def main() -> None:
    """Measure and print."""
    predictor = Predictor.load()
    predictor.warm_up()
    source, every = films()
    predictor.predict([read_radiograph(every[0], for_model_only=True).model_input()])
    started, resident = since_launch(), resident_mb(os.getpid())
    large = large_films()[1]
    stores = [median_ms(lambda data=data: store(data), 3, 1) for data in large[:8]]  # type: ignore[misc]
    by_format, decode_only = intake()
    result = {
        **bytes_to_prediction(predictor, every),
        **engine_times(predictor),
        "steps": steps(predictor, every),
        **limits(every),
        "store_large_ms": percentile(stores, 0.5),
        "large_decode_ms": limits(large)["decode_ms"],
        "gmac": float(predictor.card.training.get("gmac", 0) or 0),
        "start_s": started,
        "resident_mb": resident,
        "intake": by_format,
        "decode_only": decode_only,
        "source": source,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
