"""PneumoWeb's model: reads films, guards the model's door, judges, and says what it knows of itself.

This is the door: ``diagnosis`` imports these names and nothing behind them. Importing it loads numpy and Pillow; the
runtime comes with :meth:`Predictor.load`, Keras and TensorFlow only with training and publishing.
"""

from __future__ import annotations

from ml.errors import (
    TERMS,
    ArtifactDamaged,
    ArtifactError,
    ArtifactMissing,
    CodedError,
    IntakeError,
    Parameter,
    Refusal,
)
from ml.files import csv_line
from ml.inference.heatmap import upsample
from ml.inference.lungs import LungFinder, Lungs
from ml.inference.model_card import ARTIFACTS, IndeterminateZone, ModelCard, OperatingPoint, load_card, parse_card
from ml.inference.predictor import Judgement, Predictor
from ml.intake.find_files import find_films
from ml.intake.read import SIDE, Header, Limits, ModelInput, Notice, Radiograph, read_radiograph
from ml.metrics.intervals import wilson

__all__ = [
    "ARTIFACTS",
    "SIDE",
    "TERMS",
    "ArtifactDamaged",
    "ArtifactError",
    "ArtifactMissing",
    "CodedError",
    "Header",
    "IndeterminateZone",
    "IntakeError",
    "Judgement",
    "Limits",
    "LungFinder",
    "Lungs",
    "ModelCard",
    "ModelInput",
    "Notice",
    "OperatingPoint",
    "Parameter",
    "Predictor",
    "Radiograph",
    "Refusal",
    "csv_line",
    "find_films",
    "load_card",
    "parse_card",
    "read_radiograph",
    "upsample",
    "wilson",
]
