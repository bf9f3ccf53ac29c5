"""Films with masks: read from their tables, split by patient, in the classifier's split where it knows the patient."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.data.dataset import DataError
from ml.data.lung_masks import load_masked_films, read_masked_films, split_masked_films
from tests.ml.drawn import draw


def masked_data(root: Path, children: int = 8, adults: int = 6) -> Path:
    """A data folder with drawn films, two a patient, and masks that say where drawn lungs are."""
    mask = np.zeros((224, 224), np.uint8)
    mask[40:180, 40:100] = mask[40:180, 124:184] = 255
    for folder, count, name in (("lungs", children, "person{}_virus_{}"), ("lungs/adult", adults, "case{}-{}")):
        (root / folder / "films").mkdir(parents=True)
        (root / folder / "masks").mkdir()
        rows = []
        for number in range(count):
            stem = name.format(number // 2, number % 2)
            Image.fromarray(draw(number + 100 * (folder != "lungs"))).save(root / folder / "films" / f"{stem}.png")
            Image.fromarray(mask).convert("1").save(root / folder / "masks" / f"{stem}.png")
            row = {"film": f"{folder}/films/{stem}.png", "mask": f"{folder}/masks/{stem}.png"}
            rows.append({**row, "source": f"https://example.org/{number // 2}"} if folder != "lungs" else row)
        with (root / folder / "pairs.csv").open("w", newline="") as handle:
            writer = csv.DictWriter(handle, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    return root


def test_children_are_known_by_name_and_adults_by_their_publication(tmp_path: Path) -> None:
    films = read_masked_films(masked_data(tmp_path))
    assert [film.adult for film in films] == [False] * 8 + [True] * 6
    assert films[0].film.patient == films[1].film.patient == "person0"
    assert films[8].film.patient == films[9].film.patient == "https://example.org/0"


def test_a_patients_films_share_a_split_and_the_classifiers_split_comes_first(tmp_path: Path) -> None:
    films = read_masked_films(masked_data(tmp_path, children=40, adults=20))
    known = {"person3": "test", "person4": "val"}
    split = split_masked_films(films, 7, known)
    by_patient: dict[str, set[str]] = {}
    for film in split:
        by_patient.setdefault(film.film.patient, set()).add(film.film.split)
    assert all(len(splits) == 1 for splits in by_patient.values())
    assert by_patient["person3"] == {"test"}
    assert by_patient["person4"] == {"val"}
    assert {film.film.split for film in split} == {"train", "val", "test"}
    assert split == split_masked_films(films, 7, known)


def test_pixels_and_masks_come_in_one_size_and_order(tmp_path: Path) -> None:
    data = masked_data(tmp_path)
    films = read_masked_films(data)
    pixels, masks = load_masked_films(data, films)
    assert pixels.shape == masks.shape == (14, 224, 224)
    assert set(np.unique(masks)) == {0, 255}
    assert masks[0, 100, 60] == 255
    assert masks[0, 100, 112] == 0


def test_a_table_that_names_a_missing_mask_is_refused(tmp_path: Path) -> None:
    data = masked_data(tmp_path)
    (data / "lungs/masks/person0_virus_0.png").unlink()
    with pytest.raises(DataError, match="not there"):
        read_masked_films(data)
    with pytest.raises(DataError, match=r"no lungs/pairs\.csv"):
        read_masked_films(tmp_path / "nothing")
