"""Put the gate to the test on pictures it never learnt from: who passes, who is refused, for which reason.

Everything goes through :meth:`ml.inference.gate.check.Gate.check`, as in serving; a group is one line in
docs/gate-card.md.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ml import phantom
from ml.errors import IntakeError, Refusal
from ml.gate_training.dataset import FrontalFilm, families, negative, read_input
from ml.gate_training.fit import orient
from ml.gate_training.negatives.layout import corners, squeezed
from ml.gate_training.negatives.shapes import Rng
from ml.inference.gate.check import Gate, GateResult
from ml.intake.read import FILM_SIZE, ModelInput
from ml.metrics.intervals import wilson

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Row:
    """One group's outcome.

    Attributes:
        group: What the pictures are.
        wanted: ``"pass"`` or ``"refuse"``.
        films: How many.
        right: How many got what was wanted (for turned and inverted films: passed *and* were put right correctly).
        share: right / films, with its 95 % Wilson interval.
        codes: Reasons of refusal and how often each was given.
        notices: Warnings and how often each was given.
    """

    group: str
    wanted: str
    films: int
    right: int
    share: float
    low: float
    high: float
    codes: dict[str, int] = field(default_factory=dict)
    notices: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        return asdict(self)


def as_input(pixels: Pixels) -> ModelInput:
    """Return any square picture as the model input it would become."""
    pixels_seen = np.asarray(
        Image.fromarray(pixels).resize((FILM_SIZE, FILM_SIZE), Image.Resampling.BILINEAR, reducing_gap=2.0)
    )
    return ModelInput(pixels_seen, 512, 512)


def row(group: str, wanted: str, results: Sequence[GateResult], right: Sequence[bool]) -> Row:
    """Sum up a group."""
    codes = Counter(result.refusal.code for result in results if result.refusal is not None)
    notices = Counter(notice.code for result in results for notice in result.notices)
    hits = sum(right)
    low, high = wilson(hits, len(right))
    share = hits / len(right) if right else 0.0
    return Row(
        group, wanted, len(right), hits, share, low, high, dict(codes.most_common()), dict(notices.most_common())
    )


def passing(gate: Gate, group: str, films: Sequence[ModelInput]) -> Row:
    """Examine films that have to pass untouched."""
    results = gate.check(films)
    return row(group, "pass", results, [r.refusal is None and r.corrected is None for r in results])


def refusing(gate: Gate, group: str, films: Sequence[ModelInput]) -> Row:
    """Examine pictures that have to be refused."""
    results = gate.check(films)
    return row(group, "refuse", results, [r.refusal is not None for r in results])


def _jpeg(rng: Rng, film: Pixels) -> Pixels:
    buffer = io.BytesIO()
    Image.fromarray(film).save(buffer, "JPEG", quality=20)
    return np.asarray(Image.open(buffer))


def _tone(gamma: float) -> Callable[[Rng, Pixels], Pixels]:
    return lambda rng, film: (255 * (film / 255.0) ** gamma).astype(np.uint8)


def _box(share: float) -> Callable[[Rng, Pixels], Pixels]:
    def crop(rng: Rng, film: Pixels) -> Pixels:
        n = film.shape[0]
        left, top = (rng.uniform(0, 1 - share, 2) * n).tolist()
        box = (left, top, left + share * n, top + share * n)
        return np.asarray(Image.fromarray(film).resize((n, n), Image.Resampling.BILINEAR, box=box))

    return crop


def _frame(shade: int) -> Callable[[Rng, Pixels], Pixels]:
    def framed(rng: Rng, film: Pixels) -> Pixels:
        n = film.shape[0]
        sheet = np.full_like(film, shade)
        w, h = (int(n * s) for s in rng.uniform(0.65, 0.95, 2))
        x, y = int(rng.integers(0, n - w)), int(rng.integers(0, n - h))
        sheet[y : y + h, x : x + w] = np.asarray(Image.fromarray(film).resize((w, h)))
        return sheet

    return framed


def _tilt(rng: Rng, film: Pixels) -> Pixels:
    return np.asarray(Image.fromarray(film).rotate(float(rng.uniform(-12, 12)), Image.Resampling.BILINEAR))


def _coarse(rng: Rng, film: Pixels) -> Pixels:
    return np.asarray(Image.fromarray(film).resize((56, 56), Image.Resampling.BOX).resize(film.shape))


def _grain(rng: Rng, film: Pixels) -> Pixels:
    return (film + rng.normal(0, 12, film.shape)).clip(0, 255).astype(np.uint8)


def _corner_writing(rng: Rng, film: Pixels) -> Pixels:
    n = 3 * film.shape[0]
    image = Image.new("L", (n, n), 0)
    wide = int(n * rng.uniform(0.75, 1.0))
    image.paste(Image.fromarray(film).resize((wide, n), Image.Resampling.BILINEAR), ((n - wide) // 2, 0))
    corners(rng, ImageDraw.Draw(image), (0, 0, n, n), 255)
    return squeezed(image, film.shape[0])


SHIFTS: dict[str, Callable[[Rng, Pixels], Pixels]] = {
    "JPEG quality 20": _jpeg,
    "gamma 0.5": _tone(0.5),
    "gamma 2": _tone(2.0),
    "a crop of 0.8": _box(0.8),
    "a crop of 0.7": _box(0.7),
    "black borders": _frame(0),
    "white borders": _frame(255),
    "tilt up to 12°": _tilt,
    "56 pixels": _coarse,
    "noise": _grain,
    "writing in the corners": _corner_writing,
}


def exam(gate: Gate, films: Sequence[FrontalFilm], data: Path, seed: int, per_family: int = 40) -> list[Row]:
    """Examine a gate on frontal films it did not learn from and on pictures that are none.

    Args:
        gate: The gate.
        films: Frontal films of people who took no part in training or in the choice of thresholds.
        data: The data folder, for ``dicom/`` and ``not_chest/``; missing folders are left out.
        seed: Seed of the drawn pictures (not that of training).
        per_family: Drawn or derived pictures of each family.
    """
    rng = np.random.default_rng([seed, 23])
    films = [replace(film, pixels=read_input(film.path).pixels) for film in films]  # in full, as serving sees them
    rows = []
    for source in sorted({film.source for film in films}):
        group = [as_input(film.pixels) for film in films if film.source == source]
        rows.append(passing(gate, f"frontal: {source}", group))
    some = [films[int(i)].pixels for i in rng.permutation(len(films))[:300]]
    for name, change in SHIFTS.items():
        rows.append(passing(gate, f"frontal, changed: {name}", [as_input(change(rng, film)) for film in some]))
    rows += _oriented(gate, some)
    rows.append(passing(gate, "drawn phantoms", _phantoms(min(24, per_family))))
    rows += _real(gate, data)
    for kind, family in families():
        made = [negative(rng, films, kind, family, FILM_SIZE).pixels for _ in range(per_family)]
        rows.append(refusing(gate, f"{kind}: {family}", [as_input(picture) for picture in made]))
    return rows


def _oriented(gate: Gate, films: Sequence[Pixels]) -> list[Row]:
    rows = []
    for name, turns, inverted in (
        ("turned by 90°", 1, False), ("turned by 180°", 2, False), ("turned by 270°", 3, False), ("inverted", 0, True),
        ("turned by 90° and inverted", 1, True),
    ):  # fmt: skip
        results = gate.check([as_input(orient(film, turns, inverted)) for film in films])
        right = [
            r.refusal is None
            and r.quarter_turns == turns
            and inverted == any(notice.code == "INVERSION_CORRECTED" for notice in r.notices)
            for r in results
        ]
        rows.append(row(f"frontal, {name}, put right", "pass", results, right))
    return rows


def _phantoms(count: int) -> list[ModelInput]:
    return [
        as_input(phantom.film(seed, opacity=seed % 2 == 1, width=320, height=280).astype(np.uint8))
        for seed in range(count)
    ]


def _real(gate: Gate, data: Path) -> list[Row]:
    """Examine the real DICOM films without their headers' help, and everything that is no chest film."""
    chests: list[ModelInput] = []
    others: list[ModelInput] = []
    stopped: list[GateResult] = []
    for path in sorted((data / "dicom").glob("*.dcm")) + sorted((data / "not_chest").glob("*.png")):
        try:
            film = read_input(path)
        except IntakeError as error:  # in colour, say: never reaches the gate
            stopped.append(GateResult(Refusal(error.code, error.message, error.advice, **error.parameters), (), {}))
            if path.suffix == ".png":
                others.append(as_input(np.asarray(Image.open(path).convert("L"))))
            continue
        bare = ModelInput(film.pixels, film.width, film.height)
        (chests if path.parent.name == "dicom" and "RG3" not in path.name else others).append(bare)
    rows = []
    if chests:
        rows.append(passing(gate, "real DICOM, chest", chests))
    if others:
        rows.append(refusing(gate, "real, not a frontal chest film, the network alone", others))
        inverted = [ModelInput(255 - film.pixels, film.width, film.height) for film in others]
        rows.append(refusing(gate, "the same, inverted", inverted))
        turned = [ModelInput(np.rot90(film.pixels), film.height, film.width) for film in others]
        rows.append(refusing(gate, "the same, turned by 90°", turned))
    if stopped:
        rows.append(row("of these, stopped by intake before the gate", "refuse", stopped, [True] * len(stopped)))
    return rows
