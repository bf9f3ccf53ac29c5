"""Where the lungs are on a radiograph: for the outline in the viewer, and for whatever looks at lungs alone.

A small network marks every place of the film as lung or not; the parts behind the heart and under the diaphragm's dome
count as lung. How well it agrees with masks drawn by people, on what films: ``lungs/card.json`` and docs/model-card.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.errors import ArtifactDamaged
from ml.inference.cards.files import ARTIFACTS, check_files, read_card_json
from ml.inference.runtime import Engine
from ml.intake.radiograph import FILM_SIZE, ModelInput

FORMAT_VERSION = 1
MASK_SIZE = 144
"""Side of what the network gives, over the whole film."""
LEAST_AREA = 0.03
"""Share of the film below which what was found is not taken for lungs."""
_BATCH = 32


@dataclass(frozen=True, slots=True, eq=False)
class Lungs:
    """The lungs of one film.

    Attributes:
        probability: float32 (144, 144), the whole film squashed to a square, each value that of its cell's middle.
    """

    probability: NDArray[np.float32]

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(144, 144): inside the lungs."""
        return self.probability > 0.5

    @property
    def area(self) -> float:
        """Share of the film that is lung."""
        return float(self.mask.mean())

    @property
    def found(self) -> bool:
        """Whether there are lungs to speak of."""
        return self.area >= LEAST_AREA

    def box(self, margin: float = 0.0) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the lungs, as shares of the film's width and height.

        Half a percent of the lungs' area may lie beyond each edge, so that a stray spot does not widen the box.

        Args:
            margin: Share of the box's own width and height added at each edge; the result may reach over the film.

        Returns:
            The whole film where no lungs were found.
        """
        if not self.found:
            return 0.0, 0.0, 1.0, 1.0
        edges = []
        for axis in (0, 1):
            line = self.mask.sum(axis=axis)
            share = np.cumsum(line) / line.sum()
            low = np.searchsorted(share, 0.005) / len(line)
            high = (np.searchsorted(share, 0.995) + 1) / len(line)
            edges.append((low - margin * (high - low), high + margin * (high - low)))
        (left, right), (top, bottom) = edges
        return float(left), float(top), float(right), float(bottom)

    def outlines(self, least: float = 0.0) -> list[NDArray[np.float64]]:
        """Closed lines around the lungs, (n, 2) points each as (x, y) shares of the film's width and height.

        The level line 0.5 of the probabilities (marching squares), the longest first; the film's edge closes lungs
        that it cuts off. The first point is not repeated at the end.

        Args:
            least: Share of the film that a line has to enclose.
        """
        return [line for line in _level_lines(self.probability) if _enclosed(line) >= least]

    def areas(self, least: float = 0.0) -> list[float]:
        """Shares of the film inside each of :meth:`outlines`, the largest first."""
        return sorted((_enclosed(line) for line in self.outlines(least)), reverse=True)


def _enclosed(line: NDArray[np.float64]) -> float:
    """Area inside a closed line, by the shoelace formula."""
    x, y = line.T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def _level_lines(probability: NDArray[np.float32], level: float = 0.5) -> list[NDArray[np.float64]]:
    size = probability.shape[0]
    field = np.pad(probability.astype(np.float64), 1) - level  # below the level all around: every line is closed
    field[field == 0] = 1e-9
    inside = field > 0
    case = inside[:-1, :-1] * 8 + inside[:-1, 1:] * 4 + inside[1:, 1:] * 2 + inside[1:, :-1]
    # An edge is a grid point, (y, x), and whether it leads to the point on its right (1) or to the one below (0).
    follows: dict[tuple[int, int, int], tuple[int, int, int]] = {}
    for y, x in np.argwhere((case > 0) & (case < 15)).tolist():
        edges = {"top": (y, x, 1), "left": (y, x, 0), "bottom": (y + 1, x, 1), "right": (y, x + 1, 0)}
        for start, end in _SEGMENTS[int(case[y, x])]:
            follows[edges[start]] = edges[end]
    lines = []
    while follows:
        first, edge = next(iter(follows.items()))
        del follows[first]
        crossed = [first]
        while edge != first:
            crossed.append(edge)
            edge = follows.pop(edge)
        # Less the padding, plus half a cell: values stand for the middles of their cells.
        lines.append(np.clip((_crossings(field, np.array(crossed)) - 0.5) / size, 0.0, 1.0))
    return sorted(lines, key=len, reverse=True)


# Corners clockwise from the upper left as bits 8 4 2 1; lines run with the inside on their right.
_SEGMENTS: dict[int, tuple[tuple[str, str], ...]] = {
    1: (("bottom", "left"),), 2: (("right", "bottom"),), 3: (("right", "left"),), 4: (("top", "right"),),
    5: (("top", "left"), ("bottom", "right")), 6: (("top", "bottom"),), 7: (("top", "left"),),
    8: (("left", "top"),), 9: (("bottom", "top"),), 10: (("left", "bottom"), ("right", "top")),
    11: (("right", "top"),), 12: (("left", "right"),), 13: (("bottom", "right"),), 14: (("left", "bottom"),),
}  # fmt: skip


def _crossings(field: NDArray[np.float64], edges: NDArray[np.intp]) -> NDArray[np.float64]:
    """(n, 2): x and y where the level crosses each of the edges (n, 3)."""
    y, x, across = edges.T
    here, there = field[y, x], field[y + 1 - across, x + across]
    way = here / (here - there)
    return np.stack([x + way * across, y + way * (1 - across)], axis=1)


class LungFinder:
    """Finds lungs. Not for use by two threads at once (as the runtime it stands on)."""

    def __init__(self, load: Callable[[], Engine]) -> None:
        """Take what loads the network; :meth:`load` is the ordinary way.

        It is loaded with the first film: where the classifiers find the lungs themselves, only the image check asks
        for it, of one film in several hundred, and a worker need not hold it until then.
        """
        self._load = load
        self._engine: Engine | None = None

    @classmethod
    def load(cls, directory: Path | None = None, *, threads: int | None = None) -> LungFinder:
        """Take the committed network, or the one in ``directory``, checking every hash its card names.

        Raises:
            ArtifactMissing: A file is not there.
            ArtifactDamaged: A file is not the one the card describes; with the first film, if it is so only by then.
        """
        folder = directory or ARTIFACTS / "lungs"
        card = read_card_json(folder, [FORMAT_VERSION], "Restore the folder from the repository.")
        try:
            files = {str(name): str(sha256) for name, sha256 in card["files"].items()}
        except (KeyError, AttributeError) as error:
            raise ArtifactDamaged(f"{folder / 'card.json'} names no files.") from error
        check_files({folder / name: sha256 for name, sha256 in files.items()})

        def network() -> Engine:
            engine = Engine(folder / "model.xml", threads=threads, sha256=files)
            if engine.input_shape != (-1, FILM_SIZE, FILM_SIZE, 1):
                raise ArtifactDamaged(f"The network in {folder} takes {engine.input_shape}.")
            return engine

        return cls(network)

    def find(self, films: Sequence[ModelInput] | NDArray[np.uint8]) -> list[Lungs]:
        """Find the lungs on films that stand upright with bones bright.

        Args:
            films: Canonical inputs, or their pixels uint8 (N, 224, 224).
        """
        pixels = films if isinstance(films, np.ndarray) else [film.pixels for film in films]
        self._engine = engine = self._engine or self._load()
        found: list[Lungs] = []
        for start in range(0, len(pixels), _BATCH):
            batch = np.stack([pixels[i] for i in range(start, min(start + _BATCH, len(pixels)))])
            (probability,) = engine(batch[..., None].astype(np.float32))
            found += [Lungs(one) for one in probability[..., 0]]
        return found
