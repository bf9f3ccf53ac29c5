"""Training on drawn films: it finishes, resumes as if nothing had happened, and leaves nothing half-written."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.network.classifier import Architecture
from ml.provenance import command_line
from ml.train import main, train
from tests.ml.drawn import tiny_config, tiny_runs, without_graphs

pytestmark = pytest.mark.slow
TINY = tiny_config()


@pytest.fixture
def data() -> Path:
    return tiny_runs() / "data"


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A run of TINY's after one epoch."""
    return Path(shutil.copytree(tiny_runs() / "one", tmp_path / "run"))


@pytest.fixture(autouse=True)
def _plain_policy() -> Iterator[None]:
    yield
    import keras

    keras.config.set_dtype_policy("float32")


@pytest.fixture
def quick() -> Iterator[None]:
    """For tests of what is around the training steps."""
    with without_graphs():
        yield


def test_a_run_leaves_a_network_and_all_that_is_needed_to_do_it_again(data: Path, tmp_path: Path) -> None:
    import keras

    run = tmp_path / "run"
    config = replace(TINY, epochs=1, architecture=Architecture(widths=(4, 6), blocks=(1, 1)))
    train(data, run, config, command=command_line("train", ["--data", "a b"]))
    split, facts, history = (json.loads((run / f"{n}.json").read_text()) for n in ("split", "train", "history"))
    assert sorted(split["train"] + split["val"] + split["test"]) == sorted(
        str(path.relative_to(data)) for path in data.rglob("*.png")
    )
    assert facts["seed"] == TINY.seed
    assert facts["augmentation"] == TINY.augmentation.as_json()
    assert facts["policy"] == "float32"
    assert facts["devices"]
    assert facts["command"] == "python -m ml.train --data 'a b'"
    assert {"loss", "val_loss", "val_auc", "val_auc_plain", "learning_rate"} <= set(history[0])
    assert (run / "curves.svg").read_text().startswith("<svg")
    model = keras.models.load_model(run / "model.keras", safe_mode=True)
    assert np.isfinite(np.asarray(model(np.zeros((1, 224, 224, 1), np.float32))["logit"])).all()
    assert not list(run.glob(".*"))


@pytest.mark.usefixtures("quick")
def test_a_killed_run_goes_on_where_it_was(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ml.training.checkpoint import Checkpoint

    config = replace(TINY, epochs=2)
    train(data, tmp_path / "whole", config)

    def killed(self: Any, epoch: int, logs: Any = None) -> None:
        write(self, epoch, logs)
        raise KeyboardInterrupt

    write = Checkpoint.on_epoch_end
    monkeypatch.setattr(Checkpoint, "on_epoch_end", killed)
    with pytest.raises(KeyboardInterrupt):
        train(data, tmp_path / "broken", config)
    monkeypatch.undo()
    train(data, tmp_path / "broken", config, resume=True)
    whole, broken = (json.loads((tmp_path / n / "history.json").read_text()) for n in ("whole", "broken"))
    assert len(broken) == len(whole) == 2
    for name, value in whole[1].items():
        assert broken[1][name] == pytest.approx(value, rel=1e-3, abs=1e-4), name


@pytest.mark.usefixtures("quick")
def test_resuming_another_run_and_starting_over_an_old_one_are_refused(data: Path, begun: Path) -> None:
    from ml.training.callbacks import TrainingError

    with pytest.raises(TrainingError, match=r"earlier run\. Add --resume"):
        train(data, begun, TINY)
    with pytest.raises(TrainingError, match=r"another run \(different: rate\)"):
        train(data, begun, replace(TINY, rate=1e-4), resume=True)


@pytest.mark.usefixtures("quick")
def test_a_full_disk_at_a_checkpoint_leaves_the_last_one(
    data: Path, begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ml.training.callbacks import TrainingError

    kept = (begun / "checkpoint.npz").read_bytes()

    def full(handle: Any, **arrays: Any) -> None:
        handle.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(TrainingError, match="Free some space, then run the same command again"):
        train(data, begun, TINY, resume=True)
    assert (begun / "checkpoint.npz").read_bytes() == kept
    assert not list(begun.glob(".*"))


@pytest.mark.usefixtures("quick")
def test_a_loss_that_is_no_number_stops_the_run(data: Path, tmp_path: Path) -> None:
    from ml.training.callbacks import TrainingError

    with pytest.raises(TrainingError, match=r"Start again by a recipe with a lower rate .* no epoch is whole"):
        train(data, tmp_path, replace(TINY, rate=float("nan")))


@pytest.mark.usefixtures("quick")
def test_after_a_whole_epoch_the_advice_is_one_that_can_be_followed(data: Path, tmp_path: Path) -> None:
    """--resume with another rate is refused, so it must not be what is advised."""
    from ml.training.callbacks import Averaged, TrainingError

    def lost(self: Any, batch: int, logs: Any = None) -> None:
        if self.count == 3:
            logs = {"loss": float("nan")}
        told(self, batch, logs)

    told = Averaged.on_train_batch_end
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Averaged, "on_train_batch_end", lost)
        with pytest.raises(TrainingError, match=f"--start {tmp_path} begins there"):
            train(data, tmp_path, TINY)


@pytest.mark.usefixtures("quick")
def test_half_precision_leaves_biases_and_norms_out_of_weight_decay(data: Path, tmp_path: Path) -> None:
    from ml.training.checkpoint import Checkpoint

    seen = {}

    def at_end(self: Any, epoch: int, logs: Any = None) -> None:
        inner = self.model.optimizer.inner_optimizer
        write(self, epoch, logs)
        seen.update({v.name: inner._use_weight_decay(v) for v in self.model.trainable_variables})

    write = Checkpoint.on_epoch_end
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoint, "on_epoch_end", at_end)
        train(data, tmp_path, replace(TINY, epochs=1, precision="mixed_float16"))
    assert {name: decays for name, decays in seen.items() if decays != (name == "kernel")} == {}


def test_the_command_line_says_in_one_line_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path), "--out", str(tmp_path / "run")]) == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("out", ["file", "file/run"])
def test_a_file_in_place_of_the_run_folder_is_reported_before_the_work(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], out: str
) -> None:
    (tmp_path / "file").write_text("")
    assert main(["--data", str(data), "--out", str(tmp_path / out)]) == 2
    assert "Name a folder" in capsys.readouterr().err


def test_a_run_folder_that_cannot_be_made_is_reported_before_the_first_epoch(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data", str(data), "--out", "/proc/run"]) == 2
    assert "/proc/run cannot be made" in capsys.readouterr().err
