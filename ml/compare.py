"""Compare networks on the same films: ``python -m ml.compare NETWORK NETWORK… --data DATA [--split val]``.

A network is a finished run or an artefact; the first is what the others are compared with. Prints a table (Markdown) of
what networks are chosen by (``ml/publishing/comparison.py``), differences with 95 % intervals by patient. Chosen is on
validation films; test films are for what was chosen, once. A few minutes a network.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ml.data.dataset import SPLITS, DataError, load_pixels, read_films
from ml.data.lung_masks import read_masked_films
from ml.errors import MLError
from ml.evaluation.elsewhere import load_both_sizes
from ml.evaluation.evaluation_set import TestSet, choose_films, every_film, how_many, known_films
from ml.evaluation.run import say
from ml.files import write_text
from ml.inference.cards.files import is_artefact
from ml.inference.cards.model_card import load_card
from ml.inference.population import ADULT, CHILD
from ml.inference.predictor import load_classifier
from ml.provenance import command_line
from ml.publishing.about import About
from ml.publishing.comparison import Elsewhere, Network, compare, markdown
from ml.publishing.publish import draft_artefact
from ml.training.run import read_run


def load_network(folder: Path, data: Path, population: str, drafts: Path) -> Network:
    """Load an artefact, or make one of a run: exported, calibrated, not measured.

    Args:
        folder: The artefact, or the run.
        data: What the run was trained on.
        population: Whom a run's network is for.
        drafts: Where to put the artefact of a run.

    Raises:
        MLError: It cannot be used.
    """
    if is_artefact(folder):
        card = load_card(folder)
        card.verify()
        return Network(card.version, card, load_classifier(card))
    say(f"{folder.name} …")
    made = Path(tempfile.mkdtemp(dir=drafts))
    drafted = draft_artefact(read_run(data, folder), folder, made, "0.0.0", About(whose=population))
    return Network(folder.name, drafted.card, drafted.engine)


def check_untaught(networks: Sequence[Network], test: TestSet) -> None:
    """Refuse films that a network has learnt from.

    Raises:
        DataError: One has.
    """
    for network in networks:
        if learnt := how_many(test.pixels, known_films(network.model.directory)["train"]):
            raise DataError(
                f"{network.name} has learnt from {learnt} of the {len(test.films)} films ({test.what}), so they do "
                "not tell what it is worth. Give others."
            )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ml.compare", description="Compare networks on the same films.")
    parser.add_argument("networks", type=Path, nargs="+", help="artefacts or finished runs")
    parser.add_argument("--data", type=Path, required=True, help="the films: folder CLASS/* or split/CLASS/*, or a CSV")
    parser.add_argument("--split", default="val", choices=(*SPLITS, "all"), help="of the first network (default: val)")
    parser.add_argument("--population", default=CHILD, choices=(CHILD, ADULT), help="whom runs are for")
    parser.add_argument("--also", default=[], action="append", metavar="NAME=DATA", help="labelled films of another "
                        "source, all of them; may be given several times")  # fmt: skip
    parser.add_argument("--masks", type=Path, metavar="DIR", help="lungs drawn by people, to say how much of the heat "
                        "map lies in them")  # fmt: skip
    parser.add_argument("--full-size", type=Path, metavar="DIR", help="full-size copies of some of the data's films")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to write the table besides")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        also = [name.partition("=")[::2] for name in options.also]
        if wrong := [name for name, data in also if not name or not data]:
            parser.error(f"--also wants NAME=DATA, not {wrong[0]!r}")
        labelled = {name: replace(every_film(Path(data)), what=f"{name}, {data}") for name, data in also}
        # Read before anything is measured: a fault in them would else be told minutes later.
        full_size = None
        if options.full_size is not None:
            films = read_films(options.data)
            pixels = load_pixels(options.data, films)
            small = {Path(film.file).name: row for film, row in zip(films, pixels, strict=True)}
            full_size = load_both_sizes(options.full_size, small)
        if options.masks is not None:
            read_masked_films(options.masks)
        with tempfile.TemporaryDirectory() as drafts:
            networks = [load_network(one, options.data, options.population, Path(drafts)) for one in options.networks]
            test = choose_films(options.data, options.split, networks[0].model)
            for each in (test, *labelled.values()):
                check_untaught(networks, each)
            table = compare(networks, test, Elsewhere(labelled, options.masks, full_size))
        told = (
            f"{len(test.films)} films, {int(np.sum(test.labels))} with pneumonia: {test.what}. Figures that differ "
            f"by more than chance are bold. `{command_line('compare', arguments)}`\n\n{markdown(networks, table)}"
        )
        if options.out is not None:
            write_text(options.out, told)
    except (MLError, OSError) as error:
        say(str(error))
        return 1
    print(told, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
