"""The model card: what a model artefact says about itself, read without any machine-learning library.

An artefact is a folder: ``model.keras`` (the source of truth), ``model.xml`` + ``model.bin`` (the same network as
exported for serving), ``card.json`` (this), ``metrics.json`` and figures. The card names the SHA-256 of every other
file, so a damaged or exchanged file is found before it can answer.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.errors import ArtifactDamaged, ArtifactMissing

FORMAT_VERSION = 1
ARTIFACTS = Path(__file__).resolve().parent.parent / "artifacts"
OPERATING_POINTS = ("screening", "balanced", "rule_in")
SERVED_FILES = ("model.keras", "model.xml", "model.bin")


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A named threshold and what it gave on patients on whom nothing was chosen.

    ``threshold`` is a calibrated probability; a film is positive from it upwards. The intervals are 95 % bootstrap
    intervals by patient. ``shifted`` holds the same figures on the same films as another site might deliver them.
    """

    name: str
    threshold: float
    sensitivity: float
    sensitivity_ci: tuple[float, float]
    specificity: float
    specificity_ci: tuple[float, float]
    positives: int
    negatives: int
    shifted: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class IndeterminateZone:
    """Probabilities in [low, high) get no answer; ``share`` of films fall there, ``error_outside`` of the rest err."""

    low: float
    high: float
    share: float
    error_outside: float


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Everything the program and its pages need to know about one model version.

    ``head`` and ``calibration`` are those of :meth:`probability` and :meth:`heat`; ``raw`` is the whole JSON.
    """

    format_version: int
    version: str
    sha256: str
    name: str
    population: str
    intended_use: str
    limits: tuple[str, ...]
    operating_points: dict[str, OperatingPoint]
    indeterminate: IndeterminateZone
    calibration: Mapping[str, Any]
    head: Mapping[str, Any]
    input: Mapping[str, Any]
    metrics: Mapping[str, Any]
    training: Mapping[str, Any]
    files: Mapping[str, str]
    directory: Path
    raw: Mapping[str, Any]

    def probability(self, logit: NDArray[np.float32]) -> NDArray[np.float64]:
        """Turn the network's logits (any shape) into calibrated probabilities inside the card's bounds."""
        odds = float(self.calibration["slope"]) * np.asarray(logit, np.float64) + float(self.calibration["intercept"])
        low, high = self.calibration["bounds"]
        probability: NDArray[np.float64] = np.clip(1.0 / (1.0 + np.exp(-np.clip(odds, -60, 60))), low, high)
        return probability

    def finding(self, probability: float, operating_point: str) -> str:
        """Say ``"normal"``, ``"pneumonia"`` or ``"indeterminate"`` for a calibrated probability.

        Below both the threshold and the zone a film is normal, above both it is pneumonia, between them it is for a
        person. So the answer never turns back as the probability rises, and no operating point calls a film normal
        (or pneumonia) that its own threshold would not.
        """
        threshold = self.operating_points[operating_point].threshold
        if probability < min(threshold, self.indeterminate.low):
            return "normal"
        if probability >= max(threshold, self.indeterminate.high):
            return "pneumonia"
        return "indeterminate"

    def heat(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn feature maps (n, h, w, c) into heat maps (n, h, w) in [0, 1].

        The value before scaling is the calibrated log-odds that each place adds; their mean over a film is that
        film's log-odds. What shows is how far a place speaks for pneumonia beyond both nought and the film's middle
        place: in a film that is suspicious everywhere the map still says where most. The scale is one number for all
        films (the strongest spot of a clear pneumonia film is 1), so a normal film's map stays cold.
        """
        weights = np.asarray(self.head["weights"], np.float32)
        local = features @ weights + np.float32(self.head["bias"])
        odds = np.float32(self.calibration["slope"]) * local + np.float32(self.calibration["intercept"])
        base = np.maximum(np.median(odds, axis=(1, 2), keepdims=True), 0)
        heat: NDArray[np.float32] = np.clip((odds - base) / np.float32(self.head["heat_scale"]), 0.0, 1.0)
        return heat

    def verify(self) -> None:
        """Check every file the card names against its SHA-256.

        Raises:
            ArtifactMissing: a file is not there.
            ArtifactDamaged: a file is not the one the card was written for.
        """
        for name, expected in self.files.items():
            path = self.directory / name
            if not path.is_file():
                raise ArtifactMissing(f"{path} is missing. Restore the folder {self.directory} or publish a model.")
            if file_sha256(path) != expected:
                raise ArtifactDamaged(
                    f"{path} is not the file its card describes (SHA-256 differs). "
                    f"Restore the folder {self.directory} as a whole; never replace single files in it."
                )


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as lower-case hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def load_card(directory: Path | None = None) -> ModelCard:
    """Read ``card.json`` of an artefact folder (default: the committed pneumonia model).

    Reads nothing but the card; :meth:`ModelCard.verify` checks the files it names.

    Raises:
        ArtifactMissing: there is no card.
        ArtifactDamaged: it cannot be read, is of another format version, or contradicts itself.
    """
    folder = directory or ARTIFACTS / "pneumonia"
    path = folder / "card.json"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ArtifactMissing(f"{path} is missing. Publish a model with python -m ml.publish.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ArtifactDamaged(f"{path} cannot be read: {error}") from error
    try:
        raw = json.loads(text)
        if raw["format_version"] != FORMAT_VERSION:
            raise ArtifactDamaged(
                f"{path} has format version {raw['format_version']!r}; this program reads {FORMAT_VERSION}. "
                "Publish the model again with this version of the program."
            )
        card = parse_card(raw, folder)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactDamaged(f"{path} is not a whole model card ({type(error).__name__}: {error}).") from error
    return card


def parse_card(raw: Mapping[str, Any], folder: Path = ARTIFACTS / "pneumonia") -> ModelCard:
    """Make a card of its JSON, e.g. as kept in a database; ``folder`` is where its files lie, if they still do.

    Raises:
        KeyError, TypeError, ValueError: the JSON is not a whole card.
    """
    points = {point["name"]: _point(point) for point in raw["operating_points"]}
    if tuple(points) != OPERATING_POINTS:
        raise ValueError(f"operating points are {list(points)}, not {list(OPERATING_POINTS)}")
    zone = IndeterminateZone(**{key: _finite(raw["indeterminate"][key]) for key in IndeterminateZone.__slots__})
    low, high = (_finite(bound) for bound in raw["calibration"]["bounds"])
    if not 0 < low < high < 1:
        raise ValueError(f"probability bounds {low}, {high} are not inside (0, 1)")
    if not zone.low <= zone.high:
        raise ValueError("the indeterminate zone ends before it starts")
    if _finite(raw["calibration"]["slope"]) <= 0:
        raise ValueError("the calibration slope is not positive")
    _finite(raw["calibration"]["intercept"])
    if not all(name in raw["files"] for name in SERVED_FILES) or any("/" in name for name in raw["files"]):
        raise ValueError("the list of files is not that of an artefact")
    if _finite(raw["head"]["heat_scale"]) <= 0 or not raw["head"]["weights"]:
        raise ValueError("the head is not that of a network")
    return ModelCard(
        format_version=raw["format_version"],
        version=str(raw["version"]),
        sha256=str(raw["files"]["model.keras"]),
        name=str(raw["name"]),
        population=str(raw["population"]),
        intended_use=str(raw["intended_use"]),
        limits=tuple(str(limit) for limit in raw["limits"]),
        operating_points=points,
        indeterminate=zone,
        calibration=raw["calibration"],
        head=raw["head"],
        input=raw["input"],
        metrics=raw["metrics"],
        training=raw["training"],
        files=raw["files"],
        directory=folder,
        raw=raw,
    )


def _point(raw: Mapping[str, Any]) -> OperatingPoint:
    return OperatingPoint(
        name=str(raw["name"]),
        threshold=_finite(raw["threshold"]),
        sensitivity=_finite(raw["sensitivity"]),
        sensitivity_ci=(_finite(raw["sensitivity_ci"][0]), _finite(raw["sensitivity_ci"][1])),
        specificity=_finite(raw["specificity"]),
        specificity_ci=(_finite(raw["specificity_ci"][0]), _finite(raw["specificity_ci"][1])),
        positives=int(raw["positives"]),
        negatives=int(raw["negatives"]),
        shifted=raw.get("shifted", {}),
    )


def _finite(value: object) -> float:
    """Return a JSON number as a float; NaN, infinity, text and booleans are errors."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a number")
    return float(value)
