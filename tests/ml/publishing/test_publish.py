"""Publishing and evaluation: one whole artefact or none, and figures without films."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ml import evaluate
from ml import publish as command
from ml.data.dataset import DataError
from ml.errors import ArtifactDamaged, MLError
from ml.inference.cards.model_card import load_card
from ml.publishing import publish
from ml.publishing.card_page import render
from ml.publishing.republish import republish
from ml.training.run import RunError
from tests.ml.drawn import copied_artifact, draw_films, handmade_network, workshop

FIGURES = ("roc", "pr", "calibration", "confusion", "scores", "robustness", "learning")


def test_the_artefact_is_whole_and_names_every_file() -> None:
    folder = workshop() / "artifact"
    card = load_card(folder)
    card.verify()
    wanted = {
        "model.keras",
        "model.xml",
        "model.bin",
        "split.json",
        "metrics.json",
        *(f"{name}.svg" for name in FIGURES),
    }
    assert {path.name for path in folder.iterdir()} == wanted | {"card.json"}
    assert set(card.files) == wanted
    assert card.training["data_sha256"] == json.loads((workshop() / "run" / "split.json").read_text())["data_sha256"]
    assert card.training["publishing_versions"]["keras"]


def test_figures_hold_no_film_and_can_be_read_aloud() -> None:
    for name in FIGURES:
        svg = (workshop() / "artifact" / f"{name}.svg").read_text()
        assert "<image" not in svg
        assert "data:" not in svg
        assert "<title>" in svg
        assert len(svg) < 100_000


def test_what_the_card_states_is_what_the_metrics_measured() -> None:
    card = load_card(workshop() / "artifact")
    metrics = json.loads((workshop() / "artifact" / "metrics.json").read_text())
    for name, point in card.first.operating_points.items():
        assert point.table is not None
        measured = metrics["plain"]["operating_points"][name]["table"]
        for truth in ("pneumonia", "normal"):
            counts = {
                finding: measured[truth][finding]["films"] for finding in ("normal", "indeterminate", "pneumonia")
            }
            assert sum(counts.values()) == measured[truth]["films"]
            for finding, count in counts.items():
                assert point.table.row(truth).shares[finding].value == count / measured[truth]["films"]
        assert measured["pneumonia"]["films"] + measured["normal"]["films"] == metrics["plain"]["films"]
    assert metrics["parity_with_keras"]["logit"] <= 1e-3
    assert len(metrics["robustness"]) == 3 * len({line["shift"] for line in metrics["robustness"]})
    assert metrics["plain"]["auc"]["value"] > 0.5, "the hand-made network is better than guessing"


def test_the_model_card_says_what_a_network_began_with_and_who_taught_it(tmp_path: Path) -> None:
    artifact = copied_artifact(tmp_path / "artifact")
    raw = json.loads((artifact / "card.json").read_text())
    raw["training"] |= {"network": "lung_classifier", "start": "d2", "teachers": ["d1", "d2"]}
    raw["training"]["members"] = [{"command": f"python -m ml.train --seed {seed}", "seed": seed} for seed in (1, 2)]
    (artifact / "card.json").write_text(json.dumps(raw))
    text = render(artifact)
    assert "those of the run d2 on the same films, to begin with, and by them ImageNet weights" in text
    assert "| Taught by | what these runs on the same films predict together, beside the labels: d1, d2 |" in text
    assert "| Weights | the mean of those of 2 runs, which are named below |" in text
    assert "`python -m ml.train --seed 2`, commit `?`, seed 2; " in text


def test_the_model_card_is_written_from_the_figures_alone() -> None:
    text = render(workshop() / "artifact")
    for heading in (
        "Model details",
        "Intended use",
        "Training and evaluation data",
        "Performance",
        "Limits",
        "Heat map",
    ):
        assert f"## {heading}" in text
    assert load_card(workshop() / "artifact").sha256 in text
    assert "**Audit.** fit for training: 0 films of one patient, or equal films, in two splits" in text
    assert "nan" not in text


@pytest.mark.parametrize("name", ["split.json", "train.json", "model.keras"])
def test_an_unfinished_run_is_not_published_and_the_old_model_stays(tmp_path: Path, name: str) -> None:
    shutil.copytree(workshop() / "run", tmp_path / "run")
    shutil.copytree(workshop() / "artifact", tmp_path / "artifact")
    (tmp_path / "run" / name).unlink()
    before = {path: path.read_bytes() for path in (tmp_path / "artifact").iterdir()}
    assert _command(tmp_path, workshop() / "data") == 1
    assert {path: path.read_bytes() for path in (tmp_path / "artifact").iterdir()} == before
    assert not list(tmp_path.glob(".artifact*")), "nothing half-made is left behind"


def test_other_data_than_the_runs_own_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(workshop() / "data", tmp_path / "data")
    one, two = sorted((tmp_path / "data" / "NORMAL").iterdir())[:2]
    one.write_bytes(two.read_bytes())
    with pytest.raises(DataError, match="has changed since"):
        publish.read_run(tmp_path / "data", workshop() / "run")


def test_a_patient_in_two_splits_stops_publishing(tmp_path: Path) -> None:
    shutil.copytree(workshop() / "run", tmp_path / "run")
    split = json.loads((tmp_path / "run" / "split.json").read_text())
    split["test"].append(split["train"].pop())
    (tmp_path / "run" / "split.json").write_text(json.dumps(split))
    with pytest.raises(DataError, match="Leakage"):
        publish.read_run(workshop() / "data", tmp_path / "run")


def test_a_network_of_another_architecture_is_refused(tmp_path: Path) -> None:
    import keras

    shutil.copytree(workshop() / "run", tmp_path / "run")
    network = handmade_network()
    keras.Model(network.input, network.outputs[0]).save(tmp_path / "run" / "model.keras")
    with pytest.raises(ArtifactDamaged, match=r"Train it with ml\.train"):
        publish.publish(workshop() / "data", tmp_path / "run", tmp_path / "artifact")
    assert not (tmp_path / "artifact").exists()


def test_publishing_once_more_keeps_network_and_probabilities_and_counts_the_version_up(tmp_path: Path) -> None:
    before, out = load_card(workshop() / "artifact"), copied_artifact(tmp_path / "artifact")
    republish(workshop() / "data", out, name="2026.1.2", films_per_shift=8, command="drawn again")
    now = load_card(out)
    now.verify()
    assert (now.sha256, now.version) == (before.sha256, "2026.1.2")
    for key in ("slope", "intercept", "prevalence"):
        assert now.first.calibration[key] == before.first.calibration[key]
    assert now.first.operating_points == before.first.operating_points, "the same films, so the same cuts and figures"
    assert now.training["republished_with"] == "drawn again"
    assert (out / "learning.svg").read_bytes() == (workshop() / "artifact" / "learning.svg").read_bytes()


def test_words_of_other_films_are_given_again_and_none_is_lost(tmp_path: Path) -> None:
    out, words = copied_artifact(tmp_path / "artifact"), tmp_path / "words.json"
    card = json.loads((out / "card.json").read_text())
    source = {"name": "Films", "source": "A hospital", "terms": "non-commercial research"}
    card["training"]["learnt_from"] = [source]
    (out / "card.json").write_text(json.dumps(card | {"name": "Another classifier"}))
    with pytest.raises(MLError, match="--about FILE"):
        republish(workshop() / "data", out)
    given = {"name": "Another classifier", "population": "Drawn films.", "intended_use": "Tests.",
             "limits": ["A first limit.", "A second one."]}  # fmt: skip
    words.write_text(json.dumps(given))
    republish(workshop() / "data", out, about=words, films_per_shift=8)
    now = load_card(out)
    assert now.intended_use == "Tests."
    assert {"A first limit.", "A second one."} <= set(now.first.limits)
    assert now.raw["populations"]["child"]["data"] == [source], "what networks behind it have learnt from stays"
    assert "A hospital" in (out / "TERMS.txt").read_text()


def test_full_size_copies_are_not_passed_over_where_nothing_can_be_made_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        command.main(["--again", "--data", str(tmp_path), "--out", str(tmp_path), "--full-size", str(tmp_path)])
    assert "--full-size needs --run" in capsys.readouterr().err


def test_versions_count_up_within_a_month() -> None:
    from datetime import date

    assert publish.next_version(workshop() / "artifact", date(2026, 1, 9)) == "2026.1.2"
    assert publish.next_version(workshop() / "artifact", date(2026, 2, 1)) == "2026.2.1"
    assert publish.next_version(workshop() / "nowhere", date(2026, 2, 1)) == "2026.2.1"


def test_a_version_with_words_behind_its_number_counts_up_too(tmp_path: Path) -> None:
    from datetime import date

    card = json.loads((workshop() / "artifact" / "card.json").read_text())
    (tmp_path / "card.json").write_text(json.dumps(card | {"version": "2026.11.5-rc"}))
    assert publish.next_version(tmp_path, date(2026, 11, 9)) == "2026.11.6"


@pytest.mark.parametrize("trial", [{"limit": 150}, {"members": [{"limit": 150}]}])
def test_a_trial_is_not_published(tmp_path: Path, trial: dict[str, object]) -> None:
    shutil.copytree(workshop() / "run", tmp_path / "run")
    facts = json.loads((tmp_path / "run" / "train.json").read_text())
    (tmp_path / "run" / "train.json").write_text(json.dumps(facts | trial))
    with pytest.raises(RunError, match="is a trial"):
        publish.read_run(workshop() / "data", tmp_path / "run")


def test_a_commit_is_asked_for_only_where_there_is_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert publish.commit() == ""


def test_what_a_publication_left_that_was_cut_off_is_put_right(tmp_path: Path) -> None:
    """Killed between its two renames it leaves no model; killed after them, the old one beside the new."""
    out, old = tmp_path / "model", tmp_path / ".model-old"
    old.mkdir()
    (old / "card.json").write_text("old")
    with pytest.raises(MLError):
        publish.publish(workshop() / "data", tmp_path / "no run", out)
    assert (out / "card.json").read_text() == "old"
    shutil.copytree(out, old)
    (out / "card.json").write_text("new")
    with pytest.raises(MLError):
        publish.publish(workshop() / "data", tmp_path / "no run", out)
    assert (out / "card.json").read_text() == "new"
    assert not old.exists()


def test_films_of_adults_are_checked_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from ml.network import export

    monkeypatch.setattr(export, "load_keras", lambda path: pytest.fail("the work has begun"))
    given = ["--data", str(workshop() / "data"), "--run", str(workshop() / "run"), "--out", str(tmp_path / "model")]
    assert command.main([*given, "--adults", str(tmp_path / "nowhere.csv")]) == 1
    assert "nowhere.csv does not exist" in capsys.readouterr().err


def test_a_file_in_place_of_the_output_folder_is_reported_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(SystemExit) as stopped:
        evaluate.main(["--data", str(workshop() / "data"), "--out", str(tmp_path / "out")])
    assert stopped.value.code == 2
    assert "is no folder to write to" in capsys.readouterr().err


def test_a_folder_never_seen_before_can_be_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = draw_films(tmp_path / "elsewhere", patients=4)
    arguments = ["--data", str(data), "--out", str(tmp_path / "out"), "--artifact", str(workshop() / "artifact")]
    arguments += ["--split", "all"]
    assert evaluate.main([*arguments, "--no-randomisation"]) == 0
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["films"].startswith("every film of the folder")
    assert metrics["plain"]["films"] == 16
    assert (tmp_path / "out" / "roc.svg").is_file()
    assert len(list((tmp_path / "out" / "worst").glob("*.png"))) == 12
    assert "balanced" in capsys.readouterr().out


def test_one_class_missing_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = draw_films(tmp_path / "elsewhere", patients=1)
    shutil.rmtree(data / "NORMAL")
    arguments = ["--data", str(data), "--out", str(tmp_path / "out"), "--artifact", str(workshop() / "artifact")]
    assert evaluate.main(arguments) == 1
    assert "NORMAL" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def _command(tmp_path: Path, data: Path) -> int:
    return command.main(["--data", str(data), "--run", str(tmp_path / "run"), "--out", str(tmp_path / "artifact")])
