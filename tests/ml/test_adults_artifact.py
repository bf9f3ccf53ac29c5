"""The committed network for adults: whole, small, with its terms, and without heat outside the lungs."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from ml.inference.cards.files import ARTIFACTS, file_sha256
from ml.inference.cards.model_card import load_card
from ml.inference.lungs import LungFinder
from ml.inference.runtime import Engine
from ml.phantom import film

ADULTS = ARTIFACTS / "adults"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(ADULTS / "model.xml", threads=1)


def phantom(seed: int) -> np.ndarray:
    drawn = Image.fromarray(film(seed, opacity=bool(seed % 2), width=400, height=340).astype(np.uint8))
    return np.asarray(drawn.resize((224, 224), Image.Resampling.BILINEAR, reducing_gap=2.0))


def test_every_file_is_the_one_its_card_describes() -> None:
    files = json.loads((ADULTS / "card.json").read_text())["files"]
    assert {"model.keras", "model.xml", "model.bin"} <= set(files)
    for name, wanted in files.items():
        assert file_sha256(ADULTS / name) == wanted, name


def test_the_card_says_that_its_terms_are_not_commercial() -> None:
    card = (ADULTS / "card.json").read_text()
    assert "non-commercial" in card
    assert "CC BY-NC 4.0" in card


def test_the_card_is_for_adults_alone_and_says_what_each_point_gave() -> None:
    card = load_card(ADULTS)
    card.verify()
    assert list(card.populations) == ["adult"]
    for point in card.populations["adult"].operating_points.values():
        assert point.table is not None


def test_the_networks_of_one_film_are_small_on_disk() -> None:
    folders = [ARTIFACTS / name for name in ("gate", "lungs", "adults")]
    assert sum((folder / f"model.{end}").stat().st_size for folder in folders for end in ("bin", "xml")) < 30e6


def test_no_evidence_is_counted_outside_the_lungs(engine: Engine) -> None:
    films = np.stack([phantom(seed) for seed in range(3)])
    _, features, _ = engine(films[..., None].astype(np.float32))
    inside = np.stack([lungs.mask for lungs in LungFinder.load(threads=1).find(films)])
    cells = inside.reshape(3, 36, 4, 36, 4).any(axis=(2, 4))
    near = np.zeros_like(cells)
    for down in range(-2, 3):
        for across in range(-2, 3):
            near |= np.roll(cells, (down, across), axis=(1, 2))
    assert cells.any()
    assert np.abs(features[~near]).max() < 1e-3


def test_a_film_gets_the_same_answer_alone_and_in_a_batch(engine: Engine) -> None:
    films = np.stack([phantom(seed) for seed in range(3)])[..., None].astype(np.float32)
    together, alone = engine(films)[0], engine(films[1:2])[0]
    assert together[1, 0] == pytest.approx(alone[0, 0], abs=1e-3)
