"""From Keras to the served network: the same answers, or nothing is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ml.errors import ArtifactDamaged, ArtifactMissing
from ml.inference.runtime import Engine
from ml.network.export import as_list, check_architecture, export, load_keras, read_head
from tests.ml.drawn import drawn_input, handmade_network, workshop

FILMS = np.stack([drawn_input(seed, opacity=bool(seed % 2)).pixels for seed in range(6)])


def test_the_served_network_answers_as_keras_does(tmp_path: Path) -> None:
    model = handmade_network()
    parity = export(model, tmp_path / "model.xml", FILMS)
    assert parity["logit"] <= 1e-3
    assert parity["features"] <= 1e-3
    logit, features = Engine(tmp_path / "model.xml", threads=1)(FILMS[..., None].astype(np.float32))
    wanted = as_list(model(FILMS[..., None].astype(np.float32)))
    assert np.allclose(logit, wanted[0], atol=1e-3)
    assert np.allclose(features, wanted[1], atol=1e-3)


def test_the_logit_is_the_pooled_features_times_the_head() -> None:
    weights, bias = read_head(load_keras(workshop() / "artifact" / "model.keras"))
    logit, features = Engine(workshop() / "artifact" / "model.xml")(FILMS[..., None].astype(np.float32))
    assert np.allclose(features.mean(axis=(1, 2)) @ weights + bias, logit[:, 0], atol=1e-3)


def test_a_network_whose_export_differs_is_not_written(tmp_path: Path) -> None:
    import keras

    class Unsteady(keras.layers.Layer):  # type: ignore[misc]
        """Says 1 the first time it is asked (while it is exported), then 2."""

        asked = 0

        def call(self, x: object) -> object:
            self.asked += 1
            return x + float(self.asked)  # type: ignore[operator]

    inside = keras.Input((224, 224, 1))
    model = keras.Model(inside, keras.layers.GlobalAveragePooling2D()(Unsteady()(inside)))
    with pytest.raises(ArtifactDamaged, match="not published"):
        export(model, tmp_path / "model.xml", FILMS)
    assert not list(tmp_path.glob("model*"))


def test_one_film_and_a_batch_give_the_same_answers() -> None:
    engine = Engine(workshop() / "artifact" / "model.xml", threads=2)
    batch = FILMS[..., None].astype(np.float32)
    together = engine(batch)[0]
    alone = np.concatenate([engine(film[None])[0] for film in batch])
    assert np.allclose(together, alone, atol=1e-4)


def test_an_answer_stays_the_same_when_the_engine_runs_another_film() -> None:
    engine = Engine(workshop() / "artifact" / "model.xml")
    first = engine(FILMS[:1, ..., None].astype(np.float32))[0]
    kept = first.copy()
    engine(FILMS[1:2, ..., None].astype(np.float32))
    assert (first == kept).all()


def test_a_network_of_another_shape_is_refused() -> None:
    import keras

    inside = keras.Input((150, 150, 1))
    with pytest.raises(ArtifactDamaged, match=r"takes \(None, 150, 150, 1\)"):
        check_architecture(keras.Model(inside, keras.layers.Flatten()(inside)))
    inside = keras.Input((224, 224, 1))
    with pytest.raises(ArtifactDamaged, match="not a logit and a feature map"):
        check_architecture(keras.Model(inside, keras.layers.GlobalAveragePooling2D()(inside)))


def test_a_file_that_carries_code_is_not_run(tmp_path: Path) -> None:
    import keras

    inside = keras.Input((224, 224, 1))
    keras.Model(inside, keras.layers.Lambda(lambda x: x * 2)(inside)).save(tmp_path / "model.keras")
    with pytest.raises(ArtifactDamaged, match="without code of its own"):
        load_keras(tmp_path / "model.keras")


def test_a_missing_or_torn_keras_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactMissing, match=r"ml\.train"):
        load_keras(tmp_path / "model.keras")
    (tmp_path / "model.keras").write_bytes((workshop() / "artifact" / "model.keras").read_bytes()[:1000])
    with pytest.raises(ArtifactDamaged):
        load_keras(tmp_path / "model.keras")
