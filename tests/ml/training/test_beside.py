"""Films without labels, shown beside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.data.dataset import DataError
from ml.training.augmentation import AugmentationConfig
from ml.training.beside import read_beside, with_beside
from ml.training.lung_pipeline import CropConfig, batches
from tests.ml.training.test_lung_pipeline import maps_of


def test_a_folder_is_read_in_order_of_names_and_a_table_by_its_lines(tmp_path: Path) -> None:
    for name, level in (("b.png", 90), ("a.png", 30), ("c.png", 150)):
        picture = np.full((256, 256), level, np.uint8)
        picture[:8] = 255 - level
        Image.fromarray(picture).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no film")
    table = tmp_path / "some.csv"
    table.write_text("file,label\nc.png,x\na.png,y\n")
    assert [int(film[100, 100]) for film in read_beside(tmp_path)] == [30, 90, 150]
    assert [int(film[100, 100]) for film in read_beside(table)] == [150, 30]


@pytest.mark.parametrize(
    ("text", "words"),
    [("file\n", "names no film"), ("file\ngone.png\n", "gone.png, which is not there"), ("name\na\n", "a column file")],
)
def test_a_table_that_cannot_be_used_is_refused(tmp_path: Path, text: str, words: str) -> None:
    table = tmp_path / "some.csv"
    table.write_text(text)
    with pytest.raises(DataError, match=words):
        read_beside(table)


def test_every_batch_gets_as_many_and_all_are_shown_before_any_again() -> None:
    order = np.arange(24).reshape(4, 6)
    mixed = with_beside(order, films=24, beside=5, each=3, seed=1)
    assert mixed.shape == (4, 9)
    for before, after in zip(order, mixed, strict=True):
        assert set(before) == {place for place in after if place < 24}
    counts = np.bincount(mixed[mixed >= 24] - 24, minlength=5)
    assert sorted(counts) == [2, 2, 2, 3, 3]
    longer = with_beside(np.arange(48).reshape(8, 6), films=24, beside=5, each=3, seed=1)
    assert [set(row[row >= 24]) for row in longer[:4]] == [set(row[row >= 24]) for row in mixed]


def test_kinds_that_are_not_known_cost_nothing() -> None:
    films, maps = maps_of(8)
    kinds = np.array([0, 1, 2, -1, 0, -1, 3, 1])
    plain = AugmentationConfig(tone=0, match=0, equalise=0, blur=0, grain=0, jpeg=0, marker=0, collimate=0, erase=0)
    shown = batches(
        films, maps, np.full(8, 0.5, np.float32), kinds, np.arange(8)[None], 0, 3, CropConfig(surround=0), plain, 96
    )  # fmt: skip
    ((_shown, answers, counts),) = shown.as_numpy_iterator()
    np.testing.assert_array_equal(answers["aux"], np.maximum(kinds, 0))
    np.testing.assert_array_equal(counts["aux"], kinds >= 0)
    assert all((counts[name] == 1).all() for name in ("all", "lungs"))
