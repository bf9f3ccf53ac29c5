"""Average finished (or unfinished) runs into one network: ``python -m ml.average RUN… --data DIR --out DIR``.

The runs must share one split, or a film would be validation for one member and lesson for another. What comes out is
a run folder like any other; its network's logit is the mean of the members' logits.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ml.data.dataset import DataError
from ml.data.prepare import prepare
from ml.errors import MLError
from ml.evaluation.figures import learning
from ml.files import write_json, write_text
from ml.network.classifier import INPUT_SIZE, build_serving
from ml.provenance import command_line
from ml.training.run import save_run


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
        default=INPUT_SIZE,
        help="width and height to which the served network scales a film",
    )
    given = commands.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        average(given.runs, given.data, given.out, given.input_size, command_line("average", arguments))
    except MLError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
