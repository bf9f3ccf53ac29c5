"""The model card: what is read from it, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.errors import ArtifactDamaged, ArtifactMissing
from ml.inference.model_card import OPERATING_POINTS, load_card
from ml.publishing.card_text import LIMITS, POPULATION, About, AboutError, draft, heat_limit, read_about
from tests.ml.drawn import copied_artifact, workshop


def test_the_card_says_what_the_pages_need() -> None:
    card = load_card(workshop() / "artifact")
    assert card.version == "2026.1.1"
    assert tuple(card.operating_points) == OPERATING_POINTS
    assert all(0 < point.threshold < 1 for point in card.operating_points.values())
    point = card.operating_points["balanced"]
    assert point.sensitivity_ci[0] <= point.sensitivity <= point.sensitivity_ci[1]
    assert point.positives + point.negatives == card.metrics["internal_test"]["films"]
    assert card.limits
    assert card.population
    assert card.intended_use
    card.verify()


def test_a_finding_never_turns_back_as_the_probability_rises() -> None:
    card = load_card(workshop() / "artifact")
    order = {"normal": 0, "indeterminate": 1, "pneumonia": 2}
    for name in OPERATING_POINTS:
        said = [order[card.finding(p, name)] for p in np.linspace(0.001, 0.999, 200)]
        assert said == sorted(said)


def test_no_operating_point_calls_a_film_what_its_threshold_would_not() -> None:
    card = load_card(workshop() / "artifact")
    for name, point in card.operating_points.items():
        for p in np.linspace(0.001, 0.999, 200):
            said = card.finding(float(p), name)
            assert said != ("normal" if p >= point.threshold else "pneumonia")


def test_heat_is_between_nought_and_one_and_only_evidence_for_pneumonia_shows() -> None:
    card = load_card(workshop() / "artifact")
    features = np.random.default_rng(0).uniform(0, 3, (2, 14, 14, 3)).astype(np.float32)
    heat = card.heat(features)
    assert heat.shape == (2, 14, 14)
    assert heat.dtype == np.float32
    assert heat.min() >= 0
    assert heat.max() <= 1
    assert card.heat(np.zeros((1, 14, 14, 3), np.float32)).max() == 0


def test_no_card_and_a_torn_card_are_two_errors(tmp_path: Path) -> None:
    with pytest.raises(ArtifactMissing, match=r"ml\.publish"):
        load_card(tmp_path)
    (tmp_path / "card.json").write_text('{"format_version": 1')
    with pytest.raises(ArtifactDamaged, match="not a whole model card"):
        load_card(tmp_path)


def test_a_card_of_another_format_is_refused(tmp_path: Path) -> None:
    _change(copied_artifact(tmp_path / "a"), lambda raw: raw.update(format_version=2))
    with pytest.raises(ArtifactDamaged, match="format version 2"):
        load_card(tmp_path / "a")


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.pop("operating_points"),
        lambda raw: raw["operating_points"].pop(),
        lambda raw: raw["operating_points"][0].update(threshold=float("nan")),
        lambda raw: raw["operating_points"][0].update(threshold="0.5"),
        lambda raw: raw["calibration"].update(bounds=[0.0, 1.0]),
        lambda raw: raw["calibration"].update(slope=-1.0),
        lambda raw: raw["indeterminate"].update(low=0.9, high=0.1),
        lambda raw: raw["files"].pop("model.xml"),
        lambda raw: raw["files"].update({"../elsewhere": "0"}),
        lambda raw: raw["head"].update(weights=[]),
    ],
)
def test_a_card_that_contradicts_itself_is_refused(tmp_path: Path, change: Any) -> None:
    _change(copied_artifact(tmp_path / "a"), change)
    with pytest.raises(ArtifactDamaged):
        load_card(tmp_path / "a")


@pytest.mark.parametrize("name", ["model.keras", "model.xml", "model.bin", "metrics.json"])
def test_a_changed_or_missing_file_is_found_before_it_answers(tmp_path: Path, name: str) -> None:
    folder = copied_artifact(tmp_path / "a")
    with (folder / name).open("ab") as stream:
        stream.write(b" ")
    with pytest.raises(ArtifactDamaged, match="SHA-256"):
        load_card(folder).verify()
    (folder / name).unlink()
    with pytest.raises(ArtifactMissing, match=name.replace(".", r"\.")):
        load_card(folder).verify()


def _change(folder: Path, change: Any) -> None:
    raw = json.loads((folder / "card.json").read_text())
    change(raw)
    (folder / "card.json").write_text(json.dumps(raw))


def test_the_limit_of_the_heat_map_says_on_which_films_it_was_measured() -> None:
    lungs = {"share_in_chest": 0.5, "even_heat_would_give_chest": 0.3, "hottest_place_in_chest": 0.4}
    assert "On the test films with pneumonia that it found, 50% of the heat" in heat_limit({"lungs": lungs})


def test_a_model_of_other_films_speaks_of_them_and_not_of_the_published_ones(tmp_path: Path) -> None:
    said = {"name": "Ours", "population": "Adults of Ward 3.", "intended_use": "Teaching.", "limits": ["One ward."]}
    (tmp_path / "about.json").write_text(json.dumps(said))
    raw = draft("2026.1.1", [1.0], 0.0, False, read_about(tmp_path / "about.json"))
    assert {key: raw[key] for key in said} == said
    raw = draft("2026.1.1", [1.0], 0.0, False, About())
    assert (raw["population"], raw["limits"]) == (POPULATION, list(LIMITS))


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"name": "Ours"}', '{"name": "", "population": "p", "intended_use": "u", "limits": ["l"]}',
     '{"name": "n", "population": "p", "intended_use": "u", "limits": []}'],
)  # fmt: skip
def test_words_that_are_not_whole_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "about.json").write_text(text)
    with pytest.raises(AboutError, match="JSON object"):
        read_about(tmp_path / "about.json")
