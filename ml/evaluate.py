"""Measure a published model on labelled films: ``python -m ml.evaluate --data DIR [--split test] --out DIR``.

Leaves ``metrics.json``, the figures as SVG and ``worst/`` (the films predicted worst, with heat maps) in ``--out``.
``worst/`` shows films: keep it out of version control.

Which films: those of the named split where the folder has splits (``test/NORMAL/…``); for the data the model was
trained on, the patients that were kept apart then; and every film of any other folder with ``--split all``
(``ml/evaluation/evaluation_set.py``).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.data.dataset import SPLITS
from ml.errors import MLError
from ml.evaluation.evaluation_set import TestSet, choose_films
from ml.evaluation.performance import Sample
from ml.evaluation.run import draw, evaluate, say
from ml.evaluation.summary import summary
from ml.files import write_json, write_text
from ml.inference.cards.model_card import load_card
from ml.inference.heatmap import upsample
from ml.inference.predictor import load_classifier
from ml.intake.read import FILM_SIZE
from ml.provenance import command_line


def write_worst(out: Path, test: TestSet, sample: Sample, maps: NDArray[np.float32], most: int = 12) -> None:
    """Write the films whose probability is furthest from the truth, each beside itself under its heat map."""
    out.mkdir(parents=True, exist_ok=True)
    away = np.abs(sample.probabilities - sample.labels)
    for rank, i in enumerate(np.argsort(-away, kind="stable")[:most], start=1):
        film = test.pixels[i]
        heat = upsample(maps[i], FILM_SIZE, FILM_SIZE)[..., None]
        red = np.array([255.0, 70.0, 0.0])
        shown = film[..., None] * (1 - 0.55 * heat) + red * 0.55 * heat
        pair = np.concatenate([np.repeat(film[..., None], 3, axis=2), np.clip(shown, 0, 255).astype(np.uint8)], axis=1)
        truth = "PNEUMONIA" if sample.labels[i] else "NORMAL"
        name = f"{rank:02d}_{truth}_predicted_{sample.probabilities[i]:.3f}_{Path(test.films[i].file).stem}.png"
        Image.fromarray(pair).save(out / name)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ml.evaluate", description="Measure a published model.")
    parser.add_argument("--data", type=Path, required=True, help="folder CLASS/* or split/CLASS/*, or a CSV")
    parser.add_argument("--split", default="test", choices=(*SPLITS, "all"), help="all: every film, whatever it is")
    parser.add_argument("--out", type=Path, required=True, help="folder for metrics.json, figures and worst/")
    parser.add_argument("--artifact", type=Path, help="model folder (default: the committed model)")
    parser.add_argument("--population", default="", help="whose figures (default: the first of the card)")
    parser.add_argument("--threads", type=int, help="cores to use (default: all)")
    parser.add_argument("--no-randomisation", action="store_true", help="leave out the check that needs TensorFlow")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    made = not options.out.exists()
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"{options.out} is no folder to write to: {error.strerror}")
    try:
        card = load_card(options.artifact)
        card.verify()
        if options.population and options.population not in card.populations:
            parser.error(f"the model answers for {', '.join(card.populations)}, not for {options.population}")
        population = card.populations[options.population] if options.population else card.first
        card = load_card(card.path(f"{population.network}.xml").parent)  # the population's own artefact knows its films
        population = card.populations[population.name]
        engine = load_classifier(card, population, threads=options.threads)
        test = choose_films(options.data, options.split, card)
        model = None
        if not options.no_randomisation:
            from ml.network.export import load_keras

            model = load_keras(card.directory / f"{population.network}.keras")
        metrics, samples, maps = evaluate(card, engine, test, population=population.name, keras_model=model)
        metrics["command"] = command_line("evaluate", arguments)
        write_json(options.out / "metrics.json", metrics)
        for name, svg in draw(metrics, samples, population).items():
            write_text(options.out / name, svg)
        write_worst(options.out / "worst", test, samples["plain"], maps)
    except (MLError, OSError) as error:
        say(str(error))
        if made:
            with contextlib.suppress(OSError):
                options.out.rmdir()  # where nothing was written
        return 1
    print(summary(metrics))
    return 0


if __name__ == "__main__":
    sys.exit(main())
