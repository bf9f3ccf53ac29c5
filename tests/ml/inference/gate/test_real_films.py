"""The committed gate on real films, where the data folder is at hand."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ml.errors import IntakeError
from ml.inference.gate.check import Gate, GateResult
from ml.intake.read import Header, ModelInput, read_radiograph
from tests.places import SHARED_DATA as DATA

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the films of ../shared/data are not at hand")


@pytest.fixture(scope="module")
def gate() -> Gate:
    return Gate.load(threads=1)


@pytest.fixture(scope="module")
def full_size() -> list[Image.Image]:
    """Every second of the films at their full size; to decode them takes as long as to check them."""
    return [Image.open(path).convert("L") for path in sorted((DATA / "fullsize").glob("*/*"))[::2]]


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


def test_a_film_that_looks_adult_but_is_a_childs_by_its_header_is_called_unlike_the_training_films(
    gate: Gate,
) -> None:
    films = read(sorted((DATA / "adult").glob("nih_*.jpeg"))[:5])
    codes_of = [[notice.code for notice in result.notices] for result in gate.check(films)]
    film = films[codes_of.index(["LOOKS_ADULT"])]
    young, old, unknown = (
        ModelInput(film.pixels, film.width, film.height, Header(age_years=age)) for age in (3.0, 61.0, None)
    )
    codes = [[notice.code for notice in result.notices] for result in gate.check([young, old, unknown])]
    assert codes == [["UNLIKE_TRAINING_FILMS"], ["LOOKS_ADULT"], ["LOOKS_ADULT"]]


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


def _on_a_screen(film: Image.Image) -> Image.Image:
    """A film in a viewer: a bar with buttons, a panel with previews, a name."""
    screen = Image.new("L", (1600, 900), 20)
    pencil = ImageDraw.Draw(screen)
    pencil.rectangle((0, 0, 1600, 70), fill=90)
    for k in range(14):
        pencil.rectangle((15 + 60 * k, 15, 55 + 60 * k, 55), fill=180)
    pencil.rectangle((1380, 70, 1600, 900), fill=60)
    preview = film.resize((180, 150))
    for k in range(4):
        screen.paste(preview, (1400, 90 + 180 * k))
    screen.paste(film.resize((1000, 800)), (190, 85))
    pencil.text((200, 90), "NAME 01.01.2020", fill=230, font_size=26)
    return screen


def _small(film: Image.Image) -> Image.Image:
    screen = Image.new("L", (1600, 900), 0)
    screen.paste(film.resize((560, 440)), (520, 200))
    return screen


def _halves(film: Image.Image) -> list[Image.Image]:
    middle = film.height // 2
    return [film.crop((0, 0, film.width, middle)), film.crop((0, middle, film.width, film.height))]


@pytest.mark.parametrize(
    ("change", "least"),
    [(lambda film: [_on_a_screen(film)], 0.95), (lambda film: [_small(film)], 0.95), (_halves, 0.75)],
)
def test_screenshots_of_films_and_halves_of_them_are_refused(
    gate: Gate, full_size: list[Image.Image], change: Callable[[Image.Image], list[Image.Image]], least: float
) -> None:
    refused = []
    for film in full_size:
        for picture in change(film):
            file = io.BytesIO()
            picture.save(file, "BMP")
            refused.append(passed(gate.check([read_radiograph(file.getvalue()).model_input()])) == 0)
    assert sum(refused) >= least * len(refused)


@pytest.mark.parametrize("size", [(546, 219), (300, 400), (1600, 1200)])
def test_wide_tall_and_large_copies_of_films_pass(
    gate: Gate, full_size: list[Image.Image], size: tuple[int, int]
) -> None:
    files = []
    for film in full_size:
        file = io.BytesIO()
        film.resize(size).save(file, "JPEG")
        files.append(read_radiograph(file.getvalue()).model_input())
    assert passed(gate.check(files)) >= len(files) - 1  # one of them ends above the collar-bones
