"""A model is measured on films that it has not learnt from, or says that it has."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ml.data.dataset import DataError
from ml.evaluation.evaluation_set import choose_films
from ml.inference.model_card import ModelCard, load_card
from tests.ml.drawn import copied_artifact, draw_films, workshop


@pytest.fixture
def card() -> ModelCard:
    return load_card(workshop() / "artifact")


@pytest.fixture
def old_card(tmp_path: Path) -> ModelCard:
    """A model published before split.json was kept."""
    folder = copied_artifact(tmp_path / "old")
    raw = json.loads((folder / "card.json").read_text())
    del raw["files"]["split.json"]
    (folder / "split.json").unlink()
    (folder / "card.json").write_text(json.dumps(raw))
    card = load_card(folder)
    card.verify()
    return card


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The run's data, to be changed."""
    return Path(shutil.copytree(workshop() / "data", tmp_path / "data"))


def side(name: str) -> list[str]:
    return list(json.loads((workshop() / "run" / "split.json").read_text())[name])


@pytest.mark.parametrize("which", ["card", "old_card"])
def test_the_runs_own_data_is_measured_on_the_patients_kept_apart(which: str, request: pytest.FixtureRequest) -> None:
    found = choose_films(workshop() / "data", "test", request.getfixturevalue(which))
    assert found.what == "patients kept apart as test when the model was trained"
    assert [film.file for film in found.films] == side("test")


def test_the_films_kept_apart_are_known_after_one_has_gone_and_another_has_a_new_name(
    card: ModelCard, data: Path
) -> None:
    tested = side("test")
    (data / tested[0]).unlink()
    (data / side("train")[0]).unlink()
    (data / tested[1]).rename((data / tested[1]).with_name("another name.jpeg"))
    found = choose_films(data, "test", card)
    assert {film.file for film in found.films} & set(side("train") + side("val")) == set()
    assert len(found.films) == len(tested) - 1
    assert found.what.endswith(f"({len(tested) - 1} of {len(tested)} films)")


def test_an_older_model_does_not_guess_which_films_it_has_not_seen(old_card: ModelCard, data: Path) -> None:
    (data / side("train")[0]).unlink()
    with pytest.raises(DataError, match="--split all"):
        choose_films(data, "test", old_card)


def test_films_never_seen_are_measured_when_asked_for_in_so_many_words(card: ModelCard, tmp_path: Path) -> None:
    draw_films(tmp_path / "drawn", 73)
    for path in (tmp_path / "drawn").glob("*/*"):
        if not path.name.startswith(("IM-0071", "IM-0072", "person71", "person72")):
            path.unlink()
    with pytest.raises(DataError, match="--split all"):
        choose_films(tmp_path / "drawn", "test", card)
    assert choose_films(tmp_path / "drawn", "all", card).what == "every film of the folder"


def test_a_test_side_with_films_of_the_training_is_refused(card: ModelCard, data: Path) -> None:
    (data / "test").mkdir()
    for name in ("NORMAL", "PNEUMONIA"):
        (data / name).rename(data / "test" / name)
    with pytest.raises(DataError, match=r"trained or chosen on \d+ of the 280 films"):
        choose_films(data, "test", card)
    seen = len(side("train")) + len(side("val"))
    assert f"trained or chosen on {seen} of them" in choose_films(data, "all", card).what
