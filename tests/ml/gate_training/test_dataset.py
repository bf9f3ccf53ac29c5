"""How the gate's training pictures are made: by seed alone, of the right shapes, with the right labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ml.gate_training.augmentation import INPUT_SIZE, SOURCE_SIZE, augment, place
from ml.gate_training.dataset import (
    UNSEEN,
    FrontalFilm,
    GateDataError,
    Negative,
    families,
    held_out,
    negative,
    negatives,
    phantoms,
    read_films,
)
from ml.gate_training.fit import GateTrainingConfig, Material, _Stream, orient, reference
from ml.inference.gate.card import KINDS
from ml.metrics.intervals import wilson


@pytest.fixture(scope="module")
def films() -> list[FrontalFilm]:
    drawn = phantoms(3, 4)
    return [FrontalFilm(pixels, Path(f"{k}.png"), "children", f"person{k // 2}") for k, pixels in enumerate(drawn)]


@pytest.fixture(scope="module")
def one_of_each(films: list[FrontalFilm]) -> list[Negative]:
    """A negative of every family; nobody may change it."""
    return [negative(np.random.default_rng(7), films, kind, family) for kind, family in families()]


@pytest.mark.parametrize(("kind", "family"), families())
def test_every_family_draws_a_full_picture_that_its_seed_repeats(
    films: list[FrontalFilm], kind: str, family: str
) -> None:
    first, again, other = (negative(np.random.default_rng(seed), films, kind, family).pixels for seed in (5, 5, 6))
    assert first.shape == (SOURCE_SIZE, SOURCE_SIZE)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_changed_copies_have_the_networks_size_and_are_repeated_by_their_seed(films: list[FrontalFilm]) -> None:
    for seed in range(40):
        one, two = (augment(np.random.default_rng(seed), films[0].pixels) for _ in range(2))
        assert one.shape == (INPUT_SIZE, INPUT_SIZE)
        np.testing.assert_array_equal(one, two)


def test_negatives_can_leave_families_out(films: list[FrontalFilm]) -> None:
    made = negatives(1, films, 150, without=("page", "mosaic"))
    assert {c.kind for c in made} == set(KINDS) - {"frontal", "multiple"}
    assert not {"page", "mosaic"} & {c.family for c in made}


def test_a_screenshot_is_never_cut_down_to_the_film_in_it(one_of_each: list[Negative]) -> None:
    whole = {made.family for made in one_of_each if made.whole}
    assert {"viewer", "report", "small", "rephotographed", "desktop", "slide", "lightbox", "mosaic"} <= whole
    assert not {"page", "upper_part", "posterised"} & whole
    rim = np.full((SOURCE_SIZE, SOURCE_SIZE), 200, np.uint8)
    rim[14:-14, 14:-14] = 40  # a tenth of the side: bars and panels are rarely narrower in sum
    for seed in range(60):
        seen = place(np.random.default_rng(seed), rim, whole=True)
        assert (seen > 0.7).mean() > 0.15


def test_families_kept_from_the_second_network_exist() -> None:
    assert set(UNSEEN) <= {name for _, name in families()}
    assert {"desktop", "slide", "lightbox"} <= set(UNSEEN)


def test_a_persons_films_are_never_in_both_splits(films: list[FrontalFilm]) -> None:
    train, held = held_out(films, seed=1, share=0.5)
    assert len(train) + len(held) == len(films)
    assert not {film.person for film in train} & {film.person for film in held}


def test_the_stream_of_batches_depends_on_seed_and_step_alone(
    films: list[FrontalFilm], one_of_each: list[Negative]
) -> None:
    material = Material(films, [films[0].pixels], one_of_each)
    one, two = (_Stream(material, GateTrainingConfig(batch=16), seed=4) for _ in range(2))
    two.batch(0)
    (pictures, labels, weights), (again, _, _) = one.batch(7), two.batch(7)
    np.testing.assert_array_equal(pictures, again)
    frontal = labels["kind"][:, 0] == 0
    assert frontal.sum() == 8
    assert (weights["turn"][~frontal] == 0).all()  # which way up is no question for what is no chest film
    assert set(np.unique(labels["turn"])) <= {0, 1, 2, 3}


def test_a_turn_is_undone_by_as_many_turns_the_other_way(films: list[FrontalFilm]) -> None:
    picture = films[0].pixels
    np.testing.assert_array_equal(np.rot90(orient(picture, 3, False), 3), picture)
    np.testing.assert_array_equal(255 - orient(picture, 0, True), picture)


def test_whitened_features_have_unit_spread_in_the_directions_that_matter() -> None:
    features = np.random.default_rng(0).normal(2.0, (5.0, 2.0, 1.0), (4000, 3)).astype(np.float32)
    white = reference(features)
    spread = ((features - white["mean"]) @ white["whitener"]).std(0)
    np.testing.assert_allclose(spread, 1.0, atol=0.05)


def test_wilsons_interval_agrees_with_the_textbook() -> None:
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)  # Newcombe 1998, table I
    assert wilson(0, 20)[0] == 0.0
    assert wilson(0, 0) == (0.0, 1.0)


def test_a_folder_without_films_is_called_one(tmp_path: Path) -> None:
    with pytest.raises(GateDataError, match="No films"):
        read_films(tmp_path)
