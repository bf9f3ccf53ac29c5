"""From canonical inputs to predictions: image check, population, network, calibration, heat map and lungs in one call.

This is what the worker and ``python -m ml.predict`` use. It imports numpy alone; the runtime comes with
:meth:`Predictor.load`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ml.errors import ArtifactDamaged, Refusal
from ml.inference.cards.files import ARTIFACTS
from ml.inference.cards.model_card import ModelCard, load_card
from ml.inference.cards.population_card import PopulationCard
from ml.inference.decision import Cuts, Finding, decide
from ml.inference.gate.check import LOOKS_ADULT
from ml.inference.gate.lung_rules import remark_on
from ml.inference.lungs import MASK_SIZE, LungFinder, Lungs
from ml.inference.population import ADULT, Belonging, Correction, contradictions, outside, population_of
from ml.inference.runtime import Engine
from ml.intake.read import FILM_SIZE, ModelInput, Notice

if TYPE_CHECKING:
    from ml.inference.gate.check import Gate, GateResult

BATCH = 16


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one model version says of one film.

    ``probability`` is calibrated and strictly inside (0, 1); ``score`` is the network's logit, before calibration.
    ``heatmap`` is (h, w) float32 in [0, 1] at the network's own resolution over the whole film, put right as
    ``correction`` says, from the same forward pass; see :func:`ml.inference.heatmap.upsample`. ``lungs`` are those of
    the film put right so. ``milliseconds`` is this film's share of its batch's time in image check and networks.
    """

    finding: Finding
    probability: float
    score: float
    operating_point: str
    cuts: Cuts
    belonging: Belonging
    correction: Correction
    heatmap: NDArray[np.float32]
    lungs: Lungs | None
    warnings: tuple[Notice, ...]
    milliseconds: float
    model_version: str


@dataclass(frozen=True, slots=True, eq=False)
class _Output:
    """What a population's network gives for one film, calibrated."""

    score: float
    probability: float
    heatmap: NDArray[np.float32]
    lungs: Lungs | None


class Predictor:
    """The image check and the networks of a card, ready to predict."""

    def __init__(
        self, card: ModelCard, engines: Mapping[str, Engine], gate: Gate | None, lungs: LungFinder | None = None
    ) -> None:
        """Join parts that are already loaded; :meth:`load` is the ordinary way. Only evaluation passes no gate.

        Args:
            card: The model's card.
            engines: Its networks, by the names that its populations give them.
            gate: The image check.
            lungs: Finds the lungs for networks that do not find them themselves.
        """
        self.card = card
        self._engines = engines
        self._gate = gate
        self._lungs = lungs

    @classmethod
    def load(cls, directory: Path | None = None, *, threads: int | None = None) -> Predictor:
        """Load an artefact folder (default: what is shipped) and the committed gate, checking every hash.

        Raises:
            ArtifactMissing: a file of the model or of the gate is not there.
            ArtifactDamaged: a file does not match its card, or the network is not the one the card describes.
        """
        return cls.serve(load_card(directory), threads=threads)

    @classmethod
    def serve(cls, card: ModelCard, *, threads: int | None = None) -> Predictor:
        """Load the networks of a card and the committed gate; raises as :meth:`load`."""
        card.verify()
        served = card.populations.values()
        engines = {each.network: load_classifier(card, each, threads=threads) for each in served}
        lungs = LungFinder.load(threads=threads)
        return cls(card, engines, _load_gate(threads, lungs), lungs)

    def warm_up(self) -> None:
        """Predict one blank film, so that the first real one does not pay for the runtime's first-call work."""
        blank = ModelInput(pixels=np.zeros((FILM_SIZE, FILM_SIZE), np.uint8), width=FILM_SIZE, height=FILM_SIZE)
        if self._gate is not None:
            self._gate.check([blank])
        for population in self.card.populations.values():
            self._run(population, np.zeros((1, FILM_SIZE, FILM_SIZE), np.uint8))

    def predict(
        self, inputs: Sequence[ModelInput], operating_point: str = "balanced", stated: Sequence[str] = ()
    ) -> list[Prediction | Refusal]:
        """Predict films, one entry per input in the same order; a refused film gives its Refusal, not an exception.

        Args:
            inputs: The films.
            operating_point: Name of the pair of cuts to decide by.
            stated: For each film the population a person stated, or ``""``; nothing is the same as all ``""``.

        Raises:
            KeyError: the card has no operating point of that name.
        """
        for population in self.card.populations.values():
            population.operating_points[operating_point]  # an unknown name is an error before any film is checked
        populations = stated or [""] * len(inputs)
        answers: list[Prediction | Refusal] = []
        for start in range(0, len(inputs), BATCH):
            batch = slice(start, start + BATCH)
            answers += self._predict_batch(inputs[batch], populations[batch], operating_point)
        return answers

    def _predict_batch(
        self, inputs: Sequence[ModelInput], stated: Sequence[str], operating_point: str
    ) -> list[Prediction | Refusal]:
        began = time.perf_counter()
        checks: Sequence[GateResult | None] = [None] * len(inputs) if self._gate is None else self._gate.check(inputs)
        belongings = [_population_of(*each) for each in zip(inputs, stated, checks, strict=True)]
        refusals = [_refusal(*each, self.card.populations) for each in zip(checks, belongings, strict=True)]
        outputs: dict[int, _Output] = {}
        for name, population in self.card.populations.items():
            rows = [i for i, refusal in enumerate(refusals) if refusal is None and belongings[i].population == name]
            if rows:
                films = np.stack([_corrected(inputs[i], checks[i]) for i in rows])
                outputs |= zip(rows, self._run(population, films), strict=True)
        milliseconds = (time.perf_counter() - began) * 1000 / max(1, len(inputs))
        answers: list[Prediction | Refusal] = []
        for i, (check, belonging, refusal) in enumerate(zip(checks, belongings, refusals, strict=True)):
            remark = None if refusal is not None or check is None else remark_on(outputs[i].lungs)
            if isinstance(remark, Refusal):
                refusal, remark = remark, None
            if refusal is not None:
                answers.append(refusal)
                continue
            output = outputs[i]
            cuts = self.card.populations[belonging.population].operating_points[operating_point].cuts
            answers.append(
                Prediction(
                    finding=decide(output.probability, cuts),
                    probability=output.probability,
                    score=output.score,
                    operating_point=operating_point,
                    cuts=cuts,
                    belonging=belonging,
                    correction=correction_of(check),
                    heatmap=output.heatmap,
                    lungs=output.lungs,
                    warnings=_warnings(check, belonging, stated[i], remark),
                    milliseconds=milliseconds,
                    model_version=self.card.version,
                )
            )
        return answers

    def _run(self, population: PopulationCard, films: NDArray[np.uint8]) -> list[_Output]:
        """Run films (n, FILM_SIZE, FILM_SIZE); the network's own lungs, where it gives them."""
        logits, features, *found = self._engines[population.network](films[..., None].astype(np.float32))
        lungs: Sequence[Lungs | None] = [None] * len(films)
        if found:
            lungs = [Lungs(probability[..., 0]) for probability in found[0]]
        elif self._lungs is not None:
            lungs = self._lungs.find(films)
        scores = logits[:, 0]
        parts = zip(scores, population.probability(scores), population.heat(features), lungs, strict=True)
        return [_Output(float(score), float(p), heatmap, of_film) for score, p, heatmap, of_film in parts]


