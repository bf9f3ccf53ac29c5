"""Several runs averaged into one network: a run folder like any other."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from ml.average import average, average_weights, main
from ml.data.dataset import SPLITS, DataError
from ml.data.prepare import prepare
from ml.files import write_json
from ml.training.config import LungClassifierConfig
from ml.training.run import RunError, read_run
from tests.ml.drawn import tiny_runs

pytestmark = pytest.mark.slow


def test_the_mean_of_two_runs_is_a_run_that_can_be_published(tmp_path: Path) -> None:
    import keras

    root = tiny_runs()
    runs = [root / "one", root / "two"]
    arguments = [*map(str, runs), "--data", str(root / "data"), "--out", str(tmp_path / "both"), "--input-size", "64"]
    assert main(arguments) == 0
    read = read_run(root / "data", tmp_path / "both")
    assert read.histories == [json.loads((run / "history.json").read_text()) for run in runs]
    assert [member["seed"] for member in read.facts["members"]] == [1, 2]
    assert read.facts["command"].startswith("python -m ml.average one two ")
    films = np.random.default_rng(0).integers(0, 256, (3, 224, 224, 1)).astype(np.float32)
    logits = [
        np.asarray(keras.models.load_model(path / "model.keras")(films)["logit"]) for path in (*runs, tmp_path / "both")
    ]
    assert np.abs((logits[0] + logits[1]) / 2 - logits[2]).max() < 1e-3


def test_a_member_comes_with_the_weights_that_were_best_or_last() -> None:
    from ml.training.checkpoint import load_member

    member = load_member(tiny_runs() / "one", "mean")
    with np.load(tiny_runs() / "one" / "checkpoint.npz") as stored:
        assert np.array_equal(member.network.get_weights()[0], stored["mean0"])
    assert member.identity["architecture"] == member.architecture.as_json()
    assert len(member.history) == 1


def changed(run: Path, **identity: object) -> Path:
    """A copy of a run whose checkpoint says other things of itself."""
    shutil.copytree(tiny_runs() / "two", run)
    with np.load(run / "checkpoint.npz") as stored:
        arrays = dict(stored.items())
    state = json.loads(arrays["state"].tobytes())
    state["identity"] |= identity
    arrays["state"] = np.frombuffer(json.dumps(state).encode(), np.uint8)
    np.savez(run / "checkpoint.npz", **arrays)
    return run


@pytest.mark.parametrize(
    ("identity", "words"),
    [({"data": "other"}, "other data"), ({"split_seed": 7}, "another split")],
)
def test_runs_that_saw_other_films_are_not_averaged(tmp_path: Path, identity: dict[str, object], words: str) -> None:
    other = changed(tmp_path / "other", **identity)
    with pytest.raises(DataError, match=words):
        average([tiny_runs() / "one", other], tiny_runs() / "data", tmp_path / "both")
    assert not (tmp_path / "both").exists()


def test_a_folder_without_a_run_is_reported_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "--data", str(tmp_path), "--out", str(tmp_path / "both")]) == 2
    assert capsys.readouterr().err.startswith("error: ")


@pytest.fixture
def few_films(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.training.statistics._FILMS", 8)


def finished_run_on_crops(run: Path, data: Path, seed: int, *, limit: int | None = None, **identity: object) -> float:
    """What ml.train leaves of a run on lung crops, with weights that nobody trained; the bias of its head."""
    from ml.network.lung_classifier import build_training

    network = build_training(64, kinds=2)
    weights = [np.random.default_rng(seed).uniform(0.01, 0.1, array.shape) for array in network.get_weights()]
    prepared = prepare(data, 2026)
    known = LungClassifierConfig(seed=seed, size=64, serve_size=64, batch=8).as_json()
    known |= {"architecture": "lung_classifier", "data": prepared.digest, **identity}
    state = {"identity": known, "history": [{"val_loss": 0.5}], "count": 1}
    run.mkdir()
    np.savez(
        run / "checkpoint.npz",
        state=np.frombuffer(json.dumps(state).encode(), np.uint8),
        **{f"best{i}": array.astype(np.float32) for i, array in enumerate(weights)},
    )
    splits = {split: [film.file for film in prepared.films if film.split == split] for split in SPLITS}
    write_json(run / "split.json", splits)
    facts = {"command": f"python -m ml.train --seed {seed}", "seed": seed, "commit": "abc", "limit": limit}
    write_json(run / "train.json", facts)
    network.set_weights(weights)
    return float(network.get_layer("head_lungs").get_weights()[1][0])


@pytest.mark.usefixtures("few_films")
def test_weights_of_runs_that_began_alike_are_averaged_into_one_network(tmp_path: Path) -> None:
    from ml.network.export import load_keras, read_head
    from ml.network.lung_classifier import build_training
    from ml.training.checkpoint import give_lung_weights

    data = tiny_runs() / "data"
    runs = [tmp_path / "one", tmp_path / "two"]
    biases = [finished_run_on_crops(run, data, seed) for seed, run in enumerate(runs, start=1)]
    arguments = [*map(str, runs), "--data", str(data), "--out", str(tmp_path / "mean")]
    assert main(arguments) == 0
    assert read_head(load_keras(tmp_path / "mean" / "model.keras"))[1] == pytest.approx(np.mean(biases), abs=1e-6)
    network = build_training(64, kinds=2)
    give_lung_weights(network, tmp_path / "mean", "mean")  # as training begins with it
    assert network.get_layer("head_lungs").get_weights()[1][0] == pytest.approx(np.mean(biases), abs=1e-6)
    facts = read_run(data, tmp_path / "mean").facts
    assert [run["command"] for run in facts["members"]] == [f"python -m ml.train --seed {seed}" for seed in (1, 2)]
    assert (facts["network"], facts["serve_size"], "seed" in facts) == ("lung_classifier", 64, False)
    assert main([*arguments, "--input-size", "64"]) == 2


def test_runs_on_crops_that_learnt_otherwise_are_not_averaged(tmp_path: Path) -> None:
    data = tiny_runs() / "data"
    finished_run_on_crops(tmp_path / "one", data, 1)
    finished_run_on_crops(tmp_path / "two", data, 2, frozen=0)
    with pytest.raises(DataError, match="different frozen"):
        average_weights([tmp_path / "one", tmp_path / "two"], data, tmp_path / "mean")


@pytest.mark.usefixtures("few_films")
def test_the_mean_of_trials_is_a_trial(tmp_path: Path) -> None:
    data = tiny_runs() / "data"
    finished_run_on_crops(tmp_path / "one", data, 1, limit=150)
    average_weights([tmp_path / "one"], data, tmp_path / "mean")
    with pytest.raises(RunError, match="is a trial"):
        read_run(data, tmp_path / "mean")
