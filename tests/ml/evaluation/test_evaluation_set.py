"""A model is measured on films that it has not learnt from, or says that it has."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ml.data.dataset import DataError
from ml.evaluation.evaluation_set import choose_films
from ml.inference.cards.model_card import ModelCard, load_card
from tests.ml.drawn import PATIENTS, draw_films, workshop


@pytest.fixture
def card() -> ModelCard:
    return load_card(workshop() / "artifact")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The run's data, to be changed."""
    return Path(shutil.copytree(workshop() / "data", tmp_path / "data"))


def split(name: str) -> list[str]:
    return list(json.loads((workshop() / "run" / "split.json").read_text())[name])


def test_the_runs_own_data_is_measured_on_the_patients_kept_apart(card: ModelCard) -> None:
    found = choose_films(workshop() / "data", "test", card)
    assert found.what == "patients kept apart as test when the model was trained"
    assert [film.file for film in found.films] == split("test")


def test_the_films_kept_apart_are_known_after_one_has_gone_and_another_has_a_new_name(
    card: ModelCard, data: Path
) -> None:
    tested = split("test")
    (data / tested[0]).unlink()
    (data / split("train")[0]).unlink()
    (data / tested[1]).rename((data / tested[1]).with_name("another name.jpeg"))
    found = choose_films(data, "test", card)
    assert {film.file for film in found.films} & set(split("train") + split("val")) == set()
    assert len(found.films) == len(tested) - 1
    assert found.what.endswith(f"({len(tested) - 1} of {len(tested)} films)")


def test_films_never_seen_are_measured_when_asked_for_in_so_many_words(card: ModelCard, tmp_path: Path) -> None:
    draw_films(tmp_path / "drawn", PATIENTS + 2)
    unseen = {f"{stem}{number}" for number in (PATIENTS + 1, PATIENTS + 2) for stem in ("IM-00", "person")}
    for path in (tmp_path / "drawn").glob("*/*"):
        if not path.name.startswith(tuple(unseen)):
            path.unlink()
    with pytest.raises(DataError, match="--split all"):
        choose_films(tmp_path / "drawn", "test", card)
    assert choose_films(tmp_path / "drawn", "all", card).what == "every film of the folder"


def test_a_test_split_with_films_of_the_training_is_refused(card: ModelCard, data: Path) -> None:
    (data / "test").mkdir()
    for name in ("NORMAL", "PNEUMONIA"):
        (data / name).rename(data / "test" / name)
    with pytest.raises(DataError, match=rf"trained or chosen on \d+ of the {4 * PATIENTS} films"):
        choose_films(data, "test", card)
    seen = len(split("train")) + len(split("val"))
    assert f"trained or chosen on {seen} of them" in choose_films(data, "all", card).what
