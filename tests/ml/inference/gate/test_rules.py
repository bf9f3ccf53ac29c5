"""What the gate decides without a network: header, pixels, texts."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from ml.inference.gate.rules import (
    MAX_BESIDE,
    MAX_PLAIN,
    MIN_FILLED,
    beside,
    codes,
    contrast,
    filled,
    header_refusal,
    longest_rim,
    pixel_refusal,
    plain_grey,
    refusal,
)
from ml.intake.read import FILM_SIZE, Header, ModelInput
from tests.phantoms import film as phantom


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


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_a_picture_of_one_shade_is_refused(shade: int) -> None:
    found = pixel_refusal(ModelInput(np.full((FILM_SIZE, FILM_SIZE), shade, np.uint8), 800, 800))
    assert found is not None
    assert found.code == "TOO_DARK_OR_BRIGHT"


def test_contrast_is_the_distance_of_two_percentiles() -> None:
    pixels = np.random.default_rng(2).normal(90, 40, (FILM_SIZE, FILM_SIZE)).clip(0, 255).astype(np.uint8)
    low, high = np.percentile(pixels, (2, 98))
    assert contrast(np.bincount(pixels.ravel(), minlength=256)) == high - low


def test_a_rim_is_as_long_as_its_panel_whichever_way_it_runs() -> None:
    screen = np.full((FILM_SIZE, FILM_SIZE), 12, np.uint8)
    screen[40:133, 60:100] = 60
    assert longest_rim(screen) == longest_rim(screen.T) == 93


def rim_pixel_by_pixel(picture: NDArray[np.uint8]) -> int:
    """The longest rim along rows, by its definition and without arrays."""
    rows, longest = picture.tolist(), 0
    for gap in (1, 2):
        for y in range(1, len(rows) - 1 - gap):
            above, below = rows[y], rows[y + gap]
            run = 0
            for x in range(len(above)):
                plain = (
                    all(3 < row[x] < 252 for row in (above, below))
                    and abs(above[x] - rows[y - 1][x]) <= 1
                    and abs(below[x] - rows[y + gap + 1][x]) <= 1
                    and abs(above[x] - below[x]) >= 8
                )
                goes_on = run and abs(above[x] - above[x - 1]) <= 1 and abs(below[x] - below[x - 1]) <= 1
                run = (run + 1 if goes_on else 1) if plain else 0
                longest = max(longest, run if run > 1 else 0)
    return longest


@pytest.mark.parametrize("seed", range(8))
def test_a_rim_is_measured_as_defined_beside_black_and_white_too(seed: int) -> None:
    random = np.random.default_rng(seed)
    shades = np.array([0, 1, 3, 4, 5, 12, 13, 128, 246, 250, 251, 252, 254, 255], np.uint8)
    panels = np.kron(random.choice(shades, (8, 8)), np.ones((6, 6), np.uint8))
    speckled = np.where(random.random(panels.shape) < 0.02, random.choice(shades, panels.shape), panels)
    assert longest_rim(speckled) == max(map(rim_pixel_by_pixel, (speckled, speckled.T))) > 3


def test_a_picture_of_few_pixels_is_refused_whatever_it_was_enlarged_to() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (FILM_SIZE, FILM_SIZE), np.uint8)
    found = pixel_refusal(ModelInput(noise, 40, 800))
    assert found is not None
    assert found.code == "TOO_SMALL"


def drawn(blurred: float = 0, size: int = FILM_SIZE) -> ModelInput:
    """A drawn film, blurred by that share of its side in per cent."""
    large = Image.fromarray(phantom(5, width=900, height=800).astype(np.uint8))
    soft = large.filter(ImageFilter.GaussianBlur(9 * blurred))
    coarse = soft.resize((size, size), Image.Resampling.BOX)
    return ModelInput(np.asarray(coarse.resize((FILM_SIZE, FILM_SIZE))), 900, 800)


def test_a_film_blurred_beyond_use_is_refused() -> None:
    found = pixel_refusal(drawn(blurred=4))
    assert found is not None
    assert found.code == "NOT_RECOGNISED"


@pytest.mark.parametrize("film", [drawn(), drawn(blurred=0.5), drawn(size=56)], ids=["sharp", "soft", "coarse"])
def test_a_sharp_a_soft_and_a_coarse_film_have_detail_enough(film: ModelInput) -> None:
    assert pixel_refusal(film) is None


@pytest.mark.parametrize("levels", [2, 3, 4])
def test_a_film_of_few_greys_is_refused(levels: int) -> None:
    greys = drawn().pixels.astype(int) * levels // 256 * 255 // (levels - 1)
    found = pixel_refusal(ModelInput(greys.astype(np.uint8), 900, 800))
    assert found is not None
    assert found.code == "NOT_A_RADIOGRAPH"


@pytest.mark.parametrize("turned", [False, True])
def test_a_screens_panel_beside_a_film_is_refused(turned: bool) -> None:
    screen = np.full((FILM_SIZE, FILM_SIZE), 12, np.uint8)
    screen[:, :30] = 60
    screen[20:210, 40:220] = np.asarray(Image.fromarray(drawn().pixels).resize((180, 190)))
    found = pixel_refusal(ModelInput(screen.T if turned else screen, 900, 800))
    assert found is not None
    assert found.code == "NOT_A_RADIOGRAPH"


@pytest.mark.parametrize(("frame", "ground"), [(255, 10), (0, 40), (255, 0)])
def test_a_black_or_white_frame_round_a_film_on_plain_ground_is_no_panel(frame: int, ground: int) -> None:
    sheet = np.full((FILM_SIZE, FILM_SIZE), frame, np.uint8)
    sheet[10:-10, 10:-10] = ground
    sheet[20:210, 40:200] = np.asarray(Image.fromarray(drawn().pixels).resize((160, 190)))
    assert pixel_refusal(ModelInput(sheet, 900, 800)) is None


@pytest.mark.parametrize("shade", [0, 255])
def test_a_plain_border_is_not_taken_for_few_greys(shade: int) -> None:
    sheet = np.full((FILM_SIZE, FILM_SIZE), shade, np.uint8)
    sheet[40:190, 40:190] = np.asarray(Image.fromarray(drawn().pixels).resize((150, 150)))
    assert pixel_refusal(ModelInput(sheet, 900, 800)) is None


def test_a_films_own_compression_and_window_are_not_taken_for_few_greys() -> None:
    pixels = drawn().pixels
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=20)
    windowed = np.clip((pixels.astype(float) - 70) * 2.2, 0, 255).astype(np.uint8)
    for changed in (np.asarray(Image.open(buffer)), windowed):
        assert pixel_refusal(ModelInput(changed, 900, 800)) is None


def test_every_refusal_says_what_is_wrong_and_what_to_do() -> None:
    for code in codes():
        found = refusal(code)
        assert found.code == code
        assert found.message.endswith(".")
        assert found.advice.endswith(".")


@pytest.mark.parametrize("shade", [0, 90, 255])
def test_what_lies_small_on_a_plain_sheet_fills_no_more_than_its_box(shade: int) -> None:
    sheet = np.full((FILM_SIZE, FILM_SIZE), shade, np.uint8)
    sheet[40:152, 20:132] = np.asarray(Image.fromarray(phantom(2, width=400, height=400)).resize((112, 112)))
    sheet[200, 200:203] = 128  # a speck of dust
    assert filled(sheet) == pytest.approx(0.25, abs=0.02)
    assert filled(sheet) < MIN_FILLED < filled(np.asarray(Image.fromarray(phantom(2)).resize((FILM_SIZE, FILM_SIZE))))
    assert filled(np.full((FILM_SIZE, FILM_SIZE), shade, np.uint8)) == 0.0


def test_a_page_around_a_film_is_plain_grey_and_what_is_around_a_film_is_not() -> None:
    def grey(pixels: NDArray[np.uint8]) -> float:
        return plain_grey(pixels, np.bincount(pixels.ravel(), minlength=256))

    page = np.full((FILM_SIZE, FILM_SIZE), 40, np.uint8)
    page[:, 50:174] = np.asarray(Image.fromarray(phantom(2, width=400, height=400)).resize((124, FILM_SIZE)))
    assert 0.4 < grey(page) < 0.5
    found = pixel_refusal(ModelInput(page, 900, 900))
    assert found is not None
    assert found.code == "NOT_A_RADIOGRAPH"
    assert grey(np.maximum(page, 40)) < MAX_PLAIN  # a sigmoid window leaves no black beside a film, but a darkest grey
    assert grey(np.where(page == 40, 255, page).astype(np.uint8)) < MAX_PLAIN


def on_ground(ground: int, words: str = "") -> NDArray[np.uint8]:
    """A phantom that takes four fifths of each side, on plain ground, with or without lines of writing beside it."""
    sheet = Image.new("L", (700, 700), ground)
    sheet.paste(Image.fromarray(phantom(3, width=560, height=560).astype(np.uint8)), (20, 120))
    pencil = ImageDraw.Draw(sheet)
    for line in range(5):
        pencil.text((20, 8 + 20 * line), words, fill=255 if ground < 128 else 0, font_size=16)
    return np.asarray(sheet.resize((FILM_SIZE, FILM_SIZE), Image.Resampling.BILINEAR, reducing_gap=2.0))


@pytest.mark.parametrize("ground", [40, 128, 248, 255])
def test_writing_beside_a_film_makes_a_page_of_it(ground: int) -> None:
    page, bare = on_ground(ground, "The lungs of a child of three, seen from the front"), on_ground(ground)
    assert beside(page) > MAX_BESIDE >= beside(bare) == 0
    found = pixel_refusal(ModelInput(page, 700, 700))
    assert found is not None
    assert found.code == "NOT_A_RADIOGRAPH"


def test_a_label_stuck_on_a_film_does_not_cut_it_in_two() -> None:
    labelled = on_ground(255).copy()
    labelled[180:200, 24:170] = 255  # white paper on the lower film, whose flanks go on beside it
    assert beside(labelled) == 0


def test_a_pages_panel_of_nearly_its_own_shade_is_ground_too() -> None:
    page = on_ground(255, "File: chest.jpeg").copy()
    page[:, :6] = 249
    assert beside(page) > MAX_BESIDE


def test_writing_on_black_beside_a_film_is_an_ordinary_marker() -> None:
    assert beside(on_ground(0, "R  AP  supine")) == 0
    assert beside(on_ground(5, "R  AP  supine")) == 0
