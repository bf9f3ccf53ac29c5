"""A data set made ready once: one digest, one split, weights where they are asked for; and the same again later."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from ml.data.dataset import DataError, Film, data_hash, patient_of
from ml.data.prepare import PreparedData, _some, prepare, restore
from ml.data.split import split_films
from tests.ml.drawn import draw_films


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_films(tmp_path_factory.mktemp("data"), 14)


@pytest.fixture(scope="module")
def weighed(data: Path) -> PreparedData:
    return prepare(data, 1, propensity_cap=3.0)


def test_the_films_of_training_are_weighed_up_to_the_cap_and_others_not_at_all(
    data: Path, weighed: PreparedData
) -> None:
    assert weighed.weights is not None
    assert len(weighed.weights) == weighed.counts["train"] == len(weighed.places("train"))
    assert 1 <= weighed.weights.min() <= weighed.weights.max() <= 3
    plain = prepare(data, 1)
    assert plain.weights is None
    assert plain.films == weighed.films
    assert plain.digest == weighed.digest == data_hash(weighed.films, weighed.pixels)


def test_a_finished_run_s_films_come_back_in_the_splits_they_were_in(data: Path, weighed: PreparedData) -> None:
    split_of = {film.file: film.split for film in weighed.films}
    films, pixels, audit = restore(data, split_of, weighed.digest)
    assert films == weighed.films
    assert np.array_equal(pixels, weighed.pixels)
    assert audit.faults == []


def test_films_that_have_gone_or_changed_are_not_taken_for_the_run_s(tmp_path: Path, weighed: PreparedData) -> None:
    data = draw_films(tmp_path / "data", 14)
    split_of = {film.file: film.split for film in weighed.films}
    one, other = sorted((data / "NORMAL").iterdir())[:2]
    shutil.copy(other, one)
    with pytest.raises(DataError, match="has changed since"):
        restore(data, split_of, weighed.digest)
    one.unlink()
    with pytest.raises(DataError, match="1 films of the run are not in"):
        restore(data, split_of, weighed.digest)


def test_an_earlier_split_that_leaves_no_film_of_a_class_to_learn_from_is_refused(
    data: Path, weighed: PreparedData
) -> None:
    split_of = {film.file: film.split if film.label else "val" for film in weighed.films}
    with pytest.raises(DataError, match="no NORMAL film is left for train"):
        prepare(data, 1, split_of=split_of)


def test_a_quick_run_s_patients_are_not_just_those_that_the_same_seed_keeps_apart() -> None:
    names = [f"NORMAL/IM-{i:04}-1.jpeg" for i in range(300)] + [f"PNEUMONIA/person{i}_virus_1.jpeg" for i in range(300)]
    films = split_films([Film(name, int("person" in name), patient_of(name)) for name in names], 2026)
    for label in (0, 1):
        drawn = [film for film in _some(films, 60, 2026) if film.label == label]
        assert len(drawn) == 60
        assert 36 <= sum(film.split == "train" for film in drawn) < 60
