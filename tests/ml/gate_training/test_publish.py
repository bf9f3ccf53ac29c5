"""The gate's files: whole, or not used at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.errors import ArtifactDamaged, ArtifactMissing
from ml.inference.cards.files import ARTIFACTS
from ml.inference.gate.check import Gate
from ml.inference.runtime import Engine
from ml.intake.read import FILM_SIZE

COMMITTED = ARTIFACTS / "gate"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(COMMITTED, tmp_path / "gate"))


def test_the_committed_gate_loads_and_is_small(copied: Path) -> None:
    Gate.load(copied, threads=1)
    assert (copied / "model.keras").stat().st_size < 2_000_000
    assert json.loads((copied / "card.json").read_text())["training"]["multiply_adds"] <= 100_000_000


def test_an_answer_of_the_network_is_not_overwritten_by_the_next() -> None:
    engine = Engine(COMMITTED / "model.xml", threads=1)
    films = np.random.default_rng(1).uniform(0, 255, (2, FILM_SIZE, FILM_SIZE, 1)).astype(np.float32)
    first = engine(films[:1])
    kept = [output.copy() for output in first]
    second = engine(films[1:])
    assert all(np.array_equal(output, copy) for output, copy in zip(first, kept, strict=True))
    assert not np.array_equal(first[0], second[0])


def _share(rows: list[dict[str, Any]]) -> float:
    assert rows
    return float(sum(row["right"] for row in rows) / sum(row["films"] for row in rows))


def test_the_card_shows_that_films_pass_and_other_pictures_do_not() -> None:
    rows = json.loads((COMMITTED / "card.json").read_text())["exam"]["published"]
    for row in rows:
        if row["group"].startswith(("frontal: children", "frontal: nih", "frontal, changed")):
            assert row["share"] >= 0.99 or "0.7" in row["group"], row
    assert _share([row for row in rows if row["wanted"] == "refuse"]) >= 0.95


@pytest.mark.parametrize(
    ("families", "least"),
    [
        ("report desktop slide lightbox blurred", 0.98),
        ("viewer small chat", 0.95),
        ("upper_part lower_part side_part", 0.85),
        ("rephotographed posterised", 0.75),  # the weakest, see the card's limits
    ],
)
def test_the_card_shows_that_a_film_in_something_else_or_in_part_is_refused(families: str, least: float) -> None:
    rows = json.loads((COMMITTED / "card.json").read_text())["exam"]["published"]
    for family in families.split():
        assert _share([row for row in rows if row["group"].endswith(f": {family}")]) >= least, family


@pytest.mark.parametrize("name", ["card.json", "model.xml", "model.bin", "model.keras"])
def test_a_missing_file_is_called_missing(copied: Path, name: str) -> None:
    (copied / name).unlink()
    with pytest.raises(ArtifactMissing, match=name):
        Gate.load(copied, threads=1)


@pytest.mark.parametrize("name", ["model.xml", "model.bin", "model.keras"])
def test_a_changed_byte_is_found(copied: Path, name: str) -> None:
    whole = bytearray((copied / name).read_bytes())
    whole[len(whole) // 2] ^= 1
    (copied / name).write_bytes(whole)
    with pytest.raises(ArtifactDamaged, match=name):
        Gate.load(copied, threads=1)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"format_version": 1}', '{"format_version": 99}', "\x00" * 40],
)
def test_a_card_that_is_none_is_called_damaged(copied: Path, text: str) -> None:
    (copied / "card.json").write_text(text)
    with pytest.raises(ArtifactDamaged, match=r"card\.json"):
        Gate.load(copied, threads=1)


def test_a_card_of_another_network_is_refused(copied: Path) -> None:
    card = json.loads((copied / "card.json").read_text())
    card["kinds"] = ["frontal", "lateral"]
    (copied / "card.json").write_text(json.dumps(card))
    with pytest.raises(ArtifactDamaged, match="another network"):
        Gate.load(copied, threads=1)


def test_a_card_that_names_no_network_is_refused(copied: Path) -> None:
    card = json.loads((copied / "card.json").read_text())
    del card["files"]["model.bin"]
    (copied / "card.json").write_text(json.dumps(card))
    with pytest.raises(ArtifactDamaged, match="files"):
        Gate.load(copied, threads=1)


def test_the_classifiers_network_in_the_gates_place_is_refused(copied: Path) -> None:
    other = ARTIFACTS / "pneumonia"
    if not (other / "model.xml").is_file():
        pytest.skip("the classifier is not published yet")
    card = json.loads((copied / "card.json").read_text())
    for name in ("model.xml", "model.bin"):
        shutil.copy(other / name, copied / name)
    card["files"] = {name: _sha(copied / name) for name in ("model.xml", "model.bin")}
    (copied / "card.json").write_text(json.dumps(card))
    with pytest.raises(ArtifactDamaged, match="another network"):
        Gate.load(copied, threads=1)


def _sha(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()
