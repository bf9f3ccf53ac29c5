"""Train, examine and publish the input gate: ``python -m ml.train_gate --data DIR --out ml/artifacts/gate``.

Two networks are trained by one recipe: the published one, and one that never sees the COVID-19 collection nor some
families of negatives, so that the card can say how the gate meets films and pictures nobody trained it on.
About twenty minutes on two processor cores. Every picture and every initial weight is a function of ``--seed``; threads
may still differ in the last digits.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import logging
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from ml.errors import MLError
from ml.files import read_config
from ml.gate_training.augmentation import INPUT_SIZE
from ml.gate_training.card_page import page
from ml.gate_training.dataset import UNSEEN, FrontalFilm, held_out, negatives, phantoms, read_films, read_input
from ml.gate_training.exam import Row, exam
from ml.gate_training.fit import RECIPE, GateTrainingConfig, Material, copies, fit, reference, run_trunk
from ml.gate_training.network import build_served
from ml.gate_training.publish import add_exam, publish
from ml.inference.gate.card import Thresholds
from ml.inference.gate.check import Gate
from ml.network.classifier import multiply_adds
from ml.network.export import load_keras

log = logging.getLogger("ml.train_gate")


def choose(trunk: Any, white: dict[str, Any], films: Sequence[FrontalFilm], seed: int) -> Thresholds:
    """Choose thresholds on films kept out of training.

    The line for *frontal* is 0.5, or lower if one film in 500 of them would fall below it. The line for *adult* is
    where one child in 20 is warned of wrongly, at most 0.5; the line for novelty lies well beyond what these films
    reach, plain and as other hospitals might change them.
    """
    pixels = [film.pixels for film in films]
    plain = run_trunk(trunk, copies(pixels, seed, len(pixels), mild=True))
    rough = run_trunk(trunk, copies(pixels, seed, 4 * len(pixels), mild=False))

    def novelty(found: dict[str, Any]) -> Any:
        return np.sqrt((((found["features"] - white["mean"]) @ white["whitener"]) ** 2).mean(1))

    powers = np.exp(plain["kind"] - plain["kind"].max(1, keepdims=True))
    frontal = powers[:, 0] / powers.sum(1)
    adult = 1 / (1 + np.exp(-plain["adult"][:, 0]))
    children = np.array([film.child for film in films])[np.resize(_order(len(films), seed), len(films))]
    return Thresholds(
        frontal=float(np.clip(np.quantile(frontal, 0.002), 0.3, 0.5)),
        certain=0.7,
        novelty=float(max(1.2 * novelty(plain).max(), np.quantile(novelty(rough), 0.99))),
        turn=0.9,
        inverted=0.9,
        adult=float(np.clip(np.quantile(adult[children], 0.95), 0.02, 0.5)),
        unlike=float(np.quantile(novelty(plain), 0.99)),
    )


def _order(count: int, seed: int) -> Any:
    """The order in which :func:`ml.gate_training.fit.copies` takes mild copies."""
    return np.random.default_rng([seed, 19, 1]).permutation(count)


def make(
    out: Path, films: Sequence[FrontalFilm], tune: Sequence[FrontalFilm], config: GateTrainingConfig,
    without: Sequence[str], facts: dict[str, Any], again: bool, start: Path | None = None,
) -> Gate:  # fmt: skip
    """Train one network, or take the one in ``out`` ``again``; choose its thresholds and publish it into ``out``.

    With ``start`` the network in that folder is trained further.
    """
    began, seed = time.monotonic(), config.seed
    if again:
        trunk = load_keras(out / "model.keras").get_layer("gate_trunk")
        facts = {"training": json.loads((out / "card.json").read_text(encoding="utf-8"))["training"]}
    else:
        drawn = phantoms(seed, config.phantoms)
        others = negatives(seed, films, config.negatives, without)
        log.info("%d films, %d phantoms, %d negatives", len(films), len(drawn), len(others))
        before = _before(start) if start else None
        first = load_keras(start / "model.keras").get_layer("gate_trunk") if start else None
        trunk = fit(Material(films, drawn, others), config, seed, start=first)
        facts = {"training": facts["training"] | {
            "phantoms": len(drawn),
            "counters": len(others),
            "without": list(without),
            "minutes": (time.monotonic() - began) / 60,
            "parameters": int(trunk.count_params()),
            "multiply_adds": multiply_adds(trunk),
            "plan": asdict(config),
            "size": INPUT_SIZE,
            "before": before,
        }}  # fmt: skip
    pixels = [film.pixels for film in films]
    white = reference(run_trunk(trunk, copies(pixels, seed, min(6000, 2 * len(pixels)), mild=False))["features"])
    thresholds = choose(trunk, white, tune, seed)
    log.info("thresholds %s", thresholds)
    sample = np.stack([read_input(film.path).pixels for film in tune[:32]])
    return publish(out, build_served(trunk, white), thresholds, sample, facts)


def _before(start: Path) -> dict[str, Any]:
    """What the card says of the network that is trained further; its seed says which people it has seen."""
    training = json.loads((start / "card.json").read_text(encoding="utf-8"))["training"]
    return {name: training[name] for name in ("plan", "counters", "seed")}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m ml.train_gate", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with paediatric/, adult/, dicom/, not_chest/")
    parser.add_argument("--out", type=Path, required=True, help="artefact folder to write")
    parser.add_argument("--recipe", type=Path, default=RECIPE, help="default: ml/training/recipes/gate.json")
    parser.add_argument("--seed", type=int, help="in place of the recipe's")
    parser.add_argument("--epochs", type=int, help="in place of the recipe's")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--page", type=Path, help="also write the card as Markdown, e.g. docs/gate-card.md")
    parser.add_argument("--quick", action="store_true", help="a toy run of seconds, for tests")
    parser.add_argument("--study", type=Path, help="keep the second network here (default: nowhere)")
    parser.add_argument("--again", action="store_true", help="train nothing: choose thresholds and test once more")
    parser.add_argument("--examine", action="store_true", help="train and choose nothing: test the network once more")
    parser.add_argument("--start", type=Path, help="train the network in this artefact folder further")
    parser.add_argument("--only", choices=("published", "unseen"), help="train only one of the two networks")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    with contextlib.suppress(RuntimeError):  # TensorFlow was at work in this process before: its threads stay
        tf.config.threading.set_intra_op_parallelism_threads(given.threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    try:
        _run(given)
    except MLError as error:
        log.error("%s", error)
        return 1
    return 0


def chosen(given: argparse.Namespace) -> GateTrainingConfig:
    """The recipe, with what the command line changes of it.

    Raises:
        TrainingError: It is no such recipe.
    """
    config = read_config(GateTrainingConfig, given.recipe)
    named = {name: getattr(given, name) for name in ("seed", "epochs")}
    config = replace(config, **{name: value for name, value in named.items() if value is not None})
    return replace(config, epochs=1, steps=1, batch=16, phantoms=2, negatives=60) if given.quick else config


def _run(given: argparse.Namespace) -> None:
    config = chosen(given)
    films = read_films(given.data, 24 if given.quick else None)
    train, rest = held_out(films, config.seed, 0.15)
    tune, test = held_out(rest, config.seed + 1, 0.5)
    facts = {
        "training": {
            "command": f"python -m ml.train_gate --data DIR --out DIR --seed {config.seed} --epochs {config.epochs}",
            "seed": config.seed,
            "films": {"train": len(train), "tune": len(tune), "test": len(test),
                      "by_source": dict(Counter(film.source for film in train))},
            "data_sha256": _digest(films),
            "versions": {name: version(name) for name in ("keras", "openvino", "numpy", "pillow")},
        }
    }  # fmt: skip
    kept = _earlier(given.out) if given.only == "published" and not given.examine else {}
    exams: dict[str, Sequence[Row]] = {}
    per_family = 1 if given.quick else 60
    if given.only != "unseen":
        gate = (
            Gate.load(given.out)
            if given.examine
            else make(given.out, train, tune, config, (), facts, given.again, given.start)
        )
        exams["published"] = exam(gate, test, given.data, config.seed, per_family)
    if given.only != "published":
        known, lines = ([film for film in part if film.source != "covid"] or part for part in (train, tune))
        with tempfile.TemporaryDirectory() as folder:
            place = given.study or Path(folder) / "gate"
            study = make(place, known, lines, config, UNSEEN, facts, given.again)
            covid = [film for film in films if film.source == "covid"]
            rows = exam(study, covid or test, given.data, config.seed, per_family)
            facts["second_network"] = json.loads((place / "card.json").read_text(encoding="utf-8"))["training"]
        exams["unseen"] = [row for row in rows if _about_the_unseen(row)]
    for name, outcome in exams.items():
        for row in outcome:
            log.info("%-10s %-45s %4d/%4d %.3f %s %s", name, row.group, row.right, row.films, row.share, row.codes,
                     row.notices)  # fmt: skip
    if (given.out / "card.json").is_file():
        known_already = {name: facts[name] for name in facts if name == "second_network"}
        card = add_exam(given.out, exams, kept | known_already)
        if given.page:
            given.page.write_text(page(card), encoding="utf-8")


def _earlier(out: Path) -> dict[str, Any]:
    """What the card in ``out`` says of the second network, to be kept when only the first one is trained."""
    try:
        card = json.loads((out / "card.json").read_text(encoding="utf-8"))
        second, rows = card["second_network"], card["exam"]["unseen"]
    except (OSError, ValueError, KeyError):
        return {}
    return {"second_network": second | {"earlier": True}, "exam": {"unseen": rows}}


def _about_the_unseen(row: Row) -> bool:
    """Whether a line belongs into the second network's table: not the families that it was taught."""
    if row.wanted == "pass" or ": " not in row.group:
        return True
    return row.group.split(": ")[1] in UNSEEN


def _digest(films: Sequence[FrontalFilm]) -> str:
    """Return one SHA-256 over names and pixels of all films, in order."""
    whole = hashlib.sha256()
    for film in films:
        whole.update(film.path.name.encode())
        whole.update(film.pixels.tobytes())
    return whole.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
