"""The committed model itself: whole, small enough, the same in both formats, and answering from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ml.errors import ArtifactMissing
from ml.inference.cards.files import ARTIFACTS
from ml.inference.cards.model_card import load_card
from ml.inference.predictor import load_classifier, run_network
from tests.phantoms import film

PNEUMONIA = ARTIFACTS / "pneumonia"
ROOT = ARTIFACTS.parent.parent


@pytest.fixture(autouse=True)
def there_is_a_model() -> None:
    """Between two commits of a model there may be none; everything else in this file needs it."""
    try:
        load_card()
    except ArtifactMissing as missing:
        pytest.skip(str(missing))


def test_every_file_is_the_one_the_card_was_written_for() -> None:
    load_card().verify()


def test_all_models_together_stay_below_the_limit() -> None:
    size = sum(path.stat().st_size for path in PNEUMONIA.iterdir() if path.name.startswith("model."))
    assert size <= 20e6, f"{size / 1e6:.1f} MB"


def test_the_card_was_measured_on_enough_films_to_say_something() -> None:
    card = load_card()
    for of in card.populations.values():
        for point in of.operating_points.values():
            assert point.table is not None
            for row in (point.table.pneumonia, point.table.normal):
                assert row.films >= 100
                assert all(share.ci[0] < share.ci[1] for share in row.shares.values())
    assert card.training["commit"]
    assert card.training["data_sha256"]


def test_figures_hold_lines_and_words_but_no_film() -> None:
    for path in PNEUMONIA.glob("*.svg"):
        text = path.read_text()
        assert "<image" not in text
        assert "base64" not in text
    assert not [path.name for path in PNEUMONIA.iterdir() if path.suffix in (".png", ".jpeg", ".jpg", ".npy")]


@pytest.mark.slow
def test_keras_and_the_served_network_agree_on_drawn_films() -> None:
    from ml.network.export import as_list, load_keras

    card = load_card()
    films = np.stack([film(seed, opacity=bool(seed % 2), width=224, height=224) for seed in range(4)])
    logits, features = run_network(load_classifier(card, threads=1), films.astype(np.uint8))
    wanted = as_list(load_keras(PNEUMONIA / "model.keras")(films[..., None].astype(np.float32)))
    assert np.abs(wanted[0].numpy()[:, 0] - logits).max() <= 1e-3
    features_wanted = wanted[1].numpy()
    assert features.shape == features_wanted.shape
    assert np.abs(features - features_wanted).max() <= 1e-3 * np.abs(features_wanted).max()


def test_the_command_answers_for_a_film_and_for_rubbish_alike(tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(film(3, width=600, height=500)).save(tmp_path / "drawn.png")
    (tmp_path / "rubbish.jpeg").write_bytes(b"\xff\xd8 rubbish")
    films = [str(tmp_path / "drawn.png"), str(tmp_path / "rubbish.jpeg")]
    command = [sys.executable, "-m", "ml.predict", *films, "--json", "-"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    drawn, rubbish = json.loads(done.stdout)
    assert drawn["state"] in ("done", "rejected")
    assert rubbish["state"] == "rejected"
    assert rubbish["model_version"] == load_card().version
