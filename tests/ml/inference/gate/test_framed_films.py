"""What two whole lungs say for a film in a frame, and when they say nothing."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ml.errors import Refusal
from ml.inference.gate.check import Gate, GateResult
from ml.inference.gate.lung_rules import may_speak, two_whole_lungs
from ml.inference.gate.rules import in_a_frame
from ml.inference.lungs import LungFinder, Lungs
from ml.intake.read import FILM_SIZE, ModelInput
from tests.phantoms import film

FRONTAL = {"frontal": 0.99, "upright": 1.0, "inverted": 0.0, "novelty": 0.7}


def lungs(*parts: tuple[int, int, int, int], level: float = 1.0) -> Lungs:
    """Ellipses at (x, y) with these half widths and heights, in cells of 144."""
    down, across = np.mgrid[:144, :144]
    inside = np.zeros((144, 144), bool)
    for x, y, wide, high in parts:
        inside |= ((across - x) / wide) ** 2 + ((down - y) / high) ** 2 < 1
    return Lungs(np.where(inside, level, 0.0).astype(np.float32))


LEFT, RIGHT = (40, 70, 22, 45), (104, 70, 22, 45)


def test_two_lungs_beside_each_other_are_whole() -> None:
    assert two_whole_lungs(lungs(LEFT, RIGHT))


@pytest.mark.parametrize(
    "found",
    [
        lungs(LEFT),
        lungs(LEFT, RIGHT, (72, 70, 12, 45)),
        lungs((20, 70, 22, 45), RIGHT),
        lungs((40, 40, 22, 30), (104, 100, 22, 30)),
        lungs(LEFT, RIGHT, level=0.6),
        lungs(),
    ],
    ids=["one", "three", "cut off by the edge", "one above the other", "doubtful", "none"],
)
def test_anything_else_is_not(found: Lungs) -> None:
    assert not two_whole_lungs(found)


def test_they_are_asked_only_where_the_network_is_sure_of_a_frontal_film() -> None:
    assert may_speak(FRONTAL, 0.9)
    for doubt in ({"frontal": 0.9}, {"upright": 0.9}, {"inverted": 0.5}, {"novelty": 1.0}):
        assert not may_speak({**FRONTAL, **doubt}, 0.9)
    assert not may_speak({}, 0.9)


class Finder(LungFinder):
    """Sees these lungs on every film, and counts how often it is asked; the real one has tests of its own."""

    def __init__(self, found: Lungs) -> None:
        self.found_on_all, self.asked = found, 0

    def find(self, films: object) -> list[Lungs]:
        self.asked += 1
        return [self.found_on_all]


def in_a_grey_frame(seed: int) -> ModelInput:
    """A drawn film on a grey page, as the rules on pixels refuse it."""
    small = Image.fromarray(film(seed, width=400, height=340).astype(np.uint8)).resize((190, 190))
    page = np.full((FILM_SIZE, FILM_SIZE), 90, np.uint8)
    page[17:207, 17:207] = np.asarray(small)
    return ModelInput(page, FILM_SIZE, FILM_SIZE)


@pytest.mark.parametrize(
    ("seen", "sure", "passes"),
    [(lungs(LEFT, RIGHT), True, True), (lungs(LEFT), True, False), (lungs(LEFT, RIGHT), False, False)],
)
def test_a_film_in_a_frame_passes_with_a_warning_if_network_and_lungs_speak_for_it(
    monkeypatch: pytest.MonkeyPatch, seen: Lungs, sure: bool, passes: bool
) -> None:
    framed = in_a_grey_frame(3)
    assert in_a_frame(framed)
    assert Gate.load(threads=1).check([framed])[0].refusal is not None, "without lungs it stays refused"
    gate = Gate.load(threads=1, lungs=Finder(seen))
    scores = FRONTAL if sure else {**FRONTAL, "frontal": 0.6}
    monkeypatch.setattr(gate, "_check_film", lambda *_arguments: GateResult(None, (), scores))
    (result,) = gate.check([framed])
    assert (result.refusal is None) == passes
    if passes:
        assert [notice.code for notice in result.notices] == ["UNLIKE_TRAINING_FILMS"]


def test_for_what_the_network_refuses_they_do_not_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    finder = Finder(lungs(LEFT, RIGHT))
    gate = Gate.load(threads=1, lungs=finder)
    refused = GateResult(Refusal("NOT_RECOGNISED", "Not recognised."), (), FRONTAL)
    monkeypatch.setattr(gate, "_check_film", lambda *_arguments: refused)
    plain = np.asarray(Image.fromarray(film(3, width=400, height=340).astype(np.uint8)).resize((224, 224)))
    assert [result.refusal for result in gate.check([ModelInput(plain, 400, 340)])] == [refused.refusal]
    assert finder.asked == 0
