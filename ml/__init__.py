"""PneumoWeb's model: reads films, guards the model's door, predicts, and says what it knows of itself.

This is the door: ``diagnosis`` imports these names and nothing behind them. Importing it loads numpy and Pillow; the
runtime comes with :meth:`Predictor.load`, Keras and TensorFlow only with training and publishing.
"""

from __future__ import annotations

import sys

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
from ml.inference.cards.files import ARTIFACTS
from ml.inference.cards.finding_table import TRUTHS, FindingTable, Row, Share
from ml.inference.cards.model_card import ModelCard, load_card, parse_card
from ml.inference.cards.population_card import OPERATING_POINTS, Bin, OperatingPoint, PopulationCard
from ml.inference.decision import FINDINGS, Cuts, decide
from ml.inference.gate.check import GATE_RULES
from ml.inference.heatmap import upsample
from ml.inference.lungs import LungFinder, Lungs
from ml.inference.population import POPULATIONS, Belonging, Correction, OutsidePopulations
from ml.inference.predictor import Prediction, Predictor
from ml.intake.find_files import find_films
from ml.intake.read import FILM_SIZE, Header, Limits, ModelInput, Notice, Radiograph, read_radiograph
from ml.metrics.intervals import wilson

# OpenVINO tells its makers, over the network, of every start and export, unless its package for that is missing, which
# is what None stands for. It is nobody's business which hospital starts a worker; and each time it cost a process.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

__all__ = [
    "ARTIFACTS",
    "FILM_SIZE",
    "FINDINGS",
    "GATE_RULES",
    "OPERATING_POINTS",
    "POPULATIONS",
    "TERMS",
    "TRUTHS",
    "ArtifactDamaged",
    "ArtifactError",
    "ArtifactMissing",
    "Belonging",
    "Bin",
    "CodedError",
    "Correction",
    "Cuts",
    "FindingTable",
    "Header",
    "IntakeError",
    "Limits",
    "LungFinder",
    "Lungs",
    "ModelCard",
    "ModelInput",
    "Notice",
    "OperatingPoint",
    "OutsidePopulations",
    "Parameter",
    "PopulationCard",
    "Prediction",
    "Predictor",
    "Radiograph",
    "Refusal",
    "Row",
    "Share",
    "csv_line",
    "decide",
    "find_films",
    "load_card",
    "parse_card",
    "read_radiograph",
    "upsample",
    "wilson",
]
