"""What the gate decides without a network: header, pixels, texts."""

from __future__ import annotations

import numpy as np
import pytest

from ml.gate_rules import codes, header_notices, header_refusal, pixel_refusal, refusal
from ml.images import SIDE, Header, ModelInput


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (Header(modality="CT"), "NOT_A_RADIOGRAPH"),
        (Header(modality="MG"), "NOT_A_RADIOGRAPH"),
        (Header(modality="DX", body_part="KNEE"), "NOT_CHEST"),
        (Header(modality="CR", body_part="EXTREMITY"), "NOT_CHEST"),
        (Header(modality="CR", body_part="left hand"), "NOT_CHEST"),
        (Header(modality="CR", body_part="CHEST", view_position="LL"), "NOT_FRONTAL"),
        (Header(modality="DX", view_position="LATERAL"), "NOT_FRONTAL"),
        (Header(modality="DX", view_position="lao"), "NOT_FRONTAL"),
    ],
)
def test_a_header_that_speaks_of_something_else_refuses(header: Header, code: str) -> None:
    found = header_refusal(header)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize(
    "header",
    [
        Header(),
        Header(modality="CR", body_part="CHEST", view_position="PA"),
        Header(modality="DX", body_part="PORT CHEST", view_position="AP"),
        Header(modality="DX", body_part="THORAX AP", view_position=""),
        Header(modality="DX", body_part="CHEST_TO_ABDOMEN"),  # a child's trunk on one film
        Header(modality="CR", body_part="CHEST", view_position="LLD"),  # lying on the left side, taken from the front
        Header(modality="OT", body_part="Röntgen 3"),  # local words refuse nothing
    ],
)
def test_a_header_that_does_not_contradict_a_frontal_chest_film_refuses_nothing(header: Header) -> None:
    assert header_refusal(header) is None


@pytest.mark.parametrize(
    ("age", "warned"), [(None, False), (1.0, False), (5.9, False), (0.5, True), (6.0, True), (81.0, True)]
)
def test_an_age_outside_the_training_range_warns_and_does_not_refuse(age: float | None, warned: bool) -> None:
    notices = header_notices(Header(age_years=age))
    assert [notice.code for notice in notices] == (["AGE_OUTSIDE_POPULATION"] if warned else [])
    assert header_refusal(Header(age_years=age)) is None


def test_an_infants_age_is_told_in_months() -> None:
    assert "6 months" in header_notices(Header(age_years=0.5))[0].message


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_a_picture_of_one_shade_is_refused(shade: int) -> None:
    found = pixel_refusal(ModelInput(np.full((SIDE, SIDE), shade, np.uint8), 800, 800))
    assert found is not None
    assert found.code == "TOO_DARK_OR_BRIGHT"


def test_a_picture_of_few_pixels_is_refused_whatever_it_was_enlarged_to() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE), np.uint8)
    found = pixel_refusal(ModelInput(noise, 40, 800))
    assert found is not None
    assert found.code == "TOO_SMALL"


def test_every_refusal_says_what_is_wrong_and_what_to_do() -> None:
    for code in codes():
        found = refusal(code)
        assert found.code == code
        assert found.message.endswith(".")
        assert found.advice.endswith(".")
