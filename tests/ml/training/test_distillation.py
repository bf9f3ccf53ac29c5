"""A network that learns what finished runs answer together."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from ml.data.dataset import DataError
from ml.inference.cards.files import ARTIFACTS
from ml.network.export import load_keras
from ml.network.lung_classifier import SERVE_SIZE
from ml.train import train
from ml.training.augmentation import AugmentationConfig
from ml.training.distillation import SHARE, lung_teachers, teachers
from ml.training.lung_maps import find_lung_maps
from ml.training.lung_pipeline import served_crops
from ml.training.pipeline import batches_of
from tests.ml.drawn import drawn_input, lung_run, tiny_config, tiny_runs, without_graphs

pytestmark = pytest.mark.slow


def test_teachers_answer_with_the_mean_of_their_log_odds() -> None:
    from ml.training.checkpoint import load_member

    runs = [tiny_runs() / name for name in ("one", "two")]
    films = np.random.default_rng(0).uniform(0, 255, (3, 64, 64, 1)).astype(np.float32)
    alone = [np.asarray(teachers([run], 64, load_member(run).identity)(films)) for run in runs]
    together = np.asarray(teachers(runs, 64, load_member(runs[0]).identity)(films))
    odds = np.mean([np.log(p / (1 - p)) for p in alone], axis=0)
    assert together.shape == (3, 1)
    np.testing.assert_allclose(together, 1 / (1 + np.exp(-odds)), rtol=1e-4)


def test_what_teachers_say_goes_into_the_target_and_the_label_stays_in_it() -> None:
    pixels, order = np.zeros((8, 224, 224), np.uint8), np.arange(8).reshape(1, 8)
    targets = np.tile(np.array([[1.0, 0, 1, 0]], np.float32), (8, 1))
    [(shown, wanted)] = batches_of(
        pixels, targets, order, 0, 1, AugmentationConfig(mix=0), 64, lambda films: 0 * films[:, 0, 0] + 0.5
    )
    assert shown.shape == (8, 64, 64, 1)
    np.testing.assert_allclose(wanted["pneumonia"], SHARE * 0.5 + (1 - SHARE), rtol=1e-6)
    np.testing.assert_allclose(wanted["kind"], targets[:, 1:])


def test_a_run_learns_from_two_others_and_says_so(tmp_path: Path) -> None:
    runs = tuple(str(tiny_runs() / name) for name in ("one", "two"))
    config = replace(tiny_config(), epochs=1, seed=3, teachers=runs)
    with without_graphs():
        train(tiny_runs() / "data", tmp_path / "pupil", config)
    assert json.loads((tmp_path / "pupil" / "train.json").read_text())["teachers"] == ["one", "two"]


def test_runs_that_saw_other_films_do_not_teach() -> None:
    from ml.training.checkpoint import load_member

    run = tiny_runs() / "one"
    with pytest.raises(DataError, match="split_seed differ"):
        teachers([run], 64, {**load_member(run).identity, "split_seed": 7})
    with pytest.raises(DataError, match="holds no network"):
        teachers([run.with_name("none")], 64, {})


def none_shown(stages: int) -> NoReturn:
    pytest.fail("runs have statistics of their own")


def test_a_published_network_of_more_stages_teaches_what_it_answers() -> None:
    films = np.stack([drawn_input(seed, opacity=bool(seed % 2)).pixels for seed in range(8)])
    shown = partial(served_crops, films, find_lung_maps(films, narrow=True), SERVE_SIZE)
    adults = ARTIFACTS / "adults"
    teach = lung_teachers([adults], SERVE_SIZE, {"soften": 0.0}, shown)
    crops, _weights = shown(5)
    taught = np.asarray(teach(crops.astype(np.float32), lambda stages: shown(stages)[1]))
    published = load_keras(adults / "model.keras")(films[..., None].astype(np.float32), training=False)
    np.testing.assert_allclose(taught, 1 / (1 + np.exp(-np.asarray(published["logit"])[:, 0])), atol=0.05)
    with pytest.raises(DataError, match="soften differ"):
        lung_teachers([adults], SERVE_SIZE, {"soften": 0.8}, shown)


def test_teachers_on_lung_crops_answer_with_the_mean_of_their_logits() -> None:
    from ml.network.lung_classifier import build_training
    from ml.training.checkpoint import read_checkpoint

    arrays, state = read_checkpoint(lung_run() / "checkpoint.npz")
    random = np.random.default_rng(0)
    crops = random.uniform(0, 255, (3, 64, 64, 1)).astype(np.float32)
    weights = random.uniform(0, 1, (3, 2, 2, 1)).astype(np.float32)
    network = build_training(64, kinds=2)
    network.set_weights([arrays[f"best{place}"] for place in range(len(network.weights))])
    logit = np.asarray(network([crops, weights], training=False)["lungs"])[:, 0]
    teach = lung_teachers([lung_run(), lung_run()], 64, state["identity"], none_shown)
    together = np.asarray(teach(crops, {7: weights}.__getitem__))
    np.testing.assert_allclose(together, 1 / (1 + np.exp(-logit)), rtol=1e-4)


def test_only_classifiers_on_lung_crops_of_the_same_films_teach_one() -> None:
    from ml.training.checkpoint import read_checkpoint

    _, state = read_checkpoint(lung_run() / "checkpoint.npz")
    with pytest.raises(DataError, match="soften differ"):
        lung_teachers([lung_run()], 64, {**state["identity"], "soften": 2.0}, none_shown)
    with pytest.raises(DataError, match="another kind of network"):
        lung_teachers([tiny_runs() / "one"], 64, state["identity"], none_shown)
    with pytest.raises(DataError, match="cannot be read as a checkpoint"):
        lung_teachers([lung_run().with_name("none")], 64, state["identity"], none_shown)
