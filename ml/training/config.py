"""The parameters of one training run."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ml.errors import TrainingError
from ml.network.classifier import LOOK, Architecture
from ml.network.lung_classifier import SERVE_SIZE, TRAIN_SIZE
from ml.training.augmentation import Recipe
from ml.training.lung_pipeline import CropRecipe


@dataclass(frozen=True, slots=True)
class Plan:
    """The parameters of one run; train.json keeps them all."""

    seed: int = 1
    split_seed: int = 2026
    epochs: int = 40
    batch: int = 64
    side: int = 128
    look: int = LOOK
    rate: float = 2e-3
    decay: float = 0.02
    kind_weight: float = 0.3
    patience: int = 15
    fairness: float = 4.0
    start: str = ""
    teachers: tuple[str, ...] = ()
    leave_out: int | None = None
    precision: str = "auto"
    architecture: Architecture = field(default_factory=Architecture)
    recipe: Recipe = field(default_factory=Recipe)

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("architecture", "recipe")}
        plain["teachers"] = list(self.teachers)
        return {**plain, "architecture": self.architecture.as_json(), "recipe": self.recipe.as_json()}


@dataclass(frozen=True, slots=True)
class LungClassifierPlan:
    """The parameters of one run; recipes in ``ml/training/recipes`` are this as JSON.

    Attributes:
        weights: ``.npz`` of ImageNet weights to begin with; empty to begin with nothing or with ``start``.
        start: Folder of another run whose averaged weights to begin with.
        frozen: Blocks of the backbone, the stem before them, that stay as they begin: half the work of a step.
        fairness: See ``ml/data/acquisition.py``; 1 is off.
        smooth: Label smoothing.
    """

    network: str = "lung_classifier"
    seed: int = 1
    split_seed: int = 2026
    epochs: int = 8
    batch: int = 32
    rate: float = 6e-4
    decay: float = 0.02
    keep: float = 0.995
    size: int = TRAIN_SIZE
    serve_size: int = SERVE_SIZE
    weights: str = ""
    start: str = ""
    frozen: int = 3
    fairness: float = 1.0
    smooth: float = 0.05
    crop: CropRecipe = field(default_factory=CropRecipe)
    retouching: Recipe = field(default_factory=lambda: Recipe(jpeg=0.0))

    @classmethod
    def read(cls, path: Path) -> LungClassifierPlan:
        """Read a recipe.

        Raises:
            TrainingError: It is no recipe of this kind.
        """
        try:
            given = json.loads(path.read_text(encoding="utf-8"))
            crop, retouching = CropRecipe(**given.pop("crop", {})), Recipe(**given.pop("retouching", {}))
            return cls(**given, crop=crop, retouching=retouching)
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise TrainingError(f"{path} is no recipe for a classifier on lung crops ({error}).") from error

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("crop", "retouching")}
        named = {name: Path(plain[name]).name for name in ("weights", "start")}
        return {**plain, **named, "crop": self.crop.as_json(), "retouching": self.retouching.as_json()}
