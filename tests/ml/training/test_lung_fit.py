"""Training a classifier on lung crops, from a beginning to a network that can be served."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.data.dataset import DataError
from ml.data.prepare import prepare
from ml.evaluation.evaluation_set import SPLIT, describe_split
from ml.files import write_json
from ml.inference.cards.files import ARTIFACTS
from ml.network.export import check_architecture, load_keras
from ml.network.lung_classifier import build_training
from ml.train import train
from ml.training.config import read_recipe
from ml.training.lung_fit import begin, scores
from ml.training.lung_maps import find_lung_maps
from ml.training.lung_pipeline import served_crops, softened
from ml.training.run import RunError, artefact_split, behind, read_split
from tests.ml.drawn import drawn_input, lung_config, lung_run, tiny_runs, without_graphs

pytestmark = pytest.mark.slow
SOURCE = {"name": "Films", "source": "A hospital", "terms": "non-commercial research"}


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """An artefact of the lung run, as far as beginning with it goes."""
    folder = tmp_path / "published"
    folder.mkdir()
    shutil.copy(lung_run() / "model.keras", folder)
    populations = {"adult": {"data": [SOURCE]}}
    write_json(
        folder / "card.json",
        {"format_version": 2, "version": "2026.1.1", "populations": populations, "training": {"soften": 0.0}},
    )
    made = prepare(tiny_runs() / "data", 2026, split_of=read_split(lung_run()))
    write_json(folder / SPLIT, describe_split(made.films, made.pixels))
    return folder


def test_a_classifier_begins_with_a_published_one_and_learns_from_a_run(published: Path, tmp_path: Path) -> None:
    config = replace(
        lung_config(), seed=2, start=str(published), teachers=(str(lung_run()), str(published)), pieces=0.5
    )
    with without_graphs():
        train(tiny_runs() / "data", tmp_path / "pupil", config, split=published)
    assert read_split(tmp_path / "pupil") == read_split(lung_run())
    told = json.loads((tmp_path / "pupil" / "train.json").read_text())
    assert (told["start"], told["start_version"], told["teachers"]) == (
        "published", "2026.1.1", ["one", "published 2026.1.1"],
    )  # fmt: skip
    assert told["learnt_from"] == [SOURCE]
    assert behind(replace(config, start=str(tmp_path / "pupil"), teachers=())) == {"learnt_from": [SOURCE]}
    assert all("piece_loss" in epoch for epoch in json.loads((tmp_path / "pupil" / "history.json").read_text()))
    assert check_architecture(load_keras(tmp_path / "pupil" / "model.keras"))


def test_a_published_network_goes_on_from_what_it_answers() -> None:
    films = np.stack([drawn_input(seed, opacity=bool(seed % 2)).pixels for seed in range(8)])
    config = replace(read_recipe("children_five_stages_on"), start=str(ARTIFACTS / "pneumonia"))
    soft, maps = softened(films, config.soften), find_lung_maps(films, narrow=True)
    network = build_training(config.size, stages=config.stages)
    begin(network, config, lambda stages: served_crops(soft, maps, config.size, stages))
    served = build_training(config.serve_size, stages=config.stages)
    served.set_weights(network.get_weights())
    answers = scores(served, *served_crops(soft, maps, config.serve_size, config.stages))
    published = load_keras(ARTIFACTS / "pneumonia" / "model.keras")
    wanted = np.asarray(published(films[..., None].astype(np.float32), training=False)["logit"])[:, 0]
    np.testing.assert_allclose(answers, wanted, atol=0.25)  # crops are rounded to whole greys here
    assert np.corrcoef(answers, wanted)[0, 1] > 0.99


def test_an_artefact_knows_the_split_of_its_films_by_what_they_show(published: Path) -> None:
    assert artefact_split(published, tiny_runs() / "data") == read_split(lung_run())
    (published / SPLIT).write_text("{}")
    with pytest.raises(DataError, match="does not say which films"):
        artefact_split(published, tiny_runs() / "data")


def test_a_run_does_not_go_on_or_learn_from_a_network_that_has_learnt_from_what_it_keeps_apart(
    published: Path, tmp_path: Path
) -> None:
    for one in ({"start": str(published)}, {"teachers": (str(published),)}):
        config = replace(lung_config(), split_seed=7, **one)
        with pytest.raises(RunError, match="Keep its split with --split"):
            train(tiny_runs() / "data", tmp_path / "other", config)
