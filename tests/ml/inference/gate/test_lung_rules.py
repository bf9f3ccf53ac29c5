"""What lungs at a film's edge tell: a warning, a refusal where one of the two is missing, nothing of whole films."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ml.errors import Refusal
from ml.inference.gate.lung_rules import LUNGS_CUT_OFF, remark_on
from ml.inference.lungs import Lungs
from ml.inference.predictor import Prediction, Predictor
from ml.intake.read import FILM_SIZE, ModelInput
from tests.ml.inference.gate.test_framed_films import LEFT, RIGHT, lungs
from tests.phantoms import film


def test_whole_lungs_call_for_no_remark() -> None:
    assert remark_on(lungs(LEFT, RIGHT)) is None
    assert remark_on(lungs()) is None
    assert remark_on(None) is None


@pytest.mark.parametrize(
    "found",
    [
        lungs((10, 70, 22, 45), RIGHT),
        lungs(LEFT, (135, 70, 22, 45)),
        lungs((40, 120, 22, 45), (104, 120, 22, 45)),
        lungs((40, 10, 22, 45), (104, 10, 22, 45)),
    ],
    ids=["left", "right", "below", "above"],
)
def test_lungs_cut_off_at_an_edge_are_warned_of(found: Lungs) -> None:
    assert remark_on(found) is LUNGS_CUT_OFF


def test_apices_that_touch_the_upper_edge_are_not() -> None:
    assert remark_on(lungs((40, 45, 22, 45), (104, 45, 22, 45))) is None


def test_a_film_that_cuts_off_one_lung_is_refused_and_one_white_lung_is_not() -> None:
    refused = remark_on(lungs((0, 70, 8, 45), RIGHT))
    assert isinstance(refused, Refusal)
    assert refused.code == "CROPPED"
    assert remark_on(lungs(RIGHT)) is None, "the other lung may be white with disease"


def test_the_real_networks_tell_a_whole_drawn_film_from_a_cut_one_and_from_one_of_a_single_lung() -> None:
    predictor = Predictor.load(threads=1)

    def answer(left: float) -> Prediction | Refusal:
        """Of the drawn film without this share of its width at the left."""
        whole = Image.fromarray(film(1))
        box = (left * whole.width, 0, whole.width, whole.height)
        small = whole.resize((FILM_SIZE, FILM_SIZE), Image.Resampling.BILINEAR, box=box, reducing_gap=2.0)
        return predictor.predict([ModelInput(np.asarray(small), 512, 512)], stated=["child"])[0]

    whole, trimmed, half = answer(0.0), answer(0.2), answer(0.35)
    assert isinstance(whole, Prediction)
    assert whole.warnings == ()
    assert isinstance(trimmed, Prediction)
    assert trimmed.warnings == (LUNGS_CUT_OFF,)
    assert isinstance(half, Refusal)
    assert half.code == "CROPPED"
