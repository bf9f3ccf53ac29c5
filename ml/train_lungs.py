"""Train and publish the network that finds the lungs: ``python -m ml.train_lungs --data DIR --run DIR``.

``--data`` is a folder with ``lungs/pairs.csv`` and ``paediatric/train``; the children held out by the classifier's
split are held out here too. Leaves ``checkpoint.npz`` (for ``--resume``) and ``history.json`` in ``--run`` and the
artefact in ``--out``. About half an hour on one processor core.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ml.data.dataset import SPLITS
from ml.data.lung_masks import load_masked_films, read_masked_films, split_masked_films
from ml.data.prepare import prepare
from ml.errors import MLError, TrainingError
from ml.files import write_json
from ml.inference.cards.files import ARTIFACTS
from ml.network.classifier import multiply_adds
from ml.provenance import commit, versions


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is 0, or 2 where the data or the disk say no."""
    commands = argparse.ArgumentParser(prog="python -m ml.train_lungs", description="Train the lung finder.")
    commands.add_argument("--data", type=Path, required=True)
    commands.add_argument("--run", type=Path, required=True, help="run folder, made if need be")
    commands.add_argument("--out", type=Path, default=ARTIFACTS / "lungs", help="artefact folder")
    commands.add_argument("--recipe", type=Path, help="default: ml/training/recipes/lungs.json")
    commands.add_argument("--resume", action="store_true", help="go on from the last whole epoch")
    given = commands.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        _run(given)
    except MLError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _run(given: argparse.Namespace) -> None:
    from ml.publishing.lungs import publish_lungs
    from ml.training.lungs import RECIPE, LungFinderConfig, fit_lungs

    began = time.monotonic()
    config = LungFinderConfig.read(given.recipe or RECIPE)
    if not given.resume and (given.run / "checkpoint.npz").exists():
        raise TrainingError(f"{given.run} holds an earlier run. Add --resume to go on with it, or give another --run.")
    classifier = prepare(given.data / "paediatric" / "train", config.split_seed, cache=given.run.parent / "cache")
    known = {film.patient: film.split for film in classifier.films}
    films = split_masked_films(read_masked_films(given.data), config.split_seed, known)
    pixels, masks = load_masked_films(given.data, films, given.run.parent / "cache")
    counts = {split: sum(film.film.split == split for film in films) for split in SPLITS}
    print(f"{len(films)} films with masks: {counts}", flush=True)
    network, history = fit_lungs(pixels, masks, films, config, given.run, resume=given.resume)
    write_json(given.run / "history.json", history)
    training = {
        "command": "python -m ml.train_lungs --data DIR --run DIR",
        **config.as_json(),
        "films": counts,
        "adults": {split: sum(film.film.split == split and film.adult for film in films) for split in SPLITS},
        "best_epoch": 1 + min(range(len(history)), key=lambda epoch: history[epoch]["val_loss"]),
        "history": history,
        "gmac": round(multiply_adds(network) / 1e9, 4),
        "parameters": int(network.count_params()),
        "seconds": round(time.monotonic() - began, 1),
        "versions": versions("keras", "tensorflow-cpu", "tensorflow", "numpy", "pillow", "openvino"),
        "commit": commit(),
    }
    card = publish_lungs(given.out, network, pixels, masks, films, training)
    print(f"{given.out} is written: Dice {card['dice']}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
