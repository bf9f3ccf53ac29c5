"""What the gate learns from: real frontal films (kept in memory only), drawn phantoms and negatives."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml import phantom
from ml.data.dataset import patient_of
from ml.errors import MLError
from ml.gate_training.augmentation import SOURCE_SIZE, textured
from ml.gate_training.negatives.altered import CROPS, HALVES, SCRAMBLES, SHEETS, SIDE_VIEWS, Maker
from ml.gate_training.negatives.anatomy import Painter
from ml.gate_training.negatives.laterals import PROFILES
from ml.gate_training.negatives.photographs import PHOTOS, WORN
from ml.gate_training.negatives.radiographs import BONES, LATERALS
from ml.gate_training.negatives.scenes import SCENES
from ml.gate_training.negatives.screenshots import SCREENS, VIEWERS
from ml.gate_training.negatives.shapes import Rng, finish
from ml.gate_training.negatives.slices import SLICES
from ml.intake.read import ModelInput, read_radiograph

_DRAWN: tuple[tuple[str, dict[str, Painter], float], ...] = (  # kind, painters, share of the negatives
    ("radiograph", BONES, 0.16),
    ("lateral", LATERALS, 0.04),
    ("other", SLICES | SCENES, 0.15),
)
_DERIVED: tuple[tuple[str, dict[str, Maker], float], ...] = (
    ("lateral", SIDE_VIEWS | PROFILES, 0.05),
    ("other", SCRAMBLES, 0.09),
    ("other", VIEWERS, 0.07),
    ("other", SCREENS, 0.13),
    ("other", PHOTOS, 0.11),
    ("other", WORN, 0.03),
    ("cropped", CROPS, 0.04),
    ("cropped", HALVES, 0.11),
    ("multiple", SHEETS, 0.02),
)
_WHOLE = frozenset(VIEWERS) | frozenset(SCREENS) | frozenset(PHOTOS) | frozenset(SHEETS)
UNSEEN = (
    "hand", "skull", "breast", "ct_chest", "ultrasound", "tissue", "page", "face", "solid", "twisted", "profile",
    "desktop", "slide", "lightbox",
)  # fmt: skip
"""Families kept out of the second network's training, to see how the gate meets what nobody drew for it."""


class GateDataError(MLError):
    """The folder does not hold what the gate is trained on."""


@dataclass(frozen=True, slots=True, eq=False)
class FrontalFilm:
    """A real frontal film: square uint8 pixels, the file, the collection (``source``) and whose it is."""

    pixels: NDArray[np.uint8]
    path: Path
    source: str
    person: str

    @property
    def child(self) -> bool:
        """Whether it comes from the children's hospital. Adults' collections hold a few children, unlabelled."""
        return self.source == "children"


@dataclass(frozen=True, slots=True, eq=False)
class Negative:
    """A picture that is no frontal chest film: its kind (of :data:`ml.inference.gate.card.KINDS`) and its family."""

    pixels: NDArray[np.uint8]
    kind: str
    family: str

    @property
    def whole(self) -> bool:
        """Whether only the whole picture is what it is called: a screenshot cut down to its film would be a film."""
        return self.family in _WHOLE


