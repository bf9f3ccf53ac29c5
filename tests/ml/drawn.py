"""Drawn films, a hand-made network and a published artefact for the tests of ml: small, quick and nobody's film."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from ml.data.dataset import SPLITS, data_hash, load_pixels, read_films
from ml.data.near_duplicates import find_near_duplicates
from ml.data.split import split_films
from ml.network.classifier import Architecture
from ml.phantom import png
from ml.training.augmentation import AugmentationConfig
from ml.training.config import LungClassifierConfig, TrainingConfig

PATIENTS = 40


def draw(seed: int, *, opacity: bool = False) -> NDArray[np.uint8]:
    """Draw (224, 224): a bright body with two dark lungs, one of them with a white patch where there is an opacity.

    ml.phantom draws better and takes a hundred times as long.
    """
    random = np.random.default_rng(seed)
    picture = Image.new("L", (224, 224), 15)
    pen = ImageDraw.Draw(picture)
    pen.ellipse([10, -40, 214, 300], fill=int(random.uniform(150, 190)))
    for left in (40, 124):
        pen.ellipse([left, 40, left + 60, 180], fill=int(random.uniform(50, 80)))
    if opacity:
        x, y = int(random.choice([40, 124])), int(random.uniform(40, 80))
        pen.ellipse([x, y, x + 60, y + 100], fill=int(random.uniform(120, 180)))
    # Clouds as each child has its own: without them the drawings pass for copies of one another.
    clouds = Image.fromarray(random.normal(0, 30, (16, 16)).astype(np.float32)).resize((224, 224))
    grain = random.normal(0, 5, (224, 224))
    blurred = np.asarray(picture.filter(ImageFilter.GaussianBlur(3)))
    return np.clip(blurred + np.asarray(clouds) + grain, 0, 255).astype(np.uint8)


def draw_films(root: Path, patients: int = PATIENTS) -> Path:
    """Draw ``CLASS/*.jpeg``: clear lungs, and lungs with an opacity on brighter films; two films a patient."""
    random = np.random.default_rng(0)
    for label, (name, stem) in enumerate((("NORMAL", "IM-{:04d}-000{}"), ("PNEUMONIA", "person{}_bacteria_{}"))):
        (root / name).mkdir(parents=True, exist_ok=True)
        for patient in range(1, patients + 1):
            for number in (1, 2):
                seed = 10_000 * label + 10 * patient + number
                grey = draw(seed, opacity=bool(label)) * random.uniform(0.9, 1.0)
                path = root / name / (stem.format(patient, number) + ".jpeg")
                Image.fromarray(grey.astype(np.uint8)).save(path, quality=90)
    return root


def tiny_config() -> TrainingConfig:
    """The smallest network and the shortest training that are still whole."""
    return TrainingConfig(
        epochs=3,
        batch=8,
        train_size=64,
        input_size=64,
        precision="float32",
        architecture=Architecture(widths=(4,), blocks=(1,)),
        augmentation=AugmentationConfig(jpeg=0.25),
    )


def draw_dozens(root: Path) -> Path:
    """Twelve drawn patients a class, one film each."""
    for label, name in enumerate(("NORMAL/IM-{:04}-0001.png", "PNEUMONIA/person{}_virus_1.png")):
        for i in range(12):
            path = root / name.format(i)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png(draw(50 * label + i, opacity=bool(label))))
    return root


@contextmanager
def without_graphs() -> Iterator[None]:
    """Train operation by operation: the same numbers in a third of the time, for tests that are not about graphs.

    What still is a graph, the films' pipeline, runs as it was written: to optimise it takes longer than to run it.
    """
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


@cache
def tiny_runs() -> Path:
    """A folder with ``data`` and the runs ``one`` and ``two``, one epoch each; do not change it."""
    from ml.train import train

    root = Path(tempfile.mkdtemp(prefix="pneumoweb-runs-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    draw_dozens(root / "data")
    for seed, name in enumerate(("one", "two"), start=1):
        config = replace(tiny_config(), epochs=1, seed=seed)
        with without_graphs():
            train(root / "data", root / name, config, command="drawn")
    return root


def lung_config() -> LungClassifierConfig:
    """The shortest training of a classifier on lung crops that is still whole; shorter than the mean it is to keep."""
    return LungClassifierConfig(epochs=1, tail=3, batch=8, size=64, serve_size=64, frozen=0)


@cache
def lung_run() -> Path:
    """A run of a classifier on lung crops, on the films of :func:`tiny_runs`; do not change it."""
    from ml.train import train

    out = Path(tempfile.mkdtemp(prefix="pneumoweb-lungs-")) / "one"
    atexit.register(shutil.rmtree, out.parent, ignore_errors=True)
    with without_graphs():
        train(tiny_runs() / "data", out, lung_config())
    return out


def handmade_network() -> Any:
    """A Keras network of the served shape that looks for dark lungs: no training, and right more often than not."""
    import keras
    from keras import layers

    film_in = keras.Input((224, 224, 1), name="film")
    small = layers.AveragePooling2D(4)(film_in)  # first, for what is done to every pixel takes the time
    even = layers.GroupNormalization(1, center=False, scale=False)(small)
    features = layers.Conv2D(3, 1, activation="relu", name="features")(layers.AveragePooling2D(4)(even))
    head = layers.Dense(1, name="head")
    logit = head(layers.GlobalAveragePooling2D()(features))
    model = keras.Model(film_in, {"logit": layers.Identity(name="logit")(logit), "features": features})
    kernel = np.array([-1, 1, -1], np.float32).reshape(1, 1, 1, 3)  # dark, bright, darker still
    model.get_layer("features").set_weights([kernel, np.array([0.0, 0.0, -0.5], np.float32)])
    head.set_weights([np.array([[160.0], [-180.0], [80.0]], np.float32), np.array([-8.3], np.float32)])
    return model


def write_run(run: Path, data: Path) -> Path:
    """Write what ml.train leaves behind, with the hand-made network."""
    run.mkdir(parents=True, exist_ok=True)
    films = read_films(data)
    pixels = load_pixels(data, films)
    films = split_films(films, 3, find_near_duplicates(films, pixels))
    splits = {split: [item.file for item in films if item.split == split] for split in SPLITS}
    split = {**splits, "seed": 3, "data_sha256": data_hash(films, pixels)}
    (run / "split.json").write_text(json.dumps(split))
    (run / "train.json").write_text(json.dumps({"command": "drawn", "seed": 1, "architecture": {"widths": [3]}}))
    epoch = {"loss": 0.5, "val_loss": 0.4, "val_auc": 0.9, "val_auc_plain": 0.95}
    (run / "history.json").write_text(json.dumps([epoch, {**epoch, "loss": 0.3}]))
    handmade_network().save(run / "model.keras")
    return run


@cache
def workshop() -> Path:
    """A folder with ``data``, ``run`` and the published ``artifact``, made once for all tests; do not change it."""
    from ml.publishing.publish import publish

    root = Path(tempfile.mkdtemp(prefix="pneumoweb-drawn-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    write_run(root / "run", draw_films(root / "data"))
    publish(root / "data", root / "run", root / "artifact", name="2026.1.1", command="drawn")
    return root


def copied_artifact(to: Path) -> Path:
    """A copy of the published artefact that a test may damage."""
    shutil.copytree(workshop() / "artifact", to)
    return to


def drawn_input(seed: int = 1, **options: Any) -> Any:
    """A drawn film as the networks see it."""
    from ml.intake.read import ModelInput

    return ModelInput(draw(seed, **options), 1024, 840)
