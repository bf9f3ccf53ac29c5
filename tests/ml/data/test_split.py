"""Nothing of one patient on two splits, whatever the seed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.data.dataset import DataError, Film, patient_of
from ml.data.prepare import prepare
from ml.data.split import check_split, groups_of, of_test_patients, split_films
from tests.ml.drawn import draw_films


def cohort(normal: int, pneumonia: int, films_each: int = 2) -> list[Film]:
    """Drawn names in the manner of the paediatric films."""
    wells = [f"NORMAL/IM-{i:04}-{k:04}.jpeg" for i in range(normal) for k in range(films_each)]
    ills = [f"PNEUMONIA/person{i}_virus_{k}.jpeg" for i in range(pneumonia) for k in range(films_each)]
    return [Film(f, int("person" in f), patient_of(Path(f).name)) for f in wells + ills]


@settings(deadline=None)  # a busy machine is no fault of the split
@given(st.integers(0, 10_000), st.integers(10, 40), st.integers(10, 60), st.integers(1, 5))
def test_no_patient_is_ever_in_two_splits(seed: int, normal: int, pneumonia: int, films_each: int) -> None:
    films = split_films(cohort(normal, pneumonia, films_each), seed)
    check_split(films)
    for label, patients in ((0, normal), (1, pneumonia)):
        for split in ("val", "test"):
            held = sum(f.split == split and f.label == label for f in films)
            assert abs(held - 0.1 * patients * films_each) <= films_each


def test_the_same_seed_draws_the_same_splits_and_another_seed_others() -> None:
    films = cohort(40, 40)
    assert split_films(films, 7) == split_films(films, 7)
    assert split_films(films, 7) != split_films(films, 8)


def test_copies_under_other_names_stay_together() -> None:
    films = cohort(40, 40)
    near_duplicates = [(films[0].file, films[50].file), (films[0].file, "not in this data.png")]
    groups = groups_of(films, near_duplicates)
    assert groups[0] == groups[1] == groups[50] != groups[2]
    for seed in range(30):
        check_split(split_films(films, seed, near_duplicates), near_duplicates)


def test_leakage_is_an_error_that_names_the_film(tmp_path: Path) -> None:
    films = [Film("train/a_1.png", 0, "a", split="train"), Film("test/a_2.png", 0, "a", split="test")]
    with pytest.raises(DataError, match=r"Leakage: train/a_1.png is in train and test/a_2.png"):
        check_split(films)
    with pytest.raises(DataError, match="outside test/ show patients"):
        split_films(films, 1)


def test_films_that_bear_a_test_patients_name_or_copy_a_test_film_are_found() -> None:
    films = [Film(f"train/{i}.png", i % 2, str(i), split="train") for i in range(40)]
    films += [Film("test/100.png", 0, "7", split="test"), Film("test/101.png", 1, "b", split="test")]
    assert of_test_patients(films, [("test/101.png", "train/9.png")]) == [7, 9]
    assert of_test_patients(films[:40]) == []


def test_nothing_of_a_test_patient_is_learnt(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As in the published download: person7 is in train/ and in test/."""
    draw_films(tmp_path / "train", 12)
    draw_films(tmp_path / "drawn", 14)
    for name in ("NORMAL/IM-0014-0001.jpeg", "PNEUMONIA/person14_bacteria_1.jpeg"):
        target = tmp_path / "test" / name.replace("person14_bacteria", "person7_virus")
        target.parent.mkdir(parents=True)
        (tmp_path / "drawn" / name).rename(target)
    shutil.rmtree(tmp_path / "drawn")
    split = prepare(tmp_path, 1)
    assert split.left_out == 2
    assert len(split.films) == len(split.pixels) == 12 * 4 - 2 + 2
    assert [film.file for film in split.films if film.patient == "person7"] == ["test/PNEUMONIA/person7_virus_1.jpeg"]
    assert "2 films outside test/" in capsys.readouterr().err


def test_a_test_folder_stays_the_test_split() -> None:
    films = [Film(f"x/{i}.png", i % 2, str(i), split="test" if i < 10 else "train") for i in range(60)]
    done = split_films(films, 3)
    assert {f.split for f in done[:10]} == {"test"}
    assert {f.split for f in done[10:]} == {"train", "val"}


def test_too_few_patients_for_three_splits_are_an_error() -> None:
    with pytest.raises(DataError, match="Too few patients"):
        split_films(cohort(2, 2, 1), 1)
