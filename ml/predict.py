"""Predict films: ``python -m ml.predict PATH… [--csv FILE|-] [--json FILE|-] [--heatmaps DIR]``.

One row per film (:mod:`ml.inference.prediction_rows`). *state* is ``done``, ``rejected`` (not something the model may
answer for, or of none of its populations; *reason* says why) or ``failed`` (could not be read from disk, or an error of
ours). *population* is ``child``, ``adult``, ``outside`` or ``unknown``, known by the ``header``, as ``stated`` with
``--population``, or by the ``image``. *score* is the network's logit, before calibration. A film is normal below
*rule_out*, shows pneumonia from *rule_in* upwards, and is indeterminate between them; the cuts and the probability are
written in full, so the finding can be had of them again.

Exit status: 0 all done, 3 some rejected or failed, 2 wrong usage, 1 no model.
Progress is on stderr. A line of CSV is written as soon as its batch is through: a killed run leaves what it had. The
table for a terminal and the JSON are written at the end.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
import time
import traceback
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from ml.errors import ArtifactError, IntakeError, Refusal
from ml.inference.cards.population_card import OPERATING_POINTS
from ml.inference.heatmap import upsample
from ml.inference.population import POPULATIONS, OutsidePopulations
from ml.inference.prediction_rows import Row, csv_lines, write_json, write_table
from ml.inference.predictor import Prediction, Predictor
from ml.intake.find_files import find_films
from ml.intake.read import ModelInput, Radiograph, read_radiograph

BATCH = 16
AHEAD = 4 * BATCH


@dataclass(frozen=True, slots=True)
class _Read:
    """One input after reading: either a film or a row that says why not."""

    path: Path
    milliseconds: float
    film: ModelInput | None = None
    radiograph: Radiograph | None = None
    problem: Row | None = None


def _read(path: Path, whole: bool) -> _Read:
    began = time.perf_counter()

    def spent() -> float:
        return (time.perf_counter() - began) * 1000

    try:
        radiograph = read_radiograph(path.read_bytes(), for_model_only=not whole)
        film = radiograph.model_input()
    except IntakeError as error:
        return _Read(path, spent(), problem=Row(str(path), "rejected", error.code, message=str(error)))
    except OSError as error:
        message = f"The file cannot be read: {error.strerror or error}."
        return _Read(path, spent(), problem=Row(str(path), "failed", "UNREADABLE", message=message))
    except Exception as error:  # one film's bug must not end the others' run; it is shown in full
        traceback.print_exc()
        message = f"An error of ours: {type(error).__name__}."
        return _Read(path, spent(), problem=Row(str(path), "failed", "ERROR", message=message))
    return _Read(path, spent(), film, radiograph if whole else None)


def _read_ahead(paths: Iterable[Path], whole: bool, workers: int) -> Iterator[_Read]:
    """Read films in threads (decoding lets go of the interpreter), in order, never more than a few batches ahead."""
    waiting: deque[Future[_Read]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for path in paths:
            waiting.append(pool.submit(_read, path, whole))
            if len(waiting) >= AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def predict(
    predictor: Predictor,
    paths: Iterable[Path],
    operating_point: str,
    *,
    stated: str = "",
    heatmaps: Path | None = None,
    workers: int = 2,
) -> Iterator[Row]:
    """Predict films and give one row for each, in order; ``stated`` is whose films they all are, if that is known."""
    batch: list[_Read] = []
    count = 0
    for read in _read_ahead(paths, heatmaps is not None, workers):
        batch.append(read)
        if len(batch) == BATCH:
            yield from _predict(predictor, batch, operating_point, stated, heatmaps, count)
            count += len(batch)
            batch = []
    yield from _predict(predictor, batch, operating_point, stated, heatmaps, count)


def _predict(
    predictor: Predictor, batch: Sequence[_Read], operating_point: str, stated: str, heatmaps: Path | None, count: int
) -> Iterator[Row]:
    films = [read.film for read in batch if read.film is not None]
    answers = iter(_answers(predictor, films, operating_point, stated))
    for number, read in enumerate(batch, start=count + 1):
        if read.problem is not None:
            yield replace(read.problem, milliseconds=read.milliseconds, model_version=predictor.card.version)
            continue
        row = _row(read, next(answers), heatmaps, number)
        yield replace(row, model_version=predictor.card.version)


def _answers(
    predictor: Predictor, films: list[ModelInput], operating_point: str, stated: str
) -> Sequence[Prediction | Refusal | str]:
    """What the model says of each film; where a batch makes it fail, film by film, and the error of the failing one."""
    try:
        return predictor.predict(films, operating_point, [stated] * len(films))
    except Exception as error:  # one film's bug must not end the others' run; it is shown in full
        traceback.print_exc()
        if len(films) == 1:
            return [f"An error of ours: {type(error).__name__}."]
    return [answer for film in films for answer in _answers(predictor, [film], operating_point, stated)]


def _row(read: _Read, answer: Prediction | Refusal | str, heatmaps: Path | None, number: int) -> Row:
    if isinstance(answer, str):
        return Row(str(read.path), "failed", "ERROR", milliseconds=read.milliseconds, message=answer)
    if isinstance(answer, Refusal):
        row = Row(str(read.path), "rejected", answer.code, milliseconds=read.milliseconds, message=str(answer))
        whose = answer.belonging if isinstance(answer, OutsidePopulations) else None
        return replace(row, population=whose.population, population_known_by=whose.source) if whose else row
    if heatmaps is not None and read.radiograph is not None:
        try:
            write_heatmap(heatmaps / f"{number:05d}_{read.path.stem[:60]}.png", read.radiograph, answer)
        except OSError as error:
            message = f"The heat map cannot be written: {error.strerror or error}."
            return Row(str(read.path), "failed", "NOT_WRITTEN", milliseconds=read.milliseconds, message=message)
    return Row(
        str(read.path),
        "done",
        population=answer.belonging.population,
        population_known_by=answer.belonging.source,
        finding=answer.finding,
        probability=answer.probability,
        score=answer.score,
        operating_point=answer.operating_point,
        rule_out=answer.cuts.rule_out,
        rule_in=answer.cuts.rule_in,
        milliseconds=read.milliseconds + answer.milliseconds,
        warnings=answer.warnings,
    )


def write_heatmap(path: Path, film: Radiograph, answer: Prediction) -> None:
    """Write the film as it was put right, at most 1024 pixels a side, with its heat map laid over it in orange."""
    upright = np.rot90(film.pixels, answer.correction.quarter_turns)
    picture = Image.fromarray(np.ascontiguousarray(255 - upright if answer.correction.inverted else upright))
    picture.thumbnail((1024, 1024))
    grey = np.asarray(picture, np.float32)[..., None]
    heat = 0.55 * upsample(answer.heatmap, picture.width, picture.height)[..., None]
    shown = grey * (1 - heat) + np.array([255.0, 110.0, 0.0], np.float32) * heat
    Image.fromarray(np.clip(shown, 0, 255).astype(np.uint8)).save(path)


def _watched(rows: Iterable[Row], total: int) -> Iterator[Row]:
    """Say on stderr how far we are: every 100 films, and each film without an answer."""
    began = time.perf_counter()
    count = 0
    for count, row in enumerate(rows, start=1):
        if row.state != "done":
            print(f"{row.file}: {row.state}, {row.reason}. {row.message}", file=sys.stderr)
        if count % 100 == 0 or count == total:
            rate = count / max(time.perf_counter() - began, 1e-9)
            print(f"{count} of {total} films, {rate:.0f} a second", file=sys.stderr, flush=True)
        yield row


def parser() -> argparse.ArgumentParser:
    """The command line."""
    commands = argparse.ArgumentParser(prog="python -m ml.predict", description="Predict chest films.")
    commands.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="films, or folders of films")
    commands.add_argument("--csv", metavar="FILE", help="write a table as CSV; - is standard output (the default)")
    commands.add_argument("--json", metavar="FILE", help="write a list of objects as JSON; - is standard output")
    commands.add_argument(
        "--heatmaps", type=Path, metavar="DIR", help="write each film with a finding under its heat map"
    )
    commands.add_argument("--operating-point", default="balanced", choices=OPERATING_POINTS)
    commands.add_argument("--population", default="auto", choices=("auto", *POPULATIONS), help="whose films these are "
                          "where their files do not say; auto: by their looks")  # fmt: skip
    commands.add_argument("--artifact", type=Path, help="model folder (default: the committed model)")
    commands.add_argument("--threads", type=int, help="cores to use (default: all)")
    return commands


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    commands = parser()
    options = commands.parse_args(arguments)
    paths = list(find_films(options.paths))
    if not paths:
        commands.error("there is no film in the folders named")
    if options.csv == "-" and options.json == "-":
        commands.error("only one of --csv and --json can go to standard output")
    for target in (options.csv, options.json):
        if target not in (None, "-") and not Path(target).parent.is_dir():
            commands.error(f"there is no folder {Path(target).parent} to write {Path(target).name} to")
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that has no "Ä" shows what stands for it
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        predictor = Predictor.load(options.artifact, threads=options.threads)
    except ArtifactError as error:
        print(error, file=sys.stderr)
        return 1
    try:
        if options.heatmaps is not None:
            options.heatmaps.mkdir(parents=True, exist_ok=True)
        workers = max(1, options.threads or os.cpu_count() or 1)
        stated = "" if options.population == "auto" else options.population
        answers = predict(
            predictor, paths, options.operating_point, stated=stated, heatmaps=options.heatmaps, workers=workers
        )
        rows: Iterable[Row] = _watched(answers, len(paths))
        if options.csv is None and options.json is None and not sys.stdout.isatty():
            options.csv = "-"
        with contextlib.ExitStack() as opened:  # before the first film: a name that cannot be written costs no time
            if options.csv == "-":
                rows = csv_lines(rows, sys.stdout)
            elif options.csv is not None:
                stream = opened.enter_context(Path(options.csv).open("w", newline="", encoding="utf-8"))
                rows = csv_lines(rows, stream)
            done = list(rows)
        if options.json is not None:
            write_json(done, options.json)
        elif options.csv is None:
            write_table(done, sys.stdout)
    except OSError as error:
        print(f"The results cannot be written: {error}", file=sys.stderr)
        return 1
    return 0 if all(row.state == "done" for row in done) else 3


if __name__ == "__main__":
    sys.exit(main())
