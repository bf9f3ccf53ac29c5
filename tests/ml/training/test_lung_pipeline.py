"""What a classifier on lung crops is shown in training, and what it is measured on."""

from __future__ import annotations

import numpy as np
import pytest

from ml.errors import TrainingError
from ml.evaluation.chest_mask import chest_of
from ml.training.augmentation import AugmentationConfig
from ml.training.config import LungClassifierConfig, read_recipe
from ml.training.lung_maps import LungMaps
from ml.training.lung_pipeline import CropConfig, batches, pooling_weights, served_crops, softened


def maps_of(count: int) -> tuple[np.ndarray, LungMaps]:
    """Films whose lungs are two bright slabs, and the maps that say so."""
    lungs = np.zeros((count, 224, 224), np.uint8)
    lungs[:, 50:150, 40:90] = lungs[:, 50:150, 120:180] = 255
    boxes = np.tile(np.array([40, 50, 180, 150], np.float32) / 224, (count, 1))
    return lungs.copy(), LungMaps(lungs, np.stack([chest_of(one > 127) for one in lungs]), boxes)


def test_the_chest_holds_the_lungs_and_what_is_between_them() -> None:
    _, maps = maps_of(1)
    assert (maps.chest[0][maps.lungs[0] > 127] > 200).all()
    assert maps.chest[0, 100, 105] == 255
    assert maps.chest[0, 190, 105] == 0


def test_a_served_crop_is_the_box_with_its_margin_and_weighs_the_lungs() -> None:
    films, maps = maps_of(2)
    crops, weights = served_crops(films, maps, 192)
    assert crops.shape == (2, 192, 192, 1)
    assert weights.shape == (2, 6, 6, 1)
    inside = crops[0, 96, :, 0] > 127
    first, last = np.flatnonzero(inside)[[0, -1]]
    assert (first / 192, last / 192) == pytest.approx((0.1 / 1.2, 1.1 / 1.2), abs=0.02)
    assert weights[0, 3, 1, 0] > 2 * weights[0, 0, 0, 0]


def test_films_are_softened_as_the_served_network_softens_them() -> None:
    from scipy.ndimage import gaussian_filter

    films = np.random.default_rng(2).integers(0, 255, (2, 224, 224)).astype(np.uint8)
    blurred = softened(films, 0.8).astype(float)
    for film, soft in zip(films, blurred, strict=True):
        expected = gaussian_filter(film.astype(float), 0.8)
        np.testing.assert_allclose(soft[8:-8, 8:-8], expected[8:-8, 8:-8], atol=0.6)
    assert softened(films, 0) is films


def test_pooling_with_the_weights_is_the_mean_of_enlarged_features_inside_the_lungs() -> None:
    from ml.network.normalization import enlarging_matrix

    random = np.random.default_rng(0)
    lungs = np.zeros((1, 96, 96, 1), np.float32)
    lungs[:, 20:70, 30:60] = 255.0
    features = random.uniform(0, 6, (1, 3, 3, 4)).astype(np.float32)
    weights = np.asarray(pooling_weights(lungs, 96, 9, 32))
    enlarge = enlarging_matrix(96, 32)
    large = np.einsum("yi,nijc,xj->nyxc", enlarge, features, enlarge)
    wide = np.zeros((96, 96), bool)
    wide[16:74, 26:64] = True  # widened by four pixels
    expected = large[0][wide].mean(axis=0)
    np.testing.assert_allclose((features * weights).sum((0, 1, 2)) / weights.sum(), expected, rtol=1e-4)


def test_a_batch_is_a_function_of_its_number_and_lungs_move_with_the_film() -> None:
    films, maps = maps_of(8)
    order = np.random.default_rng(1).permuted(np.tile(np.arange(8), (3, 1)), axis=1)
    plain = AugmentationConfig(tone=0, match=0, equalise=0, blur=0, grain=0, jpeg=0, marker=0, collimate=0, erase=0)
    targets, kinds = np.linspace(0, 1, 8).astype(np.float32), np.arange(8)

    def run(start: int) -> list[object]:
        shown = batches(films, maps, targets, kinds, order, start, 3, CropConfig(surround=0), plain, 96)
        return list(shown.as_numpy_iterator())

    whole, later = run(0), run(2)
    (crops, weights), answers = whole[2]  # type: ignore[misc]
    np.testing.assert_array_equal(crops, later[0][0][0])  # type: ignore[index]
    np.testing.assert_allclose(answers["lungs"][:, 0], targets[order[2]])
    # The drawn lungs are all that is bright, so where crops are bright the weights are.
    bright = crops.reshape(8, 3, 32, 3, 32).mean(axis=(2, 4))
    assert np.corrcoef(bright.ravel(), weights.ravel())[0, 1] > 0.9


@pytest.mark.parametrize("name", ["adults", "adults_longer", "adults_pieces", "children_averaged", "children_lungs"])
def test_recipes_are_read_and_name_no_path(name: str) -> None:
    config = read_recipe(name)
    assert isinstance(config, LungClassifierConfig)
    assert config.network == "lung_classifier"
    assert config.weights == config.start == ""
    assert "/" not in str(LungClassifierConfig(weights="/some/where/w.npz").as_json())


def test_a_recipe_of_another_kind_is_refused() -> None:
    with pytest.raises(TrainingError, match="adults, children is not known"):
        read_recipe("lungs")


def test_what_is_kept_is_the_mean_of_the_last_epochs() -> None:
    from ml.training.lung_fit import joined

    kept: list[np.ndarray] = []
    for epoch, value in enumerate((1.0, 2.0, 4.0, 9.0)):
        kept = joined(kept, [np.full(3, value, np.float32)], epoch - (4 - 3) + 1)
        assert kept[0][0] == {0: 1.0, 1: 2.0, 2: 3.0, 3: 5.0}[epoch]
