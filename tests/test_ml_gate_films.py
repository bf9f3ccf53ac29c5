"""The committed gate on real films, where the data folder is at hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ml.errors import IntakeError
from ml.gate import Gate, GateResult
from ml.images import Header, ModelInput, read_radiograph

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the films of ../shared/data are not at hand")


@pytest.fixture(scope="module")
def gate() -> Gate:
    return Gate.load(threads=1)


def read(paths: list[Path]) -> list[ModelInput]:
    return [read_radiograph(path.read_bytes(), for_model_only=True).model_input() for path in paths]


def passed(results: list[GateResult]) -> int:
    return sum(result.refusal is None for result in results)


@pytest.mark.parametrize(
    "folder", ["paediatric/train/NORMAL", "paediatric/train/PNEUMONIA", "fullsize/NORMAL", "adult"]
)
def test_frontal_films_of_children_and_adults_pass(gate: Gate, folder: str) -> None:
    every = sorted((DATA / folder).glob("*.jp*g"))
    results = gate.check(read(every[:: max(1, len(every) // 100)]))
    assert passed(results) >= 0.99 * len(results)


def test_adults_are_warned_of_and_children_are_not(gate: Gate) -> None:
    def warned(folder: str, pattern: str) -> float:
        results = gate.check(read(sorted((DATA / folder).glob(pattern))[::20][:60]))
        return sum("LOOKS_ADULT" in [n.code for n in result.notices] for result in results) / len(results)

    assert warned("adult", "nih_*.jpeg") > 0.9
    assert warned("paediatric/train/PNEUMONIA", "*.jpeg") < 0.1


def test_a_film_that_looks_adult_but_is_a_childs_by_its_header_is_said_to_be_unlike_the_training_films(
    gate: Gate,
) -> None:
    film = read([DATA / "adult" / "00000061_012.jpeg"])[0]
    young, old, unknown = (
        ModelInput(film.pixels, film.width, film.height, Header(age_years=age)) for age in (3.0, 61.0, None)
    )
    codes = [[notice.code for notice in result.notices] for result in gate.check([young, old, unknown])]
    assert codes == [["UNLIKE_TRAINING_FILMS"], ["AGE_OUTSIDE_POPULATION", "LOOKS_ADULT"], ["LOOKS_ADULT"]]


def test_a_film_is_neither_turned_nor_inverted_that_was_right(gate: Gate) -> None:
    results = gate.check(read(sorted((DATA / "adult").glob("*.jpeg"))[::30]))
    assert all(result.corrected is None for result in results if result.refusal is None)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_real_films_are_put_upright(gate: Gate, turns: int) -> None:
    upright = read(sorted((DATA / "paediatric/train/NORMAL").glob("*.jpeg"))[::40])
    lying = [ModelInput(np.rot90(film.pixels, -turns), film.height, film.width) for film in upright]
    results = gate.check(lying)
    right = [result.quarter_turns == turns and result.refusal is None for result in results]
    assert sum(right) >= 0.95 * len(right)


def test_pictures_of_other_things_are_refused_by_intake_or_gate(gate: Gate) -> None:
    films, stopped = [], 0
    for path in sorted((DATA / "not_chest").glob("*.png")):
        try:
            films.append(read_radiograph(path.read_bytes()).model_input())
        except IntakeError:
            stopped += 1
    assert stopped + len(films) == 15
    assert passed(gate.check(films)) == 0
