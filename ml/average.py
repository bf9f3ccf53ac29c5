"""Average runs into one network: ``python -m ml.average RUN… --data DATA --out DIR``.

The runs must share one split, or a film would be validation for one member and lesson for another. What comes out is
a run folder like any other. Of networks of whole films, finished or not, its logit is the mean of the members' logits.
Of finished runs on lung crops that began with the same weights it is one network of no more work, whose weights are
the mean of theirs (Wortsman et al. 2022, *Model soups*), and whose normalisation goes by its own activations.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ml.data.dataset import DataError
from ml.data.prepare import prepare
from ml.errors import MLError
from ml.evaluation.figures import learning
from ml.files import write_json, write_text
from ml.network import lung_classifier
from ml.network.classifier import INPUT_SIZE, build_serving
from ml.network.lungs import load_lungs
from ml.provenance import command_line
from ml.training.config import LungClassifierConfig
from ml.training.run import read_split, save_run

_OF_ONE_RUN = ("seed", "epochs")
"""What may differ between runs whose weights are averaged."""


def average(runs: Sequence[Path], data: Path, out: Path, input_size: int = INPUT_SIZE, command: str = "") -> None:
    """Write the mean of ``runs`` to ``out`` as one run folder.

    Args:
        runs: Run folders of ``ml.train``, at least one.
        data: The data they were trained on.
        out: The folder to write.
        input_size: Side to which the served network scales a film, in pixels.
        command: The command line, for train.json.

    Raises:
        DataError: A run is not readable, or was trained on another split or other data.
    """
    from ml.training.checkpoint import load_member

    members = [load_member(run) for run in runs]
    prepared = prepare(data, int(members[0].identity["split_seed"]), cache=out.parent / "cache")
    first = members[0].identity
    for run, member in zip(runs, members, strict=True):
        if member.identity["data"] != prepared.digest or member.identity["split_seed"] != first["split_seed"]:
            raise DataError(f"{run} was trained on other data or another split; its members cannot be averaged.")
    model = build_serving([m.network for m in members], [m.architecture for m in members], input_size)
    facts = {
        "command": command,
        "members": [{**member.identity, "epochs_done": len(member.history)} for member in members],
        "input_size": input_size,
        "seed": first["seed"],
        "split_seed": first["split_seed"],
    }
    save_run(out, model, prepared, facts)
    histories = [member.history for member in members]
    write_json(out / "history.json", histories)
    write_text(out / "curves.svg", learning(histories))


def average_weights(runs: Sequence[Path], data: Path, out: Path, command: str = "") -> None:
    """Write the network whose weights are the mean of those of finished runs on lung crops; a run may begin with it.

    Args:
        runs: Run folders of ``ml.train``, of one recipe, one split and one beginning; seeds and lengths may differ.
        data: The data they were trained on.
        out: The folder to write.
        command: The command line, for train.json.

    Raises:
        DataError: They differ in more than that, or were trained on other data.
        MLError: One of them is no finished run.
    """
    from ml.training.checkpoint import read_checkpoint, write_checkpoint
    from ml.training.lung_fit import kinds_of
    from ml.training.statistics import take_statistics

    found = [read_checkpoint(run / "checkpoint.npz") for run in runs]
    identities: list[dict[str, Any]] = [state["identity"] for _arrays, state in found]
    split, first = read_split(runs[0]), identities[0]
    for run, identity in zip(runs, identities, strict=True):
        differing = [name for name in first if name not in _OF_ONE_RUN and identity.get(name) != first[name]]
        if differing or read_split(run) != split:
            raise DataError(f"{run} cannot be averaged with {runs[0]}: different {', '.join(differing or ['split'])}.")
    config = LungClassifierConfig.of_run(first)
    prepared = prepare(
        data, config.split_seed, propensity_cap=config.propensity_cap, cache=out.parent / "cache", split_of=split
    )
    if prepared.digest != first["data"]:
        raise DataError(f"The runs were trained on other data than {data}.")
    means = [
        np.mean([arrays[f"best{i}"] for arrays, _state in found], axis=0)
        for i in range(sum(name.startswith("best") for name in found[0][0]))
    ]
    kinds = len(kinds_of(prepared.films)[0])
    learning_on, network = (
        lung_classifier.build_training(size, stages=config.stages, kinds=kinds)
        for size in (config.size, config.serve_size)
    )
    learning_on.set_weights(means)
    take_statistics(learning_on, prepared, config)
    weights = learning_on.get_weights()
    network.set_weights(weights)
    served = lung_classifier.build_serving(network, load_lungs(), config.serve_size, config.soften)
    histories = [state["history"] for _arrays, state in found]
    trained = [json.loads((run / "train.json").read_text(encoding="utf-8")) for run in runs]
    kept = ("command", "seed", "epochs", "best", "seconds", "limit", "commit")
    write_checkpoint(out / "checkpoint.npz", {"mean": weights, "best": weights}, first, [])
    facts = {name: first[name] for name in first.keys() - {"architecture", "data", *_OF_ONE_RUN}}
    members = [{name: one[name] for name in kept if name in one} for one in trained]
    save_run(out, served, prepared, {**facts, "command": command, "members": members})
    write_json(out / "history.json", histories)
    write_text(out / "curves.svg", learning(histories))


def _on_lung_crops(run: Path) -> bool:
    from ml.training.checkpoint import identity_of

    return bool(identity_of(run)["architecture"] == "lung_classifier")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; exit status 0, or 2 where something says no."""
    commands = argparse.ArgumentParser(prog="python -m ml.average", description="Average runs into one network.")
    commands.add_argument("runs", type=Path, nargs="+")
    commands.add_argument("--data", type=Path, required=True)
    commands.add_argument("--out", type=Path, required=True)
    commands.add_argument(
        "--input-size",
        type=int,
        choices=range(32, 257, 16),
        metavar="PIXELS",
        help=f"width and height to which a network of whole films scales them (default: {INPUT_SIZE})",
    )
    given = commands.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        command = command_line("average", arguments)
        if not _on_lung_crops(given.runs[0]):
            average(given.runs, given.data, given.out, given.input_size or INPUT_SIZE, command)
        elif given.input_size:
            raise DataError("Networks on lung crops are served at the size of their recipe; leave --input-size out.")
        else:
            average_weights(given.runs, given.data, given.out, command)
    except MLError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
