"""The committed gate on drawn pictures: phantoms pass, other things do not, and doubt refuses."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ml.gate_training.negatives.radiographs import BONES
from ml.gate_training.negatives.scenes import SCENES
from ml.gate_training.negatives.shapes import finish
from ml.gate_training.negatives.slices import SLICES
from ml.inference.gate.card import Thresholds
from ml.inference.gate.check import Gate, GateResult
from ml.intake.read import FILM_SIZE, Header, ModelInput
from tests.phantoms import film


@pytest.fixture(scope="module")
def gate() -> Gate:
    return Gate.load(threads=1)


def submitted(pixels: NDArray[np.uint8], header: Header | None = None) -> ModelInput:
    square = np.asarray(
        Image.fromarray(pixels).resize((FILM_SIZE, FILM_SIZE), Image.Resampling.BILINEAR, reducing_gap=2.0)
    )
    return ModelInput(square, pixels.shape[1], pixels.shape[0], header or Header())


def phantom(seed: int) -> NDArray[np.uint8]:
    return film(seed, opacity=seed % 2 == 1, width=400, height=340).astype(np.uint8)


def codes(results: list[GateResult]) -> list[str]:
    return ["" if result.refusal is None else result.refusal.code for result in results]


def test_drawn_frontal_chest_films_pass_as_they_are(gate: Gate) -> None:
    results = gate.check([submitted(phantom(seed)) for seed in range(12)])
    assert codes(results) == [""] * 12
    assert all(result.corrected is None and result.quarter_turns == 0 for result in results)
    assert all(result.scores["frontal"] > 0.5 for result in results)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_film_is_put_upright_and_says_so(gate: Gate, turns: int) -> None:
    upright = submitted(phantom(4))
    lying = ModelInput(np.ascontiguousarray(np.rot90(upright.pixels, -turns)), upright.height, upright.width)
    (result,) = gate.check([lying])
    assert result.refusal is None
    assert result.quarter_turns == turns
    assert result.corrected is not None
    np.testing.assert_array_equal(result.corrected, upright.pixels)
    assert "ROTATION_CORRECTED" in [notice.code for notice in result.notices]


def test_an_inverted_film_is_put_right_and_says_so(gate: Gate) -> None:
    right = submitted(phantom(5))
    (result,) = gate.check([ModelInput(255 - right.pixels, right.width, right.height)])
    assert result.refusal is None
    assert result.corrected is not None
    np.testing.assert_array_equal(result.corrected, right.pixels)
    assert "INVERSION_CORRECTED" in [notice.code for notice in result.notices]


def test_other_pictures_are_refused(gate: Gate) -> None:
    rng = np.random.default_rng(2026)
    painters = BONES | SLICES | SCENES
    passed = {}
    for name, paint in painters.items():
        results = gate.check([submitted(finish(rng, paint(rng, FILM_SIZE))) for _ in range(6)])
        passed[name] = codes(results).count("")
    assert sum(passed.values()) <= 0.05 * 6 * len(painters), passed
    assert max(passed.values()) <= 2, passed


def test_a_header_refuses_before_the_network_is_asked(gate: Gate) -> None:
    (result,) = gate.check([submitted(phantom(1), Header(modality="CR", body_part="KNEE"))])
    assert codes([result]) == ["NOT_CHEST"]
    assert result.scores == {}


def test_an_age_alone_is_for_the_populations_to_decide_not_for_the_image_check(gate: Gate) -> None:
    (result,) = gate.check([submitted(phantom(1), Header(modality="DX", body_part="CHEST", age_years=81.0))])
    assert result.refusal is None
    assert "AGE_OUTSIDE_POPULATION" not in [notice.code for notice in result.notices]


def test_results_keep_the_order_of_the_films_and_do_not_depend_on_their_company(gate: Gate) -> None:
    films = [submitted(phantom(seed)) for seed in range(3)]
    blank = ModelInput(np.zeros((FILM_SIZE, FILM_SIZE), np.uint8), 300, 300)
    together = gate.check([films[0], blank, films[1], films[2]])
    assert codes(together) == ["", "TOO_DARK_OR_BRIGHT", "", ""]
    (alone,) = gate.check([films[2]])
    assert alone.scores["frontal"] == pytest.approx(together[3].scores["frontal"], abs=1e-4)
    assert gate.check([]) == []


class _Broken:
    """A network that answers, but not with numbers; no file of weights does this reliably."""

    def __call__(self, batch: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        return tuple(np.full((len(batch), width), np.nan, np.float32) for width in (6, 4, 1, 1, 1))


def test_a_network_that_answers_with_no_numbers_refuses() -> None:
    gate = Gate(_Broken(), Thresholds(0.5, 0.7, 3.0, 0.9, 0.9, 0.5, 2.0))  # type: ignore[arg-type]
    assert codes(gate.check([submitted(phantom(0))])) == ["NOT_RECOGNISED"]


def test_a_film_small_on_a_plain_sheet_is_not_recognised(gate: Gate) -> None:
    sheet = np.full((700, 900), 40, np.uint8)
    sheet[180:520, 250:650] = phantom(6)
    assert codes(gate.check([submitted(sheet)])) != [""]


class _Says:
    """A network that sees an upright frontal film, so sure of it and so far from the training films as it is told."""

    def __init__(self, frontal: float, novelty: float) -> None:
        self.kind = np.log(np.array([frontal, *[(1 - frontal) / 5] * 5], np.float32))
        self.novelty = novelty

    def __call__(self, batch: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        count, upright = len(batch), np.array([9, 0, 0, 0], np.float32)
        small = np.full((count, 1), -9, np.float32)
        return np.tile(self.kind, (count, 1)), np.tile(upright, (count, 1)), small, small, small * 0 + self.novelty


@pytest.mark.parametrize(("frontal", "novelty", "passes"), [(0.6, 1.1, True), (0.6, 1.3, False), (0.8, 1.3, True)])
def test_a_film_very_unlike_the_training_films_has_to_be_frontal_with_more_certainty(
    frontal: float, novelty: float, passes: bool
) -> None:
    gate = Gate(_Says(frontal, novelty), Thresholds(0.5, 0.7, 2.0, 0.9, 0.9, 0.5, 1.0))  # type: ignore[arg-type]
    assert (codes(gate.check([submitted(phantom(0))])) == [""]) is passes
