"""Recipes: every published one is whole, and what a recipe may not say is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ml.errors import TrainingError
from ml.train import chosen, parser
from ml.training.config import RECIPES, TrainingConfig, read_recipe

CLASSIFIERS = ("pneumonia", "pneumonia_teacher1", "pneumonia_teacher2")


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_recipe_leaves_nothing_to_defaults_but_the_folders_of_other_runs(name: str) -> None:
    told = json.loads((RECIPES / f"{name}.json").read_text())
    meant = read_recipe(name).as_json()
    assert {key: meant[key] for key in meant.keys() - {"start", "teachers"}} == told


def recipe(folder: Path, **changes: object) -> str:
    """A recipe of one's own: the published one with changes."""
    told = json.loads((RECIPES / "pneumonia.json").read_text())
    path = folder / "own.json"
    path.write_text(json.dumps(told | changes))
    return str(path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sied": 1}, "sied is not known. Known are seed"),
        ({"augmentation": {"even": 0.2}}, "augmentation: even is not known"),
        ({"epochs": "many"}, "epochs is 'many', but has to be a whole number"),
        ({"epochs": True}, "epochs is True, but has to be a whole number"),
        ({"rate": None}, "rate is None, but has to be a number"),
        ({"precision": "half"}, "precision is 'half', but has to be one of auto, float32"),
        ({"architecture": {"widths": 8}}, "widths is 8, but has to be a list"),
        ({"architecture": {"widths": [8, 8.5]}}, "widths is 8.5, but has to be a whole number"),
        ({"architecture": {"blocks": [1]}}, "one entry for each stage"),
        ({"train_size": 100}, "train_size is 100, but has to be a multiple of 16 from 32 on"),
        ({"batch": 1}, "batch is 1, but has to be an even number from 2 on"),
        ({"seed": -1}, "seed is -1, but has to be a whole number from 0 on"),
    ],
)
def test_what_a_recipe_may_not_say_is_named(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    with pytest.raises(TrainingError) as refused:
        read_recipe(recipe(tmp_path, **changes))
    assert words in str(refused.value)
    assert "own.json" in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stages": 8}, "stages is 8, but has to be a whole number from 1 to 7"),
        ({"stages": 0}, "stages is 0, but has to be a whole number from 1 on"),
        ({"size": 150}, "size is 150, but has to be a multiple of 32 from 32 on"),
        ({"batch": 3}, "batch is 3, but has to be an even number from 2 on"),
        ({"tail": 0}, "tail is 0, but has to be a whole number from 1 on"),
    ],
)
def test_what_a_recipe_on_lung_crops_may_not_say_is_named(
    tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    (tmp_path / "own.json").write_text(json.dumps({"network": "lung_classifier", **changes}))
    with pytest.raises(TrainingError, match=words):
        read_recipe(str(tmp_path / "own.json"))


def test_a_whole_number_will_do_for_a_number_and_what_is_missing_is_default(tmp_path: Path) -> None:
    path = tmp_path / "short.json"
    path.write_text('{"rate": 1}')
    config = read_recipe(str(path))
    assert isinstance(config, TrainingConfig)
    assert config.rate == 1.0
    assert config.epochs == TrainingConfig().epochs


def test_a_recipe_that_is_not_there_is_reported_with_those_that_are() -> None:
    with pytest.raises(TrainingError, match=r"no recipe 'lung'\. There are .*pneumonia_teacher1"):
        read_recipe("lung")


def test_the_command_line_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    arguments = ["--data", "d", "--out", "o", "--recipe", recipe(tmp_path, epochs=7), "--seed", "3"]
    config = chosen(parser().parse_args([*arguments, "--start", "a", "--teachers", "a", "b"]))
    assert isinstance(config, TrainingConfig)
    assert (config.seed, config.epochs, config.start, config.teachers) == (3, 7, "a", ("a", "b"))
    assert config.as_json()["augmentation"] == read_recipe("pneumonia").as_json()["augmentation"]
    assert chosen(parser().parse_args([*arguments, "--quick"])).epochs == 3
    with pytest.raises(TrainingError, match="no use for --weights"):
        chosen(parser().parse_args([*arguments, "--weights", "w.npz"]))
    with pytest.raises(TrainingError, match="epochs is 0"):
        chosen(parser().parse_args([*arguments, "--epochs", "0"]))
