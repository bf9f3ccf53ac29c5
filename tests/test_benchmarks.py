"""What the benchmarks work out of their measurements; the measuring itself is no test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import benchmarks.__main__
from benchmarks import films
from benchmarks.__main__ import growth
from benchmarks.engines import exported, litert
from benchmarks.profile import shares
from benchmarks.report import table
from ml import phantom


def test_a_profile_counts_the_innermost_python_function_whatever_line_it_was_in() -> None:
    folded = """\
main (serve.py:1);decode (pil.py:10) 5
main (serve.py:1);decode (pil.py:12);jpeg_read_scanlines (libjpeg.so) 3
main (serve.py:2);predict (engine.py:7) 1
start_thread (libc.so.6) 1
"""
    assert shares(folded) == [
        ("decode (pil.py)", pytest.approx(0.8)),
        ("predict (engine.py)", pytest.approx(0.1)),
        ("outside Python", pytest.approx(0.1)),
    ]


def test_growth_stands_beside_its_baseline_and_what_the_machine_could_do() -> None:
    whole = {
        "films_per_s": 40.0,
        "clients": {"1": 20.0, "64": 30.0},
        "two_workers": 42.0,
        "web_mb": [[1000, 100.0], [2000, 101.0], [10000, 110.0]],
    }
    rows = growth(whole, most=300.0)
    assert [row.what for row in rows][:3] == [
        "1 client at once",
        "64 clients at once",
        "two workers on the same two cores",
    ]
    assert [row.ratio for row in rows][:3] == pytest.approx([1.0, 1.5, 1.05])
    assert rows[-1].met is False  # the web process grew by a tenth
    assert (
        "| f | 64 clients at once | 30 films/s | 20 films/s | 1.50× | 300 films/s (two cores that only decode) | |"
        in (table(rows).replace("|  |", "| |"))
    )


def test_without_real_films_drawn_ones_are_measured_and_it_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(films, "REAL", Path("/nowhere"))
    monkeypatch.setattr(films.phantom, "film", lambda *_args, **_sizes: np.zeros((8, 8), np.uint8))
    films.films.cache_clear()
    source, drawn = films.films()
    films.films.cache_clear()
    assert source == "20 drawn films, 1400 × 1000 (there are no real ones in /nowhere)"
    assert len(drawn) == 20


def test_a_page_of_many_studies_is_compared_with_the_same_page_of_few_asked_for_in_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = {"ms": 4.0, "empty_ms": 1.0, "few_ms": 4.0, "per_s": 200.0, "queries": 4}
    many = {**page, "ms": 6.0, "empty_ms": 1.5, "few_ms": 5.7}  # the machine has become slower meanwhile
    measured = {
        f"{name} {size}": one
        for name in ("history", "result", "waiting")
        for size, one in ((200, page), (100_000, many))
    }
    monkeypatch.setattr(benchmarks.__main__, "run", lambda *_arguments: {**measured, "clients": 4})
    rows = {row.what: row for row in benchmarks.__main__.pages([200, 100_000])}
    [history] = [row for what, row in rows.items() if what.startswith("history page, 100,000 studies")]
    assert (history.baseline, history.ratio, history.met) == (5.7, pytest.approx(0.95), True)


@pytest.mark.slow
def test_the_engines_that_are_compared_run_the_same_network() -> None:
    drawn = phantom.film(3, width=224, height=224)[None, ..., None].astype(np.float32)
    ours, other = ([np.asarray(output) for output in way()(drawn)] for way in (exported, litert))
    [logit] = [output for output in other if output.size == 1]
    assert float(logit[0, 0]) == pytest.approx(float(ours[0][0, 0]), abs=1e-2)
