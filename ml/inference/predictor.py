"""From canonical inputs to judgements: gate, network, calibration and heat map in one call.

This is what the worker and ``python -m ml.predict`` use. It imports numpy alone; the runtime comes with
:meth:`Predictor.load`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ml.errors import ArtifactDamaged, Refusal
from ml.inference.model_card import ARTIFACTS, ModelCard, load_card
from ml.inference.runtime import Engine
from ml.intake.read import SIDE, ModelInput, Notice

if TYPE_CHECKING:
    from ml.inference.gate import Gate, GateResult

BATCH = 16


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one model version says of one film.

    ``probability`` is calibrated and strictly inside (0, 1). ``heatmap`` is (h, w) float32 in [0, 1] at the network's
    own resolution over the whole film, from the same forward pass; see :func:`ml.inference.heatmap.upsample`.
    ``milliseconds`` is this film's share of its batch's time in gate and network.
    """

    finding: str
    probability: float
    operating_point: str
    threshold: float
    heatmap: NDArray[np.float32]
    warnings: tuple[Notice, ...]
    milliseconds: float
    model_version: str


class Predictor:
    """The gate and the classifier, ready to judge."""

    def __init__(self, card: ModelCard, engine: Engine, gate: Gate | None) -> None:
        """Join parts that are already loaded; :meth:`load` is the ordinary way. Only evaluation passes no gate."""
        self.card = card
        self._engine = engine
        self._gate = gate

    @classmethod
    def load(cls, directory: Path | None = None, *, threads: int | None = None) -> Predictor:
        """Load an artefact folder (default: the committed model) and the committed gate, checking every hash.

        Raises:
            ArtifactMissing: a file of the model or of the gate is not there.
            ArtifactDamaged: a file does not match its card, or the network is not the one the card describes.
        """
        card = load_card(directory)
        card.verify()
        engine = load_classifier(card, threads=threads)
        return cls(card, engine, _load_gate(threads))

    def warm_up(self) -> None:
        """Judge one blank film, so that the first real one does not pay for the runtime's first-call work."""
        blank = ModelInput(pixels=np.zeros((SIDE, SIDE), np.uint8), width=SIDE, height=SIDE)
        if self._gate is not None:
            self._gate.check([blank])
        run_network(self.card, self._engine, np.zeros((1, SIDE, SIDE), np.uint8))

    def predict(self, inputs: Sequence[ModelInput], operating_point: str = "balanced") -> list[Judgement | Refusal]:
        """Judge films, one entry per input in the same order; a refused film gives its Refusal, not an exception.

        Raises:
            KeyError: the card has no operating point of that name.
        """
        threshold = self.card.operating_points[operating_point].threshold
        answers: list[Judgement | Refusal] = []
        for start in range(0, len(inputs), BATCH):
            answers += self._predict_batch(inputs[start : start + BATCH], operating_point, threshold)
        return answers

    def _predict_batch(
        self, inputs: Sequence[ModelInput], operating_point: str, threshold: float
    ) -> list[Judgement | Refusal]:
        began = time.perf_counter()
        checks: Sequence[GateResult | None] = [None] * len(inputs) if self._gate is None else self._gate.check(inputs)
        kept = [i for i, check in enumerate(checks) if check is None or check.refusal is None]
        if kept:
            films = [_upright(inputs[i], checks[i]) for i in kept]
            logits, features = run_network(self.card, self._engine, np.stack(films))
            probabilities = self.card.probability(logits)
            heat = self.card.heat(features)
        milliseconds = (time.perf_counter() - began) * 1000 / max(1, len(inputs))
        answers: list[Judgement | Refusal] = []
        row = 0
        for check in checks:
            if check is not None and check.refusal is not None:
                answers.append(check.refusal)
                continue
            probability = float(probabilities[row])
            answers.append(
                Judgement(
                    finding=self.card.finding(probability, operating_point),
                    probability=probability,
                    operating_point=operating_point,
                    threshold=threshold,
                    heatmap=_as_submitted(heat[row], check),
                    warnings=() if check is None else check.notices,
                    milliseconds=milliseconds,
                    model_version=self.card.version,
                )
            )
            row += 1
        return answers


def load_classifier(card: ModelCard, *, threads: int | None = None) -> Engine:
    """Load the network of a card and check that it is of the shape the card describes.

    Raises:
        ArtifactMissing, ArtifactDamaged: as :class:`ml.inference.runtime.Engine`, or the network is of another
            architecture.
    """
    engine = Engine(card.directory / "model.xml", threads=threads, sha256=card.files)
    expected = (-1, SIDE, SIDE, 1)
    if engine.input_shape != expected:
        raise ArtifactDamaged(f"The network in {card.directory} takes {engine.input_shape}, not {expected}.")
    outputs = engine(np.zeros((1, SIDE, SIDE, 1), np.float32))
    channels = len(card.head["weights"])
    if len(outputs) != 2 or outputs[0].shape != (1, 1) or outputs[1].ndim != 4 or outputs[1].shape[3] != channels:
        shapes = [output.shape for output in outputs]
        raise ArtifactDamaged(f"The network in {card.directory} gives {shapes}, not a logit and {channels} features.")
    return engine


def run_network(
    card: ModelCard, engine: Engine, pixels: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Run films (n, SIDE, SIDE) uint8; return logits (n,) and features (n, h, w, c).

    Where the card asks for it (``input.mirror``) the mirrored film is judged as well and both are averaged.
    """
    batch = pixels[..., None].astype(np.float32)
    logits, features = engine(batch)
    if card.input.get("mirror"):
        other_logits, other_features = engine(batch[:, :, ::-1])
        logits = np.float32(0.5) * (logits + other_logits)
        features = np.float32(0.5) * (features + other_features[:, :, ::-1])
    return logits[:, 0], features


def _upright(film: ModelInput, check: GateResult | None) -> NDArray[np.uint8]:
    """Return what the classifier is to see: the film as the gate put it right, where it had to."""
    return film.pixels if check is None or check.corrected is None else check.corrected


def _as_submitted(heat: NDArray[np.float32], check: GateResult | None) -> NDArray[np.float32]:
    """Turn a heat map of a film that the gate turned back onto the film as it was submitted."""
    return heat if check is None else np.ascontiguousarray(np.rot90(heat, -check.quarter_turns))


def _load_gate(threads: int | None) -> Gate:
    from ml.inference.gate import Gate

    return Gate.load(ARTIFACTS / "gate", threads=threads)
