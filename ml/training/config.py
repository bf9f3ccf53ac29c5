"""The parameters of one training run."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from ml.network.classifier import LOOK, Architecture
from ml.training.augmentation import Recipe


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
