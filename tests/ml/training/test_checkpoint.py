"""What a run goes on from or begins with: its own checkpoint, whole and of this run, or another run's weights."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.data.dataset import DataError
from ml.train import train
from tests.ml.drawn import tiny_config, tiny_runs

pytestmark = pytest.mark.slow
TINY = tiny_config()


def test_a_run_begins_with_the_averaged_weights_of_another_of_its_shape(tmp_path: Path) -> None:
    from ml.network.classifier import build_training
    from ml.training.checkpoint import load_member
    from ml.training.fit import begin_with

    network = build_training(TINY.architecture, TINY.train_size)
    begin_with(network, tiny_runs() / "one", TINY.architecture)
    wanted = load_member(tiny_runs() / "one", "mean").network.get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(network.get_weights(), wanted, strict=True))
    wide = replace(TINY.architecture, widths=(12,))
    with pytest.raises(DataError, match=r"another shape.*widths \[4\], blocks \[1\] and view 'both'"):
        train(tiny_runs() / "data", tmp_path, replace(TINY, architecture=wide, start=str(tiny_runs() / "one")))


@pytest.mark.parametrize("length", [0, 1000, -100])
def test_a_damaged_checkpoint_is_reported_and_not_gone_on_from(tmp_path: Path, length: int) -> None:
    from ml.training.callbacks import TrainingError
    from ml.training.checkpoint import load_member

    whole = (tiny_runs() / "one" / "checkpoint.npz").read_bytes()
    (tmp_path / "checkpoint.npz").write_bytes(whole[:length])
    with pytest.raises(TrainingError, match=r"cannot be read as a checkpoint .* Remove it and start without --resume"):
        train(tiny_runs() / "data", tmp_path, TINY, resume=True)
    with pytest.raises(DataError, match="train it first"):
        load_member(tmp_path)


def test_what_differs_is_named_when_it_is_new_as_well(tmp_path: Path) -> None:
    from ml.training.callbacks import Averaged, TrainingError
    from ml.training.checkpoint import Checkpoint

    shutil.copy(tiny_runs() / "one" / "checkpoint.npz", tmp_path)
    with np.load(tmp_path / "checkpoint.npz") as stored:
        identity = json.loads(stored["state"].tobytes())["identity"]
    checkpoint = Checkpoint(tmp_path / "checkpoint.npz", Averaged(), None, identity | {"new": 1}, [])
    with pytest.raises(TrainingError, match=r"\(different: new\)"):
        checkpoint.restore(None, [])
