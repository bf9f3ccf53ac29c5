"""Turn a training run into the model that is served: ``python -m ml.publish --data DIR --run RUN [--out DIR]``.

With ``--again`` in place of ``--run`` the artefact in ``--out`` is published once more: same network and calibration,
operating points chosen and everything measured once more, a new version of the card.

One command: checks the split, exports and compares with Keras, calibrates and chooses thresholds on validation
patients, measures on test patients, draws the figures, writes the card. The artefact folder is put in place as a whole
at the end, so a failure anywhere leaves the old one untouched. A few minutes on two cores that have nothing else to do.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ml.errors import MLError
from ml.evaluation.run import say
from ml.evaluation.summary import summary
from ml.inference.cards.files import ARTIFACTS
from ml.provenance import command_line
from ml.publishing.other_films import OtherFilms
from ml.publishing.publish import publish
from ml.publishing.republish import republish


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ml.publish", description="Make a training run the served model.")
    parser.add_argument("--data", type=Path, required=True, help="the run's data: folder or CSV")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--run", type=Path, help="folder written by ml.train")
    source.add_argument(
        "--again", action="store_true", help="publish the artefact in --out once more, without training"
    )
    parser.add_argument("--out", type=Path, default=ARTIFACTS / "pneumonia", help="artefact folder to replace")
    parser.add_argument("--version", help="default: year.month.number, counting up")
    parser.add_argument("--half", action="store_true", help="store the exported weights in 16 bits")
    parser.add_argument("--adults", type=Path, help="CSV of adults' films read by radiologists (file, study, label, "
                        "appearance), to say what the network is worth on them")  # fmt: skip
    parser.add_argument("--about", type=Path, help="JSON with name, population, intended_use and limits, for the card "
                        "of a model of other films than the published ones")  # fmt: skip
    parser.add_argument("--films-per-shift", type=int, default=600, metavar="N", help="about so many test films for "
                        "each line of the robustness table")  # fmt: skip
    parser.add_argument("--masks", type=Path, metavar="DIR", help="lungs drawn by people, to say how much of the heat "
                        "map lies in them")  # fmt: skip
    parser.add_argument("--children", type=Path, metavar="DIR", help="the children's data, to say what a network for "
                        "others is worth on their test films")  # fmt: skip
    parser.add_argument("--full-size", type=Path, metavar="DIR", help="full-size copies of some of the run's films, to "
                        "say what becomes of these")  # fmt: skip
    parser.add_argument("--card", type=Path, help="where to write the model card as text (default: docs/model-card.md "
                        "when the committed artefact is replaced)")  # fmt: skip
    options = parser.parse_args(arguments)
    if options.again and options.full_size is not None:
        parser.error("--full-size needs --run: an artefact does not hold the small copies to compare with")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    command = command_line("publish", arguments)
    target = options.card
    if target is None and options.out.resolve().parent == ARTIFACTS:
        target = Path(__file__).resolve().parent.parent / "docs" / "model-card.md"
    try:
        others = OtherFilms.read(options.adults, options.masks, options.children, options.full_size)
        metrics = republish(
            options.data, options.out, name=options.version, about=options.about, others=others,
            films_per_shift=options.films_per_shift, command=command,
        ) if options.again else publish(
            options.data, options.run, options.out, name=options.version, half=options.half, about=options.about,
            others=others, films_per_shift=options.films_per_shift, command=command,
        )  # fmt: skip
        print(summary(metrics))
        if target is not None:
            from ml.publishing.card_page import render

            target.write_text(render(options.out, figures="../ml/artifacts/pneumonia"), encoding="utf-8")
            say(f"{target} is written")
    except (MLError, OSError) as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
