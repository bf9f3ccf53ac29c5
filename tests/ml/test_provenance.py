"""What a run keeps of where it came from, and what it does not."""

from __future__ import annotations

from ml.provenance import TRAINING_CODE, command_line
from tests.places import ROOT

OTHER_ROOMS = {"artifacts", "gate_training"}
"""Rooms that no classifier is trained by."""


def test_every_room_is_either_code_of_training_or_named_as_none() -> None:
    rooms = {path.name for path in (ROOT / "ml").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms - OTHER_ROOMS == {name for name in TRAINING_CODE if "." not in name}
    assert [name for name in TRAINING_CODE if not (ROOT / "ml" / name).exists()] == []


def test_a_command_can_be_given_again_and_names_no_folder_of_this_machine() -> None:
    told = command_line("train", ["--data", "/some/where/my films", "--out", "runs/r1", "--seed", "3"])
    assert told == "python -m ml.train --data 'my films' --out runs/r1 --seed 3"
    told = command_line("compare", ["r1", "r2", "--also", "adults=/some/where/labels.csv", "--out=/tmp/t.md"])
    assert told == "python -m ml.compare r1 r2 --also adults=labels.csv --out=t.md"
