"""The classifier on lung crops: ImageNet weights find their layers, and serving gives what training learnt."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.errors import ArtifactDamaged, TrainingError
from ml.inference.cards.model_card import ARTIFACTS
from ml.inference.lungs import LungFinder
from ml.inference.runtime import Engine
from ml.network.classifier import multiply_adds
from ml.network.efficientnet import freeze, load_imagenet
from ml.network.export import check_architecture, export, load_keras, read_head, save_small
from ml.network.lung_classifier import build_serving, build_training, for_two_views, learn_on, rebuilt, three_views
from ml.network.lungs import load_lungs
from ml.network.normalization import views
from ml.training.lung_fit import scores
from ml.training.lung_maps import find_lung_maps
from ml.training.lung_pipeline import served_crops
from tests.ml.drawn import drawn_input
from tests.places import SHARED_DATA

IMAGENET = SHARED_DATA / "weights" / "efficientnet_lite0.npz"
FILMS = np.stack([drawn_input(seed, opacity=bool(seed % 2)).pixels for seed in range(4)])


@cache
def built() -> tuple[Any, list[np.ndarray]]:
    """A network and its first weights; to build one takes seconds."""
    network = build_training(64)
    return network, network.get_weights()


@pytest.fixture
def untrained() -> Iterator[Any]:
    """A network with its first weights, whatever other tests made of it."""
    network, weights = built()
    yield network
    network.trainable = True
    network.set_weights(weights)


def as_published(network: object) -> dict[str, np.ndarray]:
    """The network's own weights, named and shaped as the published arrays are."""
    arrays = {}
    for layer in network.layers:  # type: ignore[attr-defined]
        name, values = layer.name.replace("-", "."), layer.get_weights()
        if not values or name.startswith("head"):
            continue
        match type(layer).__name__:
            case "Conv2D":
                arrays[f"{name}.weight"] = values[0].transpose(3, 2, 0, 1)
            case "DepthwiseConv2D":
                arrays[f"{name}.weight"] = values[0].transpose(2, 3, 0, 1)
            case "BatchNormalization":
                kinds = ("weight", "bias", "running_mean", "running_var")
                arrays |= {f"{name}.{kind}": value for kind, value in zip(kinds, values, strict=True)}
    return arrays


def test_every_published_array_finds_its_layer_and_comes_back_the_same(untrained: Any, tmp_path: Path) -> None:
    np.savez(tmp_path / "weights.npz", **as_published(untrained))
    before = [(layer, layer.get_weights()) for layer in untrained.layers]
    untrained.set_weights([weight + 1 for weight in untrained.get_weights()])
    load_imagenet(untrained, tmp_path / "weights.npz")
    for layer, weights in before:
        if not layer.name.startswith("head_") or layer.name == "head_relu":
            for a, b in zip(weights, layer.get_weights(), strict=True):
                np.testing.assert_array_equal(a, b)


def test_arrays_without_a_layer_and_arrays_of_another_shape_are_refused(untrained: Any, tmp_path: Path) -> None:
    arrays = as_published(untrained)
    np.savez(tmp_path / "more.npz", **arrays, strange=np.zeros(3))
    with pytest.raises(TrainingError, match="no layer takes: strange"):
        load_imagenet(untrained, tmp_path / "more.npz")
    np.savez(tmp_path / "other.npz", **{**arrays, "_conv_stem.weight": np.zeros((32, 3, 5, 5))})
    with pytest.raises(TrainingError, match="does not fit the layer _conv_stem"):
        load_imagenet(untrained, tmp_path / "other.npz")


@pytest.mark.skipif(not IMAGENET.is_file(), reason="the weights lie outside the repository")
def test_the_published_weights_fit(untrained: Any) -> None:
    load_imagenet(untrained, IMAGENET)
    kernel = untrained.get_layer("_conv_stem").get_weights()[0]
    assert kernel.shape == (3, 3, 3, 32)
    assert np.abs(kernel).max() > 0.1


def test_frozen_blocks_learn_nothing_and_the_last_norm_still_does(untrained: Any) -> None:
    freeze(untrained, 3)
    assert not untrained.get_layer("_blocks-2-_project_conv").trainable
    assert untrained.get_layer("_blocks-3-_project_conv").trainable
    assert untrained.get_layer("_bn1").trainable


def test_the_first_layer_gives_for_two_views_what_it_gave_for_three() -> None:
    import keras

    film = keras.Input((96, 96, 1))
    stems = [keras.layers.Conv2D(32, 3, strides=2, use_bias=False) for _ in range(2)]
    both = keras.Model(film, [stems[0](three_views(film)), stems[1](views(film))])
    stems[1].set_weights([for_two_views(stems[0].get_weights()[0])])
    three, two = both(np.random.default_rng(0).uniform(0, 255, (2, 96, 96, 1)).astype(np.float32))
    np.testing.assert_allclose(np.asarray(two), np.asarray(three), atol=1e-5)