def _population_of(film: ModelInput, stated: str, check: GateResult | None) -> Belonging:
    return population_of(film.header, stated, None if check is None else check.scores.get("adult"))


def _refusal(check: GateResult | None, found: Belonging, answered: Mapping[str, PopulationCard]) -> Refusal | None:
    """Why there is no prediction: the image check refuses, or the film is of nobody the model answers for."""
    if check is not None and check.refusal is not None:
        return check.refusal
    refusal = outside(found, answered.keys())
    if refusal is not None:
        refusal.correction = correction_of(check)
    return refusal


def _warnings(check: GateResult | None, found: Belonging, stated: str, lungs: Notice | None) -> tuple[Notice, ...]:
    """What the image check and the lungs remarked and what speaks against the population, each once."""
    if check is None:
        return ()
    # That a film looks like an adult's is no remark on one that the adults' network answers for.
    remarks = [notice for notice in check.notices if found.population != ADULT or notice.code != LOOKS_ADULT.code]
    remarks += [lungs] if lungs is not None else []
    remarks += contradictions(found, stated, check.scores.get("adult"))
    return tuple({notice.code: notice for notice in remarks}.values())


def correction_of(check: GateResult | None) -> Correction:
    """How a film was put right, if it was."""
    return Correction() if check is None else Correction(check.quarter_turns, check.inverted)


def load_classifier(card: ModelCard, population: PopulationCard | None = None, *, threads: int | None = None) -> Engine:
    """Load the network that answers for a population (default: the card's first), if it is as the card describes it.

    Raises:
        ArtifactMissing, ArtifactDamaged: as :class:`ml.inference.runtime.Engine`, or the network is of another
            architecture.
    """
    population = population or card.first
    network = population.network
    engine = Engine(card.path(f"{network}.xml"), threads=threads, sha256=card.beside(network))
    expected = (-1, FILM_SIZE, FILM_SIZE, 1)
    if engine.input_shape != expected:
        raise ArtifactDamaged(f"The network in {card.directory} takes {engine.input_shape}, not {expected}.")
    outputs = engine(np.zeros((1, FILM_SIZE, FILM_SIZE, 1), np.float32))
    channels = len(population.head["weights"])
    shapes = [output.shape for output in outputs]
    if (
        not 2 <= len(shapes) <= 3
        or shapes[0] != (1, 1)
        or len(shapes[1]) != 4
        or shapes[1][3] != channels
        or shapes[2:] not in ([], [(1, MASK_SIZE, MASK_SIZE, 1)])
    ):
        raise ArtifactDamaged(f"The network in {card.directory} gives {shapes}, not a logit and {channels} features.")
    return engine


def run_network(engine: Engine, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Run films (n, FILM_SIZE, FILM_SIZE) uint8; return logits (n,) and features (n, h, w, c)."""
    logits, features, *_lungs = engine(pixels[..., None].astype(np.float32))
    return logits[:, 0], features


def _corrected(film: ModelInput, check: GateResult | None) -> NDArray[np.uint8]:
    """The pixels that the network gets: those that the image check put right, where it had to."""
    return film.pixels if check is None or check.corrected is None else check.corrected


def _load_gate(threads: int | None, lungs: LungFinder) -> Gate:
    from ml.inference.gate.check import Gate

    return Gate.load(ARTIFACTS / "gate", threads=threads, lungs=lungs)
