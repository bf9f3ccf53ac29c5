"""The model card: what is read from it, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.errors import ArtifactDamaged, ArtifactMissing
from ml.inference.cards.model_card import load_card, parse_card
from ml.inference.cards.population_card import OPERATING_POINTS
from ml.inference.decision import Cuts
from ml.publishing.about import LIMITS, POPULATION, About, AboutError, read_about
from ml.publishing.card_text import draft
from ml.publishing.measured_limits import heat_limit
from tests.ml.drawn import copied_artifact, workshop


def child(raw: dict[str, Any]) -> dict[str, Any]:
    of: dict[str, Any] = raw["populations"]["child"]
    return of


def test_the_card_says_what_the_pages_need() -> None:
    card = load_card(workshop() / "artifact")
    assert card.version == "2026.1.1"
    child = card.populations["child"]
    assert child.ages == (1, 5)
    assert tuple(child.operating_points) == OPERATING_POINTS
    for point in child.operating_points.values():
        assert point.table
        assert point.altered
        assert point.table.pneumonia.films + point.table.normal.films == child.metrics["internal_test"]["films"]
        assert sum(share.value for share in point.table.normal.shares.values()) == pytest.approx(1)
    assert sum(one.films for one in child.bins) == child.metrics["internal_test"]["films"]
    assert all(one.ci[0] <= one.observed <= one.ci[1] for one in child.bins)
    assert child.limits
    assert child.description
    assert child.data[0]["terms"] == "CC BY 4.0"
    assert card.intended_use
    card.verify()


def test_heat_is_between_zero_and_one_and_only_evidence_for_pneumonia_shows() -> None:
    card = load_card(workshop() / "artifact")
    features = np.random.default_rng(0).uniform(0, 3, (2, 14, 14, 3)).astype(np.float32)
    heat = card.first.heat(features)
    assert heat.shape == (2, 14, 14)
    assert heat.dtype == np.float32
    assert heat.min() >= 0
    assert heat.max() <= 1
    assert card.first.heat(np.zeros((1, 14, 14, 3), np.float32)).max() == 0


def test_a_card_of_the_first_format_answers_by_the_rule_that_was_in_force_and_tells_no_rates_of_another() -> None:
    now = load_card(workshop() / "artifact")
    raw = json.loads(json.dumps(now.raw))
    of = child(raw)
    network = of["network"]
    thresholds = {"screening": 0.2, "balanced": 0.5, "rule_in": 0.8}
    rates = {"sensitivity": 0.9, "sensitivity_ci": [0.8, 1.0], "specificity": 0.9, "specificity_ci": [0.8, 1.0]}
    before = {
        **{key: raw[key] for key in ("version", "name", "intended_use", "training", "files")},
        "format_version": 1, "population": of["description"], "limits": of["limits"], "metrics": of["metrics"],
        "input": network["input"], "head": network["head"], "calibration": of["calibration"],
        "operating_points": [{"name": name, "threshold": at, **rates} for name, at in thresholds.items()],
        "indeterminate": {"low": 0.3, "high": 0.7, "share": 0.1, "error_outside": 0.02},
    }  # fmt: skip
    card = parse_card(before)
    pairs = {name: point.cuts for name, point in card.first.operating_points.items()}
    assert pairs == {"screening": Cuts(0.2, 0.7), "balanced": Cuts(0.3, 0.7), "rule_in": Cuts(0.3, 0.8)}
    assert all(point.table is None for point in card.first.operating_points.values())
    assert card.sha256 == now.sha256


def test_no_card_and_a_torn_card_are_two_errors(tmp_path: Path) -> None:
    with pytest.raises(ArtifactMissing, match=r"ml\.publish"):
        load_card(tmp_path)
    (tmp_path / "card.json").write_text('{"format_version": 1')
    with pytest.raises(ArtifactDamaged, match="not a whole model card"):
        load_card(tmp_path)


def test_a_card_of_another_format_is_refused(tmp_path: Path) -> None:
    _change(copied_artifact(tmp_path / "a"), lambda raw: raw.update(format_version=3))
    with pytest.raises(ArtifactDamaged, match="format version 3"):
        load_card(tmp_path / "a")


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw["populations"].clear(),
        lambda raw: child(raw).pop("operating_points"),
        lambda raw: child(raw)["operating_points"].pop(),
        lambda raw: child(raw)["operating_points"][0].update(rule_in=float("nan")),
        lambda raw: child(raw)["operating_points"][0].update(rule_out="0.5"),
        lambda raw: child(raw)["operating_points"][0].update(rule_out=0.9, rule_in=0.1),
        lambda raw: child(raw)["operating_points"][0].update(rule_in=0.999),
        lambda raw: child(raw)["operating_points"][0]["table"]["normal"]["normal"].update(films=10_000),
        lambda raw: child(raw)["calibration"].update(bounds=[0.0, 1.0]),
        lambda raw: child(raw)["calibration"].update(slope=-1.0),
        lambda raw: child(raw)["calibration"].update(prevalence=1.0),
        lambda raw: raw["files"].pop("model.xml"),
        lambda raw: raw["files"].update({"../elsewhere": "0"}),
        lambda raw: child(raw)["network"]["head"].update(weights=[]),
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
    output = {"name": "Ours", "population": "Adults of Ward 3.", "intended_use": "Teaching.", "limits": ["One ward."]}
    (tmp_path / "about.json").write_text(json.dumps(output))
    raw = draft("2026.1.1", [1.0], 0.0, read_about(tmp_path / "about.json"))
    assert (raw["name"], raw["intended_use"]) == ("Ours", "Teaching.")
    of = raw["populations"]["child"]
    assert (of["description"], of["limits"]) == ("Adults of Ward 3.", ["One ward."])
    raw = draft("2026.1.1", [1.0], 0.0, About())
    of = raw["populations"]["child"]
    assert (of["description"], of["limits"]) == (POPULATION, list(LIMITS))


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"name": "Ours"}', '{"name": "", "population": "p", "intended_use": "u", "limits": ["l"]}',
     '{"name": "n", "population": "p", "intended_use": "u", "limits": []}'],
)  # fmt: skip
def test_words_that_are_not_whole_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "about.json").write_text(text)
    with pytest.raises(AboutError, match="JSON object"):
        read_about(tmp_path / "about.json")


def test_the_order_in_which_a_database_keeps_populations_changes_nothing() -> None:
    card = load_card()
    turned = dict(reversed(card.raw["populations"].items()))
    again = parse_card({**card.raw, "populations": turned})
    assert list(turned) == ["adult", "child"]
    assert (again.sha256, again.first.name, list(again.populations)) == (card.sha256, "child", ["child", "adult"])
