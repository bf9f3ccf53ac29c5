"""The parameters of one training run, and the recipes that name them: ``ml/training/recipes/*.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from ml.errors import TrainingError
from ml.files import config_of, read_config
from ml.network.classifier import INPUT_SIZE, Architecture
from ml.network.efficientnet import WHOLE
from ml.network.lung_classifier import SERVE_SIZE, TRAIN_SIZE
from ml.training.augmentation import AugmentationConfig
from ml.training.lung_pipeline import CropConfig

RECIPES = Path(__file__).parent / "recipes"


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """The parameters of one run; a recipe is this as JSON, and train.json keeps them all.

    Attributes:
        seed: Of initial weights, order of films and augmentation.
        split_seed: Draws the split; kept apart, so that runs with different seeds are compared on the same patients.
        epochs: At most; training stops ``patience`` epochs after the best one.
        batch: Films a batch, half of each class.
        train_size: Side of the films in training, in pixels.
        input_size: Side to which the served network scales a film, in pixels.
        rate: Highest learning rate.
        decay: Weight decay.
        kind_weight: What the loss of the second head (kind of pneumonia) counts.
        patience: Epochs without a better validation loss until training stops.
        propensity_cap: See ``ml/data/acquisition.py``; 1 is off.
        start: Folder of another run whose averaged weights to begin with.
        teachers: Folders of runs whose answers to learn.
        precision: A Keras dtype policy; ``auto``: half precision where the hardware has it.
    """

    seed: int = 1
    split_seed: int = 2026
    epochs: int = 40
    batch: int = 64
    train_size: int = 128
    input_size: int = INPUT_SIZE
    rate: float = 2e-3
    decay: float = 0.02
    kind_weight: float = 0.3
    patience: int = 15
    propensity_cap: float = 4.0
    start: str = ""
    teachers: tuple[str, ...] = ()
    precision: Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"] = "auto"
    architecture: Architecture = field(default_factory=Architecture)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)

    def __post_init__(self) -> None:
        _check_whole_numbers(self, patience=(1, 1), train_size=(32, 16), input_size=(32, 16))

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON values; of folders their names alone, since paths are one machine's."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        nested = {name: plain[name].as_json() for name in ("architecture", "augmentation")}
        named = {"start": Path(self.start).name, "teachers": [Path(run).name for run in self.teachers]}
        return {**plain, **named, **nested}


@dataclass(frozen=True, slots=True)
class LungClassifierConfig:
    """The parameters of one run of a classifier on lung crops.

    Attributes:
        network: Says that a recipe is of this kind.
        keep: Share of the averaged weights kept at each batch.
        tail: Last epochs whose averaged weights are averaged once more, into what is served; all of a shorter run's.
        size: Side of the crop in training, in pixels.
        serve_size: Side of the crop of the served network, in pixels.
        weights: ``.npz`` of ImageNet weights to begin with; empty to begin with nothing or with ``start``.
        start: Folder of another run whose averaged weights to begin with, or of a published artefact.
        teachers: Folders of runs of this kind, or of published artefacts, whose answers to learn.
        stages: How many stages of EfficientNet-Lite0 the network has. After fewer, a place of the features sees less of
            the crop.
        frozen: Blocks of the backbone, the stem before them, that stay as they begin. With three of them a step takes
            three quarters of the time.
        propensity_cap: See ``ml/data/acquisition.py``; 1 is off.
        smooth: Label smoothing.
        soften: Standard deviation, in pixels, of a blur before the crop, in training and as served. Finer than that,
            copies of a film of different making have little in common (docs/experiments.md).
        narrow: Pool over the lungs less their edge, as the served network does, and not over the lungs widened.
        pieces: Chance that a crop gets a piece of another (:mod:`ml.training.pieces`), and pieces are taught apart.
    """

    network: Literal["lung_classifier"] = "lung_classifier"
    seed: int = 1
    split_seed: int = 2026
    epochs: int = 8
    batch: int = 32
    rate: float = 6e-4
    decay: float = 0.02
    keep: float = 0.995
    tail: int = 1
    size: int = TRAIN_SIZE
    serve_size: int = SERVE_SIZE
    weights: str = ""
    start: str = ""
    teachers: tuple[str, ...] = ()
    stages: int = WHOLE
    frozen: int = 3
    propensity_cap: float = 1.0
    smooth: float = 0.05
    soften: float = 0.0
    narrow: bool = False
    pieces: float = 0.0
    crop: CropConfig = field(default_factory=CropConfig)
    retouching: AugmentationConfig = field(default_factory=lambda: AugmentationConfig(jpeg=0.0))

    def __post_init__(self) -> None:
        _check_whole_numbers(self, tail=(1, 1), frozen=(0, 1), size=(32, 32), serve_size=(32, 32), stages=(1, 1))
        if self.stages > WHOLE:
            raise TrainingError(f"stages is {self.stages}, but has to be a whole number from 1 to {WHOLE}.")

    @classmethod
    def of_run(cls, identity: Mapping[str, Any]) -> LungClassifierConfig:
        """The parameters of a run by what its checkpoint says of it; how many epochs it has, it does not say."""
        known = {f.name for f in fields(cls)} - {"epochs"}
        return config_of(cls, {name: value for name, value in identity.items() if name in known}, "The run")

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON values; of files and folders their names alone, since paths are one machine's."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        named: dict[str, Any] = {name: Path(plain[name]).name for name in ("weights", "start")}
        named["teachers"] = [Path(run).name for run in self.teachers]
        return {**plain, **named, "crop": self.crop.as_json(), "retouching": self.retouching.as_json()}


def _check_whole_numbers(config: TrainingConfig | LungClassifierConfig, **own: tuple[int, int]) -> None:
    """Refuse a number below the least that makes sense, or not of its step; ``own``: both, by name, beside common ones.

    Raises:
        TrainingError: It names the number.
    """
    common = {"seed": (0, 1), "split_seed": (0, 1), "epochs": (1, 1), "batch": (2, 2)}
    for name, (least, step) in (common | own).items():
        value = getattr(config, name)
        if value < least or value % step:
            kind = {1: "a whole number", 2: "an even number"}.get(step, f"a multiple of {step}")
            raise TrainingError(f"{name} is {value}, but has to be {kind} from {least} on.")


def read_recipe(recipe: str) -> TrainingConfig | LungClassifierConfig:
    """Read a classifier's recipe; its key ``network`` says which kind it is of.

    Args:
        recipe: The name of one in :data:`RECIPES`, or the path of a JSON file.

    Raises:
        TrainingError: There is none of that name, or it says something that cannot be.
    """
    path = recipe_path(recipe)
    try:
        kind = json.loads(path.read_text(encoding="utf-8")).get("network")
    except (OSError, ValueError, AttributeError) as error:
        raise TrainingError(f"{path} cannot be read as a recipe ({error}).") from error
    if kind == "lung_classifier":
        return read_config(LungClassifierConfig, path)
    return read_config(TrainingConfig, path)


def recipe_path(recipe: str) -> Path:
    """Where a recipe lies that is given by its name, or by its path.

    Raises:
        TrainingError: There is none of that name.
    """
    path = Path(recipe)
    if path.suffix == ".json":
        return path
    if not (RECIPES / f"{recipe}.json").is_file():
        names = ", ".join(sorted(found.stem for found in RECIPES.glob("*.json")))
        raise TrainingError(f"There is no recipe {recipe!r}. There are {names}; or give the path of a JSON file.")
    return RECIPES / f"{recipe}.json"
