"""The command that trains, examines and publishes the gate, as a toy run."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from ml.files import read_config
from ml.gate_training.fit import RECIPE, GateTrainingConfig
from ml.inference.gate.check import Gate
from ml.train_gate import chosen, main
from tests.ml.drawn import without_graphs
from tests.places import SHARED_DATA as DATA


def test_a_folder_without_films_ends_the_command_with_a_plain_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert main(["--data", str(tmp_path), "--out", str(tmp_path / "gate"), "--quick"]) == 1
    assert "No films under" in caplog.text
    assert not (tmp_path / "gate").exists()


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="the films of ../shared/data are not at hand")
def test_a_quick_run_leaves_a_gate_that_loads_a_card_with_its_examination_and_a_page(tmp_path: Path) -> None:
    out, page = tmp_path / "gate", tmp_path / "gate-card.md"
    with without_graphs():
        status = main(["--data", str(DATA), "--out", str(out), "--quick", "--only", "published", "--page", str(page)])
    assert status == 0
    Gate.load(out, threads=1)
    card = json.loads((out / "card.json").read_text(encoding="utf-8"))
    groups = {row["group"] for row in card["exam"]["published"]}
    assert {"frontal: children", "drawn phantoms", "other: ct_chest", "lateral: profile"} <= groups
    assert all(row["low"] <= row["share"] <= row["high"] for row in card["exam"]["published"])
    assert "| frontal: children | pass |" in page.read_text(encoding="utf-8")
    assert not list(tmp_path.glob(".gate-*"))  # no drafts are left behind


def test_the_recipe_of_the_gate_is_whole_and_the_command_line_changes_what_it_names() -> None:
    arguments = argparse.Namespace(recipe=RECIPE, seed=None, epochs=3, quick=False)
    assert json.loads(RECIPE.read_text()).keys() == asdict(GateTrainingConfig()).keys()
    assert chosen(arguments) == replace(read_config(GateTrainingConfig, RECIPE), epochs=3)
