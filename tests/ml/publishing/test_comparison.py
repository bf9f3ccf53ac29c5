"""Networks side by side: the same films for all, differences by patient, and no film that one has learnt from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from ml import compare as command
from ml.data.dataset import Film
from ml.evaluation import evaluation_set
from ml.evaluation.shifts import stretched
from ml.inference.cards.files import file_sha256
from ml.metrics.curves import Curve, bootstrap_weights
from ml.phantom import png
from ml.publishing.comparison import calibration_error, figures
from tests.ml.drawn import copied_artifact, draw, draw_dozens, workshop


def drawn_set(count: int) -> evaluation_set.TestSet:
    """Films without pixels, every other one with pneumonia, two a patient."""
    films = [Film(f"{i}.png", i % 2, f"patient {i // 2}") for i in range(count)]
    return evaluation_set.TestSet(films, np.zeros((count, 1, 1), np.uint8), "drawn")


def test_a_difference_is_known_better_than_what_differs() -> None:
    test, random = drawn_set(200), np.random.default_rng(1)
    one = test.labels * 1.5 + random.normal(0, 1, 200)
    alike, better = one + random.normal(0, 0.05, 200), one + test.labels * 0.8
    draws = bootstrap_weights(test.patients)
    first, second, third = figures(test, [[one], [alike], [better]], draws, Curve.auc)
    assert first.difference is None
    assert second.difference is not None
    assert third.difference is not None
    change, low, high = second.difference
    assert change == pytest.approx(second.value - first.value)
    assert low < 0 < high
    assert high - low < 0.02, "the area itself is known by ± 0.05"
    assert third.difference[1] > 0


def test_the_mean_over_several_draws_of_a_change_is_compared() -> None:
    test, random = drawn_set(60), np.random.default_rng(2)
    one, two = test.labels + random.normal(0, 1, 60), test.labels + random.normal(0, 1, 60)
    draws = bootstrap_weights(test.patients, 50)
    alone = [figures(test, [[each]], draws, Curve.auc)[0].value for each in (one, two)]
    assert figures(test, [[one, two]], draws, Curve.auc)[0].value == pytest.approx(np.mean(alone))


def test_calibration_is_measured_on_other_patients_than_it_was_fitted_on() -> None:
    """Logits that are four times too sure are put right, but not by films on which they are never wrong."""
    test, random = drawn_set(2000), np.random.default_rng(3)
    right = random.normal(0, 2, 2000)
    labels = (random.random(2000) < 1 / (1 + np.exp(-right))).astype(int)
    films = [Film(film.file, int(label), film.patient) for film, label in zip(test.films, labels, strict=True)]
    told = evaluation_set.TestSet(films, test.pixels, "drawn")
    well = calibration_error(told, 4 * right, [4 * right])
    assert well < 0.04
    too_easy = np.where(labels, 9.0, -9.0) + right
    assert calibration_error(told, 4 * right, [too_easy]) > well + 0.02, "what was fitted on other films shows"


def test_the_middle_nine_tenths_of_the_grey_levels_fill_the_range() -> None:
    films = np.linspace(100, 150, 32 * 32).reshape(1, 32, 32).astype(np.uint8)
    wide = stretched(films)
    assert (wide.min(), wide.max()) == (0, 255)
    assert np.mean(wide == 0) == pytest.approx(0.05, abs=0.02)
    assert (stretched(np.full((1, 8, 8), 7, np.uint8)) == 0).all(), "a film of one grey is no reason to stop"


def test_an_artefact_and_the_run_it_was_made_of_are_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    networks = [str(workshop() / "artifact"), str(workshop() / "run")]
    other = f"drawn={draw_dozens(tmp_path / 'dozens')}"
    out = tmp_path / "table.md"
    assert command.main([*networks, "--data", str(workshop() / "data"), "--also", other, "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert out.read_text() == told
    assert "python -m ml.compare artifact run --data data --also drawn=dozens" in told
    rows = [line.split("|")[1:-1] for line in told.splitlines() if line.startswith("| AUC")]
    assert len(rows) == 11
    for name, one, two in rows:
        assert two.split()[0] == one.strip(), name
        assert "+0.0000" in two


def test_films_that_a_network_has_learnt_from_compare_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = copied_artifact(tmp_path / "other")
    split = json.loads((other / "split.json").read_text())
    split["train"], split["val"] = split["val"], split["train"]
    (other / "split.json").write_text(json.dumps(split))
    card = json.loads((other / "card.json").read_text())
    card["files"]["split.json"] = file_sha256(other / "split.json")
    (other / "card.json").write_text(json.dumps(card))
    shutil.copytree(workshop() / "artifact", tmp_path / "artifact")
    networks = [str(tmp_path / "artifact"), str(other)]
    assert command.main([*networks, "--data", str(workshop() / "data")]) == 1
    assert "has learnt from" in capsys.readouterr().err
    data = str(workshop() / "data")
    assert command.main([networks[0], "--data", data, "--also", f"same={data}"]) == 1
    assert "2026.1.1 has learnt from" in (told := capsys.readouterr().err)
    assert f"films (same, {data})" in told
    assert command.main([*networks, "--data", str(tmp_path / "nothing")]) == 1


def test_what_cannot_be_read_is_told_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("NORMAL", "PNEUMONIA"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "elsewhere.png").write_bytes(png(draw(1)))
    artifact, data = str(workshop() / "artifact"), str(workshop() / "data")
    capsys.readouterr()
    for wrong, message in (("--full-size", "is no film that the network knows"), ("--masks", "has no lungs/pairs.csv")):
        assert command.main([artifact, "--data", data, wrong, str(tmp_path)]) == 1
        told = capsys.readouterr().err
        assert message in told
        assert "as they are" not in told


def test_another_source_needs_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main([str(workshop() / "artifact"), "--data", str(workshop() / "data"), "--also", "films.csv"])
    assert "--also wants NAME=DATA" in capsys.readouterr().err
