"""What becomes of films at full size, counted beside their small copies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.data.dataset import DataError
from ml.evaluation.elsewhere import at_full_size
from ml.inference.cards.model_card import load_card
from ml.inference.population import CHILD
from ml.inference.predictor import load_classifier
from ml.publishing.measured_limits import full_size_limit


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    random = np.random.default_rng(5)
    for name in ("NORMAL/IM-0001-0001", "NORMAL/IM-0002-0001", "PNEUMONIA/person3_virus_4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        film = random.integers(0, 255, (20, 24)).astype(np.uint8)
        Image.fromarray(film).resize((600, 500), Image.Resampling.BICUBIC).save(tmp_path / f"{name}.png")
    return tmp_path


def test_both_copies_of_each_film_are_counted(folder: Path) -> None:
    card = load_card(populations=(CHILD,))
    small = {file.name: np.full((224, 224), 90, np.uint8) for file in folder.rglob("*.png")}
    found = at_full_size(card.first, load_classifier(card, threads=1), folder, small, {"IM-0002-0001.png"})
    assert (found["films"], found["taught"]) == (3, 1)
    assert (found["normal"]["films"], found["pneumonia"]["films"]) == (2, 1)
    assert sum(found["normal"]["full"]) == sum(found["normal"]["small"]) == 2
    assert max(found["normal"]["small"]) == 2, "both are the same grey"
    with pytest.raises(DataError, match="IM-0001-0001"):
        at_full_size(card.first, load_classifier(card, threads=1), folder, {}, set())


def test_the_card_says_what_was_counted_or_that_nothing_was() -> None:
    found = {
        "films": 5, "taught": 4, "normal": {"films": 3, "full": [2, 1, 0], "small": [3, 0, 0]},
        "pneumonia": {"films": 2, "full": [0, 0, 2], "small": [0, 1, 1]},
    }  # fmt: skip
    measured, nothing = full_size_limit(found), full_size_limit(None)
    assert measured.startswith(nothing)
    assert "Of 3 normal ones at full size the network calls 2 normal" in measured
    assert measured.endswith("It was trained on 4 of these 5 films.")
