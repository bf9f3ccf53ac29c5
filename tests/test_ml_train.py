"""Training on drawn films: it finishes, resumes as if nothing had happened, and leaves nothing half-written."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.augment import Recipe
from ml.data import Film
from ml.fit import Plan, judge_left_out
from ml.model import Architecture
from ml.phantom import film, png
from ml.train import main, train

pytestmark = pytest.mark.slow
TINY = Plan(
    epochs=3,
    batch=8,
    side=64,
    look=64,
    precision="float32",
    architecture=Architecture(widths=(4, 6, 8, 8), blocks=(1, 1, 1, 1)),
    recipe=Recipe(jpeg=0.25),
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve drawn patients a class; noise makes them different children, which the drawing alone hardly does."""
    root = tmp_path_factory.mktemp("data")
    for label, name in enumerate(("NORMAL/IM-{:04}-0001.png", "PNEUMONIA/person{}_virus_1.png")):
        for i in range(12):
            path = root / name.format(i)
            path.parent.mkdir(exist_ok=True)
            tilted = np.roll(film(i, width=224, height=224, opacity=bool(label)), 5 * i, axis=i % 2)
            path.write_bytes(png(tilted))
    return root


@pytest.fixture(autouse=True)
def _plain_policy() -> Iterator[None]:
    yield
    import keras

    keras.config.set_dtype_policy("float32")


def test_a_run_leaves_a_network_and_all_that_is_needed_to_do_it_again(data: Path, tmp_path: Path) -> None:
    import keras

    run = tmp_path / "run"
    train(data, run, TINY)
    split, facts, history = (json.loads((run / f"{n}.json").read_text()) for n in ("split", "train", "history"))
    assert sorted(split["train"] + split["val"] + split["test"]) == sorted(
        str(path.relative_to(data)) for path in data.rglob("*.png")
    )
    assert facts["seed"] == TINY.seed
    assert facts["recipe"] == TINY.recipe.as_json()
    assert {"loss", "val_loss", "val_auc", "val_auc_plain", "learning_rate"} <= set(history[0])
    assert (run / "curves.svg").read_text().startswith("<svg")
    assert any((run / "tensorboard").iterdir())
    model = keras.models.load_model(run / "model.keras", safe_mode=True)
    assert np.isfinite(np.asarray(model(np.zeros((1, 224, 224, 1), np.float32))["logit"])).all()
    assert not list(run.glob(".*"))


def test_a_killed_run_goes_on_where_it_was(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ml.fitting import Checkpoint

    plan = replace(TINY, epochs=2)
    train(data, tmp_path / "whole", plan, log=False)

    def killed(self: Any, epoch: int, logs: Any = None) -> None:
        write(self, epoch, logs)
        raise KeyboardInterrupt

    write = Checkpoint.on_epoch_end
    monkeypatch.setattr(Checkpoint, "on_epoch_end", killed)
    with pytest.raises(KeyboardInterrupt):
        train(data, tmp_path / "broken", plan, log=False)
    monkeypatch.undo()
    train(data, tmp_path / "broken", plan, log=False, resume=True)
    whole, broken = (json.loads((tmp_path / n / "history.json").read_text()) for n in ("whole", "broken"))
    assert len(broken) == len(whole) == 2
    for name, value in whole[1].items():
        assert broken[1][name] == pytest.approx(value, rel=1e-3, abs=1e-4), name


def test_resuming_another_run_and_starting_over_an_old_one_are_refused(data: Path, tmp_path: Path) -> None:
    from ml.fitting import TrainingError

    train(data, tmp_path, replace(TINY, epochs=1), log=False)
    with pytest.raises(TrainingError, match=r"earlier run\. Add --resume"):
        train(data, tmp_path, TINY)
    with pytest.raises(TrainingError, match=r"another run \(different: rate\)"):
        train(data, tmp_path, replace(TINY, rate=1e-4), resume=True)


def test_a_full_disk_at_a_checkpoint_leaves_the_last_one(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ml.fitting import TrainingError

    train(data, tmp_path, replace(TINY, epochs=1), log=False)
    kept = (tmp_path / "checkpoint.npz").read_bytes()

    def full(handle: Any, **arrays: Any) -> None:
        handle.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(TrainingError, match="Free some space, then run the same command with --resume"):
        train(data, tmp_path, TINY, log=False, resume=True)
    assert (tmp_path / "checkpoint.npz").read_bytes() == kept
    assert not list(tmp_path.glob(".*"))


def test_a_loss_that_is_no_number_stops_the_run(data: Path, tmp_path: Path) -> None:
    from ml.fitting import TrainingError

    with pytest.raises(TrainingError, match=r"Lower --rate"):
        train(data, tmp_path, replace(TINY, rate=float("nan")), log=False)


def test_the_command_line_says_in_one_line_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path), "--out", str(tmp_path / "run")]) == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert not (tmp_path / "run").exists()


def test_a_look_left_out_is_judged_by_a_network_that_has_not_seen_it() -> None:
    shades = np.array([40, 60, 150, 170, 90], np.uint8)
    pixels = np.broadcast_to(shades[:, None, None], (5, 224, 224)).copy()
    sides = ("test", "test", "test", "test", "train")
    films = [
        Film(f"{i}.png", int(shade > 100), str(i), side=side)
        for i, (shade, side) in enumerate(zip(shades, sides, strict=True))
    ]

    def by_brightness(shown: Any, training: bool) -> dict[str, Any]:
        assert shown.shape[1:] == (96, 96, 1)
        return {"pneumonia": np.asarray(shown).mean(axis=(1, 2)) / 255}

    found = judge_left_out(by_brightness, pixels, films, look=96)
    assert found["films"] == 4
    assert found["auc"] == found["right"] == 1
    assert 0 <= found["right_shifted"] <= 1


def test_the_command_line_leaves_a_look_out(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(data, tmp_path / "run", replace(TINY, epochs=1, leave_out=1), log=False)
    told = json.loads((tmp_path / "run" / "train.json").read_text())
    assert told["left_out"]["films"] == told["films"]["test"]
    assert "look 1, left out of training" in capsys.readouterr().out