@pytest.mark.slow
def test_a_served_network_built_once_more_answers_as_before() -> None:
    committed = load_keras(ARTIFACTS / "adults" / "model.keras")
    films = FILMS[..., None].astype(np.float32)
    before, after = committed(films, training=False), rebuilt(committed)(films, training=False)
    for name, value in before.items():
        scale = max(1.0, float(np.abs(value).max()))
        np.testing.assert_allclose(np.asarray(after[name]) / scale, np.asarray(value) / scale, atol=1e-4)
    with pytest.raises(ArtifactDamaged, match="does not work on lungs"):
        rebuilt(load_lungs())


def test_narrowed_lungs_pool_in_training_as_the_served_network_pools(untrained: Any) -> None:
    head = untrained.get_layer("head_lungs")
    weights, bias = head.get_weights()
    head.set_weights([np.ones_like(weights), bias])  # features are never negative: no logit is nearly nothing
    served, training = build_serving(untrained, load_lungs(), 96), build_training(96)
    training.set_weights(untrained.get_weights())
    wanted = np.asarray(served(FILMS[..., None].astype(np.float32), training=False)["logit"])[:, 0]
    narrow, wide = (
        scores(training, *served_crops(FILMS, find_lung_maps(FILMS, narrow=narrow), 96)) for narrow in (True, False)
    )
    np.testing.assert_allclose(narrow, wanted, rtol=0.01)
    assert np.abs(wide / wanted - 1).max() > 0.02


def test_a_network_that_ends_earlier_takes_what_was_published_for_it_and_is_served_as_it_is_trained(
    untrained: Any, tmp_path: Path
) -> None:
    np.savez(tmp_path / "weights.npz", **as_published(untrained))
    early = build_training(96, stages=4)
    load_imagenet(early, tmp_path / "weights.npz")
    stem = untrained.get_layer("_conv_stem").get_weights()[0]
    np.testing.assert_array_equal(early.get_layer("_conv_stem").get_weights()[0], stem)
    assert "_blocks-8-_expand_conv" not in {layer.name for layer in early.layers}
    served = build_serving(early, load_lungs(), 96)
    assert multiply_adds(served) < 0.85 * multiply_adds(build_serving(untrained, load_lungs(), 96))
    wanted = np.asarray(served(FILMS[..., None].astype(np.float32), training=False)["logit"])[:, 0]
    answers = scores(early, *served_crops(FILMS, find_lung_maps(FILMS, narrow=True), 96, stages=4))
    np.testing.assert_allclose(answers, wanted, atol=0.02 * np.abs(wanted).max())
    with pytest.raises(TrainingError, match="has 4 stages, and the recipe says 7"):
        learn_on(untrained, served, [])


@pytest.mark.slow
def test_what_has_no_published_weights_begins_alike_whatever_the_seed() -> None:
    import keras

    begun = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        layers = build_training(64, stages=5).layers
        begun.append({layer.name: layer.get_weights()[0] for layer in layers if layer.weights})
    for name in ("earlier_conv", "head_lungs", "head_all", "head_aux"):
        np.testing.assert_array_equal(begun[0][name], begun[1][name])
    assert not np.array_equal(begun[0]["_conv_stem"], begun[1]["_conv_stem"])


def test_the_served_network_is_one_like_any_other_and_exports(untrained: Any, tmp_path: Path) -> None:
    served = build_serving(untrained, load_lungs(), soften=0.8)
    save_small(served, tmp_path / "model.keras")
    assert (tmp_path / "model.keras").stat().st_size < 11e6, "weights that are exact in 16 bits are stored so"
    loaded = load_keras(tmp_path / "model.keras")
    assert check_architecture(loaded) == 32
    weights, bias = read_head(loaded)
    found = loaded(FILMS[..., None].astype(np.float32), training=False)
    pooled = np.asarray(found["features"]).mean(axis=(1, 2))
    np.testing.assert_allclose(pooled @ weights + bias, np.asarray(found["logit"])[:, 0], atol=1e-4)
    assert export(loaded, tmp_path / "model.xml", FILMS)["logit"] < 1e-3
    lungs = Engine(tmp_path / "model.xml", threads=1)(FILMS[..., None].astype(np.float32))[2]
    alone = np.stack([one.probability for one in LungFinder.load(threads=1).find(FILMS)])
    np.testing.assert_allclose(lungs[..., 0], alone, atol=5e-3)
    assert multiply_adds(loaded) < 0.6e9
