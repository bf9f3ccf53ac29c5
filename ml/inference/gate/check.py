"""The input gate: decides whether the classifier may be shown a film at all, and says why not.

Three layers, each able to refuse on its own; whatever is not clearly a frontal chest film is refused (fail-closed):

1. the film itself: no contrast, hardly any pixels;
2. the header, where it clearly speaks of something else (a knee, a lateral view, a CT);
3. a small network: what kind of picture this is, which way up, which polarity, and how far its features lie from those
   of all frontal films it has seen.

Clear inversions and quarter turns are put right, with a notice. Whose film it is (:mod:`ml.inference.population`) and
what its lungs say (:mod:`ml.inference.gate.lung_rules`) come after this. How well it works, on what: docs/gate-card.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.errors import ArtifactDamaged, Refusal, gettext_noop
from ml.inference.cards.files import ARTIFACTS
from ml.inference.gate.card import KINDS, Thresholds, read_gate_card
from ml.inference.gate.lung_rules import may_speak, two_whole_lungs
from ml.inference.gate.rules import (
    MIN_FILLED,
    OLDEST,
    YOUNGEST,
    filled,
    header_refusal,
    in_a_frame,
    pixel_refusal,
    refusal,
)  # fmt: skip
from ml.inference.lungs import LungFinder
from ml.inference.runtime import Engine
from ml.intake.read import FILM_SIZE, ModelInput, Notice

GATE_RULES = 3
"""Counts up whenever the rules in code change what is refused; 2: the lungs may speak for a film in a frame; 3: a film
that cuts off one lung is refused (:mod:`ml.inference.gate.lung_rules`)."""
_WIDTHS = (len(KINDS), 4, 1, 1, 1)
_CODES = {
    "frontal": "NOT_RECOGNISED",
    "lateral": "NOT_FRONTAL",
    "radiograph": "NOT_CHEST",
    "other": "NOT_A_RADIOGRAPH",
    "cropped": "CROPPED",
    "multiple": "MULTIPLE_IMAGES",
}
_BATCH = 32
_ODD = 1.2
"""How many times the distance *unlike* a film may have before it has to be frontal with more certainty."""


@dataclass(frozen=True, slots=True, eq=False)
class GateResult:
    """What the gate says of one film.

    Attributes:
        refusal: Why the model may not be shown it; ``None`` when it may.
        notices: Warnings that must be shown beside the result.
        scores: What the network measured, for logs and curious people (``frontal``, ``novelty``, ``adult``, …).
        corrected: (224, 224) uint8: the film put upright and the right polarity, to be analysed instead of the one
            submitted; ``None`` when nothing had to be put right.
        quarter_turns: Counter-clockwise quarter turns (``np.rot90``) that made ``corrected``.
        inverted: Whether black and white were exchanged after that.
    """

    refusal: Refusal | None
    notices: tuple[Notice, ...]
    scores: dict[str, float]
    corrected: NDArray[np.uint8] | None = None
    quarter_turns: int = 0
    inverted: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Appearance:
    """What the network says of one film: probabilities of each kind (6,) and quarter turn (4,), of an inversion and of
    an adult's film, and its distance from the films of the training."""

    kind: NDArray[np.float32]
    turn: NDArray[np.float32]
    inverted: np.float32
    adult: np.float32
    novelty: np.float32

    @property
    def correction(self) -> tuple[int, bool]:
        """What would put the film right: quarter turns counter-clockwise, and whether to invert it then."""
        return int(self.turn.argmax()), bool(self.inverted > 0.5)


