"""Put the published gate to the test on real pictures: ``python -m ml.examine_gate FOLDER --page docs/gate-card.md``.

FOLDER holds a folder for each group of files; a group whose name ends in "frontal" has to pass, all others have to be
refused. Every file goes the way of a submitted one, through intake and gate. Then the gate is shown its pixels without
intake's help (colours are taken out), as they are, inverted and turned. ``tools/gather_pictures.py`` fills a folder.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ml.errors import IntakeError, Refusal
from ml.gate_training.card_page import page
from ml.gate_training.exam import Row, as_input, row
from ml.gate_training.fit import orient
from ml.gate_training.publish import add_exam
from ml.inference.cards.files import ARTIFACTS
from ml.inference.gate.check import Gate, GateResult
from ml.intake.read import Limits, ModelInput, read_radiograph

_WAYS = ((0, False), (0, True), (1, False))  # as they are, inverted, turned


def pixels_of(path: Path) -> ModelInput | None:
    """The pixels of any picture in grey, ``None`` where they are unreadable or too few to show anything."""
    try:
        with Image.open(path) as picture:
            grey = picture.convert("RGBA").convert("L")
    except (OSError, ValueError, SyntaxError):
        return None
    return as_input(np.asarray(grey)) if min(grey.size) >= Limits().min_side else None


def submitted(gate: Gate, path: Path) -> GateResult:
    """What the product says of a file."""
    try:
        film = read_radiograph(path.read_bytes(), for_model_only=True)
    except IntakeError as error:
        return GateResult(Refusal(error.code, error.message, error.advice, **error.parameters), (), {})
    return gate.check([film.model_input()])[0]


def examine(gate: Gate, folder: Path) -> Iterator[Row]:
    """Two rows for each group: as submitted, and the gate alone on every picture three times."""
    for group in sorted(path for path in folder.iterdir() if path.is_dir()):
        passes = group.name.endswith("frontal")
        wanted = "pass" if passes else "refuse"
        files = sorted(group.iterdir())
        results = [submitted(gate, path) for path in files]
        yield row(group.name, wanted, results, [(result.refusal is None) == passes for result in results])
        seen = [film.pixels for film in map(pixels_of, files) if film is not None]
        results = gate.check([as_input(orient(pixels, *way)) for pixels in seen for way in _WAYS])
        right = [(result.refusal is None) == passes for result in results]
        yield row(f"{group.name}: the gate alone, also inverted and turned", wanted, results, right)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m ml.examine_gate", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, help="a folder of groups of pictures")
    parser.add_argument("--gate", type=Path, default=ARTIFACTS / "gate", help="artefact folder of the gate")
    parser.add_argument("--page", type=Path, help="put the outcome into the gate's card, and write the card there")
    given = parser.parse_args(arguments)
    rows = []
    for found in examine(Gate.load(given.gate), given.folder):
        rows.append(found)
        print(f"{found.group:70s} {found.right:5d}/{found.films:5d} {found.codes} {found.notices}", flush=True)
    if given.page:
        given.page.write_text(page(add_exam(given.gate, {"pictures": rows}, {})), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
