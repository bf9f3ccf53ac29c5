"""``python -m ml.predict``: one row for each input, whatever the input is."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml import predict
from ml.errors import Refusal
from ml.inference.cards.model_card import load_card
from ml.inference.decision import Cuts, decide
from ml.inference.prediction_rows import COLUMNS
from ml.inference.predictor import Prediction, Predictor, load_classifier
from ml.intake.read import ModelInput
from tests.ml.drawn import workshop


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """A folder with two films, a torn film, a text with a film's name, notes, and a hidden file."""
    folder = tmp_path / "films"
    (folder / "deeper").mkdir(parents=True)
    first, second = sorted((workshop() / "data" / "NORMAL").glob("*.jpeg"))[:2]
    (folder / "a.jpeg").write_bytes(first.read_bytes())
    (folder / "deeper" / "b").write_bytes(second.read_bytes())
    (folder / "torn.jpeg").write_bytes(first.read_bytes()[:400])
    (folder / "text.png").write_text("not a film")
    (folder / "notes.txt").write_text("about the films")
    (folder / ".hidden.jpeg").write_bytes(first.read_bytes())
    return folder


@pytest.fixture(autouse=True)
def drawn_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """The drawn model without a gate: the gate knows real films, and these are drawn."""
    card = load_card(workshop() / "artifact")
    ready = Predictor(card, {"model": load_classifier(card, threads=1)}, None)
    monkeypatch.setattr(predict.Predictor, "load", classmethod(lambda cls, *args, **options: ready))


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_good_films_give_rows_and_status_zero(films: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert predict.main([str(films / "a.jpeg"), str(films / "deeper"), "--csv", "-"]) == 0
    rows = _rows(capsys.readouterr().out)
    assert [Path(row["file"]).name for row in rows] == ["a.jpeg", "b"]
    assert tuple(rows[0]) == COLUMNS
    for row in rows:
        assert row["state"] == "done"
        assert row["reason"] == ""
        assert row["finding"] in ("pneumonia", "normal", "indeterminate")
        assert 0 < float(row["probability"]) < 1
        assert row["operating_point"] == "balanced"
        assert (row["population"], row["population_known_by"]) == ("child", "image")
        assert row["finding"] == decide(float(row["probability"]), Cuts(float(row["rule_out"]), float(row["rule_in"])))
        assert np.isfinite(float(row["score"]))
        assert row["model_version"] == "2026.1.1"
        assert float(row["milliseconds"]) > 0


def test_bad_files_get_their_reason_and_do_not_stop_the_others(films: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert predict.main([str(films), str(films / "gone.jpeg")]) == 3
    output = capsys.readouterr()
    rows = {Path(row["file"]).name: row for row in _rows(output.out)}
    assert set(rows) == {"a.jpeg", "b", "torn.jpeg", "text.png", "gone.jpeg"}
    assert rows["a.jpeg"]["state"] == rows["b"]["state"] == "done"
    assert rows["torn.jpeg"]["state"] == rows["text.png"]["state"] == "rejected"
    assert rows["torn.jpeg"]["reason"] and rows["text.png"]["reason"]  # noqa: PT018
    assert rows["torn.jpeg"]["probability"] == rows["torn.jpeg"]["finding"] == ""
    assert (rows["gone.jpeg"]["state"], rows["gone.jpeg"]["reason"]) == ("failed", "UNREADABLE")
    assert "5 of 5 films" in output.err


def test_a_file_named_outright_is_tried_even_if_it_is_no_film(films: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert predict.main([str(films / "notes.txt")]) == 3
    assert _rows(capsys.readouterr().out)[0]["state"] == "rejected"


def test_an_error_of_ours_costs_one_film_and_not_the_run(
    films: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = Predictor.predict

    def breaks(
        self: Predictor, inputs: Sequence[ModelInput], point: str, stated: Sequence[str]
    ) -> list[Prediction | Refusal]:
        if any(film.width == 999 for film in inputs):
            raise RuntimeError("the engine fell over")
        return whole(self, inputs, point, stated)

    monkeypatch.setattr(Predictor, "predict", breaks)
    read = predict._read

    def odd(path: Path, whole: bool) -> predict._Read:
        found = read(path, whole)
        return replace(found, film=replace(found.film, width=999)) if found.film and path.name == "b" else found

    monkeypatch.setattr(predict, "_read", odd)
    assert predict.main([str(films / "a.jpeg"), str(films / "deeper" / "b")]) == 3
    output = capsys.readouterr()
    assert [(row["state"], row["reason"]) for row in _rows(output.out)] == [("done", ""), ("failed", "ERROR")]
    assert "the engine fell over" in output.err


def test_a_folder_that_cannot_be_listed_gets_a_row(
    films: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = os.scandir

    def closed(path: str) -> Any:
        if Path(path).name == "deeper":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", closed)
    assert predict.main([str(films)]) == 3
    rows = {Path(row["file"]).name: row for row in _rows(capsys.readouterr().out)}
    assert (rows["deeper"]["state"], rows["deeper"]["reason"]) == ("failed", "UNREADABLE")
    assert rows["a.jpeg"]["state"] == "done"


def test_json_carries_messages_and_numbers(films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.json"
    assert predict.main([str(films), "--json", str(out), "--operating-point", "screening"]) == 3
    assert capsys.readouterr().out == ""
    rows = {Path(row["file"]).name: row for row in json.loads(out.read_text())}
    assert isinstance(rows["a.jpeg"]["probability"], float)
    assert rows["a.jpeg"]["operating_point"] == "screening"
    assert rows["torn.jpeg"]["probability"] is None
    assert rows["torn.jpeg"]["message"]
    assert list(tmp_path.glob(".*")) == []


def test_json_goes_down_a_pipe_and_leaves_it_there(films: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as beside:
        read = beside.submit(pipe.read_text, encoding="utf-8")
        assert predict.main([str(films / "a.jpeg"), "--json", str(pipe)]) == 0
    assert [row["state"] for row in json.loads(read.result())] == ["done"]
    assert pipe.is_fifo()


def test_films_stated_to_be_of_adults_get_no_number(films: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert predict.main([str(films / "a.jpeg"), "--population", "adult"]) == 3
    (row,) = _rows(capsys.readouterr().out)
    assert (row["state"], row["reason"]) == ("rejected", "OUTSIDE_POPULATIONS")
    assert (row["population"], row["population_known_by"]) == ("adult", "stated")
    assert row["finding"] == row["probability"] == row["score"] == row["rule_in"] == ""


def test_each_analysed_film_can_be_had_under_its_heat_map(films: Path, tmp_path: Path) -> None:
    predict.main([str(films), "--heatmaps", str(tmp_path / "maps"), "--csv", str(tmp_path / "rows.csv")])
    assert [path.name for path in sorted((tmp_path / "maps").iterdir())] == ["00001_a.png", "00004_b.png"]


def test_wrong_usage_is_status_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    nowhere = str(empty / "nowhere" / "rows.csv")
    for arguments in (
        [],
        [str(empty)],
        ["x", "--operating-point", "mine"],
        ["x", "--csv", "-", "--json", "-"],
        ["x", "--csv", nowhere],
    ):
        with pytest.raises(SystemExit) as stopped:
            predict.main(arguments)
        assert stopped.value.code == 2
    assert "no film" in capsys.readouterr().err


def test_without_a_model_nothing_is_reported_but_why(
    films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.undo()
    assert predict.main([str(films), "--artifact", str(tmp_path / "nowhere")]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert "ml.publish" in output.err
