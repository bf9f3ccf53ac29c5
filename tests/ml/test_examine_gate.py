"""The command that examines the gate on a folder of real pictures, here drawn ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.examine_gate import main
from ml.inference.cards.files import ARTIFACTS
from tests.phantoms import film


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    frontal, others = tmp_path / "pictures" / "drawn, frontal", tmp_path / "pictures" / "others"
    frontal.mkdir(parents=True)
    others.mkdir()
    for seed in range(2):
        Image.fromarray(film(seed, width=400, height=340)).save(frontal / f"{seed}.png")
    noise = np.random.default_rng(1).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(others / "colours.png")
    Image.fromarray(noise[:60, :60]).save(others / "small.png")
    (others / "text.txt").write_text("not a picture", encoding="utf-8")
    return tmp_path / "pictures"


def test_each_group_has_a_row_for_the_product_and_one_for_the_gate_alone(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gate, page = tmp_path / "gate", tmp_path / "gate-card.md"
    shutil.copytree(ARTIFACTS / "gate", gate)
    assert main([str(pictures), "--gate", str(gate), "--page", str(page)]) == 0
    rows = json.loads((gate / "card.json").read_text(encoding="utf-8"))["exam"]["pictures"]
    assert [(row["wanted"], row["right"], row["films"]) for row in rows] == [
        ("pass", 2, 2), ("pass", 6, 6), ("refuse", 3, 3), ("refuse", 3, 3),
    ]  # fmt: skip
    assert set(rows[2]["codes"]) == {"COLOUR_PICTURE", "TOO_SMALL", "NOT_AN_IMAGE"}
    assert "## Real pictures from elsewhere" in page.read_text(encoding="utf-8")
    assert "drawn, frontal" in capsys.readouterr().out