def shrink(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the picture at the size kept in memory."""
    return np.asarray(
        Image.fromarray(pixels).resize((SOURCE_SIZE, SOURCE_SIZE), Image.Resampling.BILINEAR, reducing_gap=2)
    )


def read_input(path: Path) -> ModelInput:
    """Read one file the way serving does (headers included)."""
    return read_radiograph(path.read_bytes(), for_model_only=True).model_input()


def read_films(data: Path, limit: int | None = None) -> list[FrontalFilm]:
    """Read all frontal films under ``data``; ``limit`` takes at most that many of each collection (for quick runs).

    Raises:
        GateDataError: there are none.
    """
    listed: list[tuple[Path, str, str]] = []
    for path in sorted((data / "paediatric" / "train").glob("*/*.jp*g")):
        listed.append((path, "children", patient_of(path.name)))
    labels = data / "adult" / "labels.csv"
    if labels.is_file():
        with labels.open(newline="", encoding="utf-8") as stream:
            for row in csv.DictReader(stream):
                source = "covid" if row["label"].startswith("COVID") else "nih"
                listed.append((data / "adult" / row["file"], source, row["file"].split("_")[0] + row["file"][:24]))
    films: list[FrontalFilm] = []
    counts: dict[str, int] = {}
    for path, source, person in listed:
        if limit is not None and counts.get(source, 0) >= limit:
            continue
        counts[source] = counts.get(source, 0) + 1
        films.append(FrontalFilm(shrink(read_input(path).pixels), path, source, person))
    if not films:
        raise GateDataError(f"No films under {data}. Expected paediatric/train/<CLASS>/*.jpeg and adult/labels.csv.")
    return films


def held_out(
    films: Sequence[FrontalFilm], seed: int, share: float = 0.1
) -> tuple[list[FrontalFilm], list[FrontalFilm]]:
    """Split films into (training, held out) by person; stable for a seed."""
    people = sorted({film.person for film in films})
    chosen = set(np.random.default_rng([seed, 7]).choice(people, int(len(people) * share), replace=False).tolist())
    return [f for f in films if f.person not in chosen], [f for f in films if f.person in chosen]


def phantoms(seed: int, count: int) -> list[NDArray[np.uint8]]:
    """Draw synthetic frontal films; seeds lie above a million, where no test or demonstration looks."""
    rng = np.random.default_rng([seed, 11])
    drawn = []
    for k in range(count):
        width, height = (int(n) for n in rng.integers(200, 420, 2))
        number, opacity = 1_000_000 + seed * 10_000 + k, bool(rng.random() < 0.5)
        pixels = phantom.film(number, opacity=opacity, width=width, height=height)
        drawn.append(shrink(pixels.astype(np.uint8)))
    return drawn


def negative(rng: Rng, films: Sequence[FrontalFilm], kind: str, family: str, size: int = SOURCE_SIZE) -> Negative:
    """Make one negative of that kind and family from films of that size."""
    painters = {name: painter for _, drawn, _ in _DRAWN for name, painter in drawn.items()}
    if family in painters:
        pixels = finish(rng, painters[family](rng, size))
        if rng.random() < 0.35:
            pixels = textured(rng, pixels, films[int(rng.integers(0, len(films)))].pixels)
        return Negative(pixels, kind, family)
    chosen = [films[int(i)].pixels for i in rng.integers(0, len(films), 4)]
    if family == "pictured":
        scene = list(SCENES.values())[int(rng.integers(0, len(SCENES)))]
        chosen.append(finish(rng, scene(rng, size)))
    makers = {name: maker for _, derived, _ in _DERIVED for name, maker in derived.items()}
    return Negative(makers[family](rng, chosen), kind, family)


def negatives(seed: int, films: Sequence[FrontalFilm], count: int, without: Sequence[str] = ()) -> list[Negative]:
    """Make about ``count`` negatives, families of one kind alike often, leaving out those in ``without``."""
    rng = np.random.default_rng([seed, 13])
    made = []
    for kind, known, share in _table():
        names = [name for name in known if name not in without]
        for k in range(int(count * share) if names else 0):
            made.append(negative(rng, films, kind, names[k % len(names)]))
    return made


def families() -> list[tuple[str, str]]:
    """List every (kind, family) there is."""
    return [(kind, name) for kind, known, _ in _table() for name in known]


def _table() -> list[tuple[str, list[str], float]]:
    """List kind, families and share of every group of negatives."""
    drawn = [(kind, list(painters), share) for kind, painters, share in _DRAWN]
    return drawn + [(kind, list(makers), share) for kind, makers, share in _DERIVED]
