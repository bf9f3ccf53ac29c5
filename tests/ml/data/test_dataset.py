"""From files to patients and splits: nothing of one patient on two splits, and clear words where data will not do."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest

from ml.data.dataset import DataError, data_hash, load_pixels, patient_of, read_films
from ml.phantom import png
from tests.phantoms import film

TINY = png(film(1, width=224, height=224))


def tree(root: Path, *files: str) -> Path:
    """A folder with one small film at each of these paths."""
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(TINY)
    return root


@pytest.mark.parametrize(
    ("name", "patient"),
    [
        ("person12_bacteria_46.jpeg", "person12"),
        ("person12_virus_47.jpeg", "person12"),
        ("IM-0115-0001.jpeg", "IM-0115"),
        ("NORMAL2-IM-0115-0001-0002.jpeg", "NORMAL2-IM-0115"),
        ("train/NORMAL/IM-0115-0001.jpeg", "IM-0115"),
        ("NORMAL/000.png", "NORMAL/000.png"),
    ],
)
def test_a_name_says_whose_film_it_is(name: str, patient: str) -> None:
    assert patient_of(name) == patient


def test_folders_with_and_without_splits_are_read(tmp_path: Path) -> None:
    tree(
        tmp_path, "train/NORMAL/IM-1-1.png", "test/PNEUMONIA/person3_virus_1.png", "train/notes.txt", "NORMAL/.hid.png"
    )
    films = read_films(tmp_path)
    assert [(f.split, f.label, f.kind) for f in films] == [("test", 1, "viral"), ("train", 0, "normal")]


def test_a_table_names_files_labels_patients_and_splits(tmp_path: Path) -> None:
    tree(tmp_path, "a.png", "b.png")
    (tmp_path / "films.csv").write_text("file,label,patient,split\na.png,NORMAL,x,train\nb.png,1,y,validation\n")
    assert [(f.file, f.label, f.patient, f.split) for f in read_films(tmp_path / "films.csv")] == [
        ("a.png", 0, "x", "train"),
        ("b.png", 1, "y", "val"),
    ]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("name,label\na.png,0\n", "must name the columns"),
        ("file,label\na.png,maybe\n", "line 2: the label 'maybe'"),
        ("file,label\ngone.png,0\n", "no file .gone.png"),
        ("file,label,split\na.png,0,holdout\n", "the split 'holdout'"),
        ("file,label\na.png,0\na.png,1\n", "listed twice"),
        ("file,label\n", "holds no film"),
        ("file,label\na.png,0\nb.png\n", "line 3: the label ''"),
        ("label,file\n1\n", "there is no file ''"),
    ],
)
def test_a_table_that_will_not_do_is_told_why(tmp_path: Path, table: str, words: str) -> None:
    tree(tmp_path, "a.png")
    (tmp_path / "films.csv").write_text(table)
    with pytest.raises(DataError, match=words):
        read_films(tmp_path / "films.csv")


def test_an_empty_folder_a_missing_class_and_no_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no film"):
        read_films(tmp_path)
    with pytest.raises(DataError, match="no film of class PNEUMONIA"):
        read_films(tree(tmp_path, "NORMAL/a.png"))
    with pytest.raises(DataError, match="does not exist"):
        read_films(tmp_path / "elsewhere")


def test_equal_names_in_two_folders_are_two_patients(tmp_path: Path) -> None:
    films = read_films(tree(tmp_path, "NORMAL/000.png", "PNEUMONIA/000.png"))
    assert films[0].patient != films[1].patient
    (tmp_path / "films.csv").write_text("file,label\nNORMAL/000.png,0\nPNEUMONIA/000.png,1\n")
    assert [film.patient for film in read_films(tmp_path / "films.csv")] == [film.patient for film in films]


@pytest.mark.parametrize("table", [TINY, "file,label\nb\xe4r.png,0\n".encode("latin-1"), b"file,label\n\0,0\n"])
def test_a_film_or_another_encoding_in_place_of_a_table_is_reported(tmp_path: Path, table: bytes) -> None:
    (tmp_path / "films.csv").write_bytes(table)
    with pytest.raises(DataError, match=r"films\.csv"):
        read_films(tmp_path / "films.csv")


def test_a_disk_too_full_to_keep_decoded_films_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    films = read_films(tree(tmp_path / "data", "NORMAL/a.png", "PNEUMONIA/b.png"))

    def full(path: Path, pixels: object) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    assert load_pixels(tmp_path / "data", films, tmp_path / "cache").shape == (2, 224, 224)
    assert list((tmp_path / "cache").iterdir()) == []
    assert "No space left" in capsys.readouterr().err


def test_kept_films_that_are_damaged_are_decoded_once_more(tmp_path: Path) -> None:
    films = read_films(tree(tmp_path / "data", "NORMAL/a.png", "PNEUMONIA/b.png"))
    first = load_pixels(tmp_path / "data", films, tmp_path / "cache")
    for kept in (tmp_path / "cache").iterdir():
        kept.write_bytes(kept.read_bytes()[:1000])
    assert np.array_equal(load_pixels(tmp_path / "data", films, tmp_path / "cache"), first)


def test_pixels_come_through_the_one_decode_path_and_are_kept(tmp_path: Path) -> None:
    films = read_films(tree(tmp_path / "data", "NORMAL/a.png", "PNEUMONIA/b.png"))
    first = load_pixels(tmp_path / "data", films, tmp_path / "cache")
    assert first.shape == (2, 224, 224)
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".npy"]
    assert np.array_equal(load_pixels(tmp_path / "data", films, tmp_path / "cache"), first)
    assert data_hash(films, first) != data_hash(films, 255 - first)


def test_unreadable_files_are_all_named_at_once(tmp_path: Path) -> None:
    root = tree(tmp_path, "NORMAL/a.png", "PNEUMONIA/b.png", "PNEUMONIA/c.png")
    for name in ("b", "c"):
        (root / f"PNEUMONIA/{name}.png").write_bytes(TINY[:200])
    with pytest.raises(DataError, match=r"2 files cannot be read(?s:.*)b\.png(?s:.*)c\.png"):
        load_pixels(root, read_films(root))