class Gate:
    """The gate, ready to check films. Not for use by two threads at once (as the runtime it stands on)."""

    def __init__(self, engine: Engine, thresholds: Thresholds, lungs: LungFinder | None = None) -> None:
        """Join parts that are already loaded; :meth:`load` is the ordinary way."""
        self._engine = engine
        self.thresholds = thresholds
        self._lungs = lungs

    @classmethod
    def load(
        cls, directory: Path | None = None, *, threads: int | None = None, lungs: LungFinder | None = None
    ) -> Gate:
        """Load the committed gate, or the one in ``directory``, checking every hash its card names.

        Args:
            directory: The gate's folder.
            threads: Cores to use.
            lungs: Finds the lungs of a film that would be refused; without it nobody speaks for such a film.

        Raises:
            ArtifactMissing: a file is not there.
            ArtifactDamaged: a file is not the one the card describes, or the network is another one.
        """
        folder = directory or ARTIFACTS / "gate"
        thresholds, files = read_gate_card(folder)
        engine = Engine(folder / "model.xml", threads=threads, sha256=files)
        if engine.input_shape != (-1, FILM_SIZE, FILM_SIZE, 1):
            raise ArtifactDamaged(
                f"The gate in {folder} takes {engine.input_shape}, not films of {FILM_SIZE}×{FILM_SIZE}."
            )
        found = tuple(output.shape for output in engine(np.zeros((1, FILM_SIZE, FILM_SIZE, 1), np.float32)))
        if found != tuple((1, width) for width in _WIDTHS):
            raise ArtifactDamaged(f"The gate in {folder} answers with {found}; this program expects another network.")
        return cls(engine, thresholds, lungs)

    def check(self, inputs: Sequence[ModelInput]) -> list[GateResult]:
        """Check films, one result each, in the same order."""
        results: list[GateResult] = []
        for start in range(0, len(inputs), _BATCH):
            batch = inputs[start : start + _BATCH]
            checked = self._check_batch(batch)
            self._admit_framed_films(batch, checked)
            results += checked
        return results

    def _check_batch(self, inputs: Sequence[ModelInput]) -> list[GateResult]:
        results = [GateResult(pixel_refusal(film) or header_refusal(film.header), (), {}) for film in inputs]
        unrefused = [i for i, result in enumerate(results) if result.refusal is None]
        corrected: dict[int, NDArray[np.uint8]] = {}
        appearances = dict(zip(unrefused, self._appearances([inputs[i].pixels for i in unrefused]), strict=True))
        for i, appearance in appearances.items():
            results[i] = self._check_film(inputs[i], appearance)
            turns, inverted = appearance.correction
            if results[i].refusal is None and (turns or inverted):
                upright = np.ascontiguousarray(np.rot90(inputs[i].pixels, turns))
                corrected[i] = 255 - upright if inverted else upright
        # What was put right has to pass as it is now.
        for (i, pixels), now in zip(corrected.items(), self._appearances(list(corrected.values())), strict=True):
            results[i] = self._confirm(inputs[i], pixels, appearances[i], now)
        return results

    def _admit_framed_films(self, inputs: Sequence[ModelInput], results: list[GateResult]) -> None:
        """Let films in frames pass after all that show two whole lungs, with a warning."""
        framed = [i for i, result in enumerate(results) if result.refusal is not None and in_a_frame(inputs[i])]
        if self._lungs is None or not framed:
            return
        appearances = self._appearances([inputs[i].pixels for i in framed])
        checked = {i: self._check_film(inputs[i], now) for i, now in zip(framed, appearances, strict=True)}
        sure = [i for i, result in checked.items() if result.refusal is None and self._may_speak(result)]
        found = self._lungs.find([inputs[i] for i in sure]) if sure else []
        for i, lungs in zip(sure, found, strict=True):
            if two_whole_lungs(lungs):
                results[i] = GateResult(None, (UNLIKE_TRAINING_FILMS,), checked[i].scores)

    def _may_speak(self, result: GateResult) -> bool:
        return may_speak(result.scores, self.thresholds.unlike)

    def _appearances(self, films: Sequence[NDArray[np.uint8]]) -> list[_Appearance]:
        if not films:
            return []
        kind, turn, inverted, adult, novelty = self._engine(np.stack(films)[..., None].astype(np.float32))
        parts = (_softmax(kind), _softmax(turn), _sigmoid(inverted[:, 0]), _sigmoid(adult[:, 0]), novelty[:, 0])
        return [_Appearance(*of_film) for of_film in zip(*parts, strict=True)]

    def _check_film(self, film: ModelInput, appearance: _Appearance, *, corrected: bool = False) -> GateResult:
        """Refuse, or pass with the notices that need no correction; more strictly what is odd, is or was put right."""
        limits, kind = self.thresholds, appearance.kind
        scores = {f"kind_{name}": float(probability) for name, probability in zip(KINDS, kind, strict=True)}
        scores |= {
            "frontal": float(kind[0]),
            "novelty": float(appearance.novelty),
            "adult": float(appearance.adult),
            "inverted": float(appearance.inverted),
            "upright": float(appearance.turn[0]),
        }
        if not all(np.isfinite(list(scores.values()))):
            return GateResult(refusal("NOT_RECOGNISED"), (), {})
        turns, inverted = appearance.correction
        doubtful = turns or inverted or corrected or appearance.novelty > _ODD * limits.unlike
        if kind[0] < (limits.certain if doubtful else limits.frontal):
            likeliest = KINDS[int(kind.argmax())]
            return GateResult(refusal(_CODES[likeliest]), (), scores)
        if turns and appearance.turn.max() < limits.turn:
            return GateResult(refusal("ROTATED"), (), scores)
        if inverted and appearance.inverted < limits.inverted:
            return GateResult(refusal("INVERTED"), (), scores)
        if turns or inverted:  # the distance is one from upright films: measured once more when it has been put right
            return GateResult(None, (), scores)
        if appearance.novelty > limits.novelty or filled(film.pixels) < MIN_FILLED:
            return GateResult(refusal("NOT_RECOGNISED"), (), scores)
        return GateResult(None, self._notices(film, appearance), scores)

    def _confirm(
        self, film: ModelInput, pixels: NDArray[np.uint8], before: _Appearance, now: _Appearance
    ) -> GateResult:
        """Pass a film that was put right (``pixels``) if it passes as it is now; else say what it is, or was."""
        turns, inverted = before.correction
        result = self._check_film(film, now, corrected=True)
        if result.refusal is not None:
            return result
        if any(now.correction):
            return GateResult(refusal("ROTATED" if turns else "INVERTED"), (), result.scores)
        corrections = [*([ROTATION_CORRECTED] if turns else []), *([INVERSION_CORRECTED] if inverted else [])]
        return GateResult(None, (*corrections, *result.notices), result.scores, pixels, turns, inverted)

    def _notices(self, film: ModelInput, appearance: _Appearance) -> tuple[Notice, ...]:
        age = film.header.age_years
        young = age is not None and YOUNGEST <= age < OLDEST  # then it is the machine or the hospital that differs
        if appearance.adult >= self.thresholds.adult and not young:
            return (LOOKS_ADULT,)
        if appearance.adult >= self.thresholds.adult or appearance.novelty > self.thresholds.unlike:
            return (UNLIKE_TRAINING_FILMS,)
        return ()


LOOKS_ADULT = Notice(
    "LOOKS_ADULT",
    gettext_noop(
        "This looks like the radiograph of an older child or an adult, or like one from another kind of machine."
    ),
    gettext_noop(
        "The model was trained on films of children aged 1 to 5 from one hospital; do not rely on its answer here."
    ),
)
UNLIKE_TRAINING_FILMS = Notice(
    "UNLIKE_TRAINING_FILMS",
    gettext_noop("This radiograph differs from those the model was trained on."),
    gettext_noop(
        "Its probability and its heat map may be worth less than the stated figures; read the radiograph yourself."
    ),
)
INVERSION_CORRECTED = Notice(
    "INVERSION_CORRECTED",
    gettext_noop("The radiograph was inverted (bones dark); the model was given it with black and white exchanged."),
    gettext_noop("It is shown with bones bright. Check that this is right."),
)
ROTATION_CORRECTED = Notice(
    "ROTATION_CORRECTED",
    gettext_noop("The radiograph was turned by a quarter or upside down; the model was given it upright."),
    gettext_noop("It is shown upright. Check that this is right."),
)


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True), np.float32)


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -60, 60))), np.float32)
