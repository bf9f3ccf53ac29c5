"""The audit finds copies, leaks, contradictions and unreadable files, and says what acquisition gives away."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.audit import main
from ml.data.acquisition import describe, guess_labels, propensity_weights
from ml.data.audit import audit, examine
from ml.data.dataset import DataError, Film, read_films
from ml.data.prepare import prepare
from ml.metrics.curves import area_under_curve
from ml.phantom import jpeg, png
from tests.ml.drawn import draw
from tests.phantoms import film


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Six films of six patients, nothing wrong with them."""
    root = tmp_path / "data"
    for i in range(3):
        put(root / f"train/NORMAL/IM-{i:04}-0001.png", png(film(i, width=240, height=200)))
        put(root / f"train/PNEUMONIA/person{i}_virus_{i}.png", png(film(10 + i, width=240, height=200, opacity=True)))
    return root


def test_sound_data_passes_and_is_counted(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(data)]) == 0
    output = capsys.readouterr().out
    assert "NORMAL 3 films of 3 patients" in output
    assert "240×200 (6)" in output
    assert "no fault found" in output


def test_what_training_shares_with_test_is_reported_and_is_no_fault(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(data / "test/NORMAL/IM-0900-0001.jpeg", jpeg(film(0, width=240, height=200), quality=60))
    put(data / "test/PNEUMONIA/person1_bacteria_9.png", png(film(77, width=240, height=200, opacity=True)))
    found = audit(data)
    assert ("test/NORMAL/IM-0900-0001.jpeg", "train/NORMAL/IM-0000-0001.png") in found.near_duplicates
    assert found.shared_with_test == ["train/NORMAL/IM-0000-0001.png", "train/PNEUMONIA/person1_virus_1.png"]
    assert found.leaks == found.faults == []
    assert main([str(data)]) == 0
    assert "2 films outside test/ bear the name of a patient of test/" in capsys.readouterr().out
    assert found.verdict()["shared_with_test"] == 2


def test_a_patient_in_two_splits_of_a_run_is_a_leak(data: Path) -> None:
    films = [replace(one, split="val" if "IM-0000" in one.file else "train") for one in read_films(data)]
    films.append(Film("elsewhere/IM-0000-0002.png", 0, "IM-0000", split="train"))
    pixels = np.stack([film(i, width=224, height=224) for i in range(len(films))])
    found = examine(films, pixels, acquisition=False)
    assert found.leaks == ["elsewhere/IM-0000-0002.png"]
    assert "another split" in found.faults[0]


def test_one_film_under_two_labels_is_a_contradiction(data: Path) -> None:
    put(data / "train/PNEUMONIA/person8_virus_1.png", png(film(0, width=240, height=200)))
    found = audit(data)
    assert len(found.copies) == 1
    assert len(found.contradictions) == 1
    assert any("different labels" in fault for fault in found.faults)


def test_unreadable_files_are_listed_and_the_findings_are_json(data: Path, tmp_path: Path) -> None:
    put(data / "train/NORMAL/IM-0007-0001.png", b"no film at all")
    assert main([str(data), "--json", str(tmp_path / "audit.json")]) == 1
    found = json.loads((tmp_path / "audit.json").read_text("utf-8"))
    assert list(found["unreadable"]) == ["train/NORMAL/IM-0007-0001.png"]
    assert found["fit_for_training"] is False


def test_a_report_that_has_nowhere_to_go_is_reported_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([str(tmp_path), "--json", str(tmp_path / "no" / "where.json")])
    assert stopped.value.code == 2
    assert "there is no folder" in capsys.readouterr().err


def test_an_empty_folder_is_not_an_audit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert "holds no film" in capsys.readouterr().err


def test_acquisition_gives_the_label_away_where_one_class_is_sharper() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 2
    films = np.stack([draw(i) for i in range(60)])
    rough = np.clip(films + rng.normal(0, 12, films.shape) * labels[:, None, None], 0, 255).astype(np.uint8)
    alike = guess_labels(describe(films), labels, range(60))
    apart = guess_labels(describe(rough), labels, range(60))
    assert area_under_curve(labels, apart) > 0.95
    assert area_under_curve(labels, alike) < 0.8


def test_acquisition_is_measured_however_many_films_a_patient_has() -> None:
    """Groups are numbered by their first film: 0, 5, 10 … with five films a patient, all alike modulo five."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(40) % 2, 5)
    features = rng.normal(0, 1, (200, 4)) + 3.0 * labels[:, None]
    groups = np.repeat(np.arange(0, 200, 5), 5).tolist()
    assert area_under_curve(labels, guess_labels(features, labels, groups)) > 0.9


def test_a_guess_comes_from_a_fit_that_has_not_seen_the_patient() -> None:
    rng = np.random.default_rng(0)
    whose = np.repeat(np.arange(40), 5)
    labels = rng.permutation(np.arange(40) % 2)[whose]
    features = rng.normal(0, 1, (40, 60))[whose]
    assert area_under_curve(labels, guess_labels(features, labels, (5 * whose).tolist())) < 0.75
    assert area_under_curve(labels, guess_labels(features, labels, range(200))) > 0.9, "each film alone: it leaks"


def test_equal_films_with_different_labels_stop_training(data: Path) -> None:
    put(data / "train/PNEUMONIA/person8_virus_1.png", png(film(0, width=240, height=200)))
    with pytest.raises(DataError, match="1 pairs of equal films have different labels"):
        prepare(data, split_seed=1)


def test_films_that_break_the_rule_weigh_more_but_not_without_bound() -> None:
    weights = propensity_weights(np.array([0.9, 0.1, 0.5, 0.001]), np.array([1, 1, 1, 1]))
    assert weights.tolist() == [1.0, 4.0, 1.0, 4.0]


@pytest.mark.parametrize(
    ("scores", "area"), [([0.1, 0.2, 0.8, 0.9], 1.0), ([0.9, 0.8, 0.2, 0.1], 0.0), ([0.5, 0.5, 0.5, 0.5], 0.5)]
)
def test_the_area_under_the_curve_counts_ties_half(scores: list[float], area: float) -> None:
    assert area_under_curve(np.array([0, 0, 1, 1]), np.array(scores)) == area
