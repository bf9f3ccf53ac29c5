"""The drawn films: always the same, marked as drawn, in every format."""

from __future__ import annotations

import numpy as np
import pytest

from ml import phantom
from ml.intake.read import read_radiograph


def test_a_seed_always_draws_the_same_film_and_another_another():
    one = phantom.film(4, width=320, height=260)
    np.testing.assert_array_equal(one, phantom.film(4, width=320, height=260))
    assert (one != phantom.film(5, width=320, height=260)).mean() > 0.3


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_a_film_fills_its_depth(bits):
    film = phantom.film(1, width=400, height=300, bits=bits)
    assert film.shape == (300, 400)
    assert film.dtype == (np.uint8 if bits == 8 else np.uint16)
    assert 0.6 * 2**bits < film.max() < 2**bits


def test_lungs_are_dark_between_a_bright_spine_and_soft_tissue():
    for seed in range(3):
        film = phantom.film(seed, width=300, height=250).astype(float)
        spine = film[75:150, 142:158].mean()
        lungs = (film[90:150, 60:100].mean() + film[90:115, 200:240].mean()) / 2
        abdomen = film[230:238, 100:140].mean()
        assert lungs < spine - 40
        assert lungs < abdomen - 40


def test_an_opacity_brightens_one_lung_and_leaves_the_rest():
    for seed in range(3):
        clear = phantom.film(seed, width=300, height=250).astype(float)
        patchy = phantom.film(seed, opacity=True, width=300, height=250).astype(float)
        halves = [(patchy - clear)[75:190, columns].mean() for columns in (slice(30, 130), slice(170, 270))]
        assert max(halves) > 8
        assert abs(min(halves)) < 1.5


def test_the_word_is_drawn_into_every_film():
    film = phantom.film(2, width=900, height=700)
    without = phantom.film(2, width=900, height=700)
    corner = film[-60:, -260:]
    assert (corner > 220).mean() > 0.05
    np.testing.assert_array_equal(film, without)
    assert "BURNED_IN_TEXT" in [notice.code for notice in read_radiograph(phantom.png(film)).notices]


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_every_format_reads_back_as_the_same_film(photometric):
    shallow, deep = (phantom.film(3, width=500, height=400, bits=bits) for bits in (8, 12))
    np.testing.assert_array_equal(read_radiograph(phantom.png(shallow)).pixels, shallow)
    assert np.abs(read_radiograph(phantom.jpeg(shallow)).pixels.astype(int) - shallow).mean() < 3
    film = read_radiograph(phantom.dicom(deep, photometric=photometric))
    assert np.abs(film.pixels.astype(int) - shallow).max() <= 1
    assert (film.header.modality, film.header.body_part, film.header.age_years) == ("CR", "CHEST", 3.0)


def test_the_command_writes_a_few_films(tmp_path, capsys):
    phantom.main([str(tmp_path / "films"), "--count", "1"])
    written = sorted(tmp_path.glob("films/*"))
    assert len(written) == 10
    assert "10 files" in capsys.readouterr().out
    for path in written:
        assert read_radiograph(path.read_bytes()).width == 1024
