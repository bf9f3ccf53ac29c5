"""What a model card says of one population: its network, calibration, operating points, figures and limits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.inference.cards.finding_table import FindingTable, parse_table
from ml.inference.decision import Cuts, Finding, decide, nested

OPERATING_POINTS = ("screening", "balanced", "rule_in")
"""From the most sensitive to the most specific."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What a pair of cuts was chosen for on validation patients: the largest shares of both kinds of error."""

    missed: float
    false_alarms: float


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A named pair of cuts and what it gave on patients on whom nothing was chosen.

    ``table`` and ``altered`` (the same films as another site might deliver them) are ``None`` where a card of an
    earlier format measured another rule than the one in force.
    """

    name: str
    cuts: Cuts
    aim: Aim | None
    table: FindingTable | None
    altered: FindingTable | None


@dataclass(frozen=True, slots=True)
class Bin:
    """A row of the reliability table: films given a probability in [low, high), and what was so.

    ``observed`` is the share with pneumonia at the prevalence of the calibration, ``ci`` its 95 % interval by patient,
    ``stated`` the mean probability, weighted alike.
    """

    low: float
    high: float
    films: int
    patients: int
    stated: float
    observed: float
    ci: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Published:
    """The artefact that answers for a population, as its own card names it; ``sha256`` is that of its network."""

    version: str
    sha256: str
    name: str
    intended_use: str
    training: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PopulationCard:
    """All of a card that holds for one population.

    ``ages`` are years, both ends included; ``data`` names each source with its terms; ``network`` is the stem of the
    files that answer for it. ``head`` and ``calibration`` are those of :meth:`probability` and :meth:`heat`.
    """

    name: str
    ages: tuple[int, int | None]
    description: str
    data: tuple[Mapping[str, str], ...]
    network: str
    input: Mapping[str, Any]
    head: Mapping[str, Any]
    calibration: Mapping[str, Any]
    bins: tuple[Bin, ...]
    operating_points: dict[str, OperatingPoint]
    metrics: Mapping[str, Any]
    limits: tuple[str, ...]
    published: Published

    @property
    def non_commercial(self) -> bool:
        """Whether data that its network was trained on may not be used for profit, and so neither may the network."""
        return any("non-commercial" in source.get("terms", "") for source in self.data)

    @property
    def prevalence(self) -> float:
        """Share of pneumonia that a calibrated probability assumes."""
        return float(self.calibration["prevalence"])

    def probability(self, logit: NDArray[np.float32]) -> NDArray[np.float64]:
        """Turn the network's logits (any shape) into calibrated probabilities inside the card's bounds."""
        odds = float(self.calibration["slope"]) * np.asarray(logit, np.float64) + float(self.calibration["intercept"])
        low, high = self.calibration["bounds"]
        probability: NDArray[np.float64] = np.clip(1.0 / (1.0 + np.exp(-np.clip(odds, -60, 60))), low, high)
        return probability

    def finding(self, probability: float, operating_point: str) -> Finding:
        """What a calibrated probability means at an operating point (:func:`ml.inference.decision.decide`)."""
        return decide(probability, self.operating_points[operating_point].cuts)

    def bin_of(self, probability: float) -> Bin | None:
        """The row of the reliability table that a probability falls in; ``None`` where nothing was measured there."""
        return next((one for one in self.bins if one.low <= probability < one.high), None)

    def heat(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn feature maps (n, h, w, c) into heat maps (n, h, w) in [0, 1].

        The value before scaling is the calibrated log-odds that each place adds; their mean over a film is that
        film's log-odds. What shows is how far a place speaks for pneumonia beyond both zero and the film's middle
        place: in a film that is suspicious everywhere the map still says where most. The scale is one number for all
        films (the strongest spot of a clear pneumonia film is 1), so a normal film's map stays cold.
        """
        weights = np.asarray(self.head["weights"], np.float32)
        local = features @ weights + np.float32(self.head["bias"])
        odds = np.float32(self.calibration["slope"]) * local + np.float32(self.calibration["intercept"])
        base = np.maximum(np.median(odds, axis=(1, 2), keepdims=True), 0)
        heat: NDArray[np.float32] = np.clip((odds - base) / np.float32(self.head["heat_scale"]), 0.0, 1.0)
        return heat


def parse_population(name: str, raw: Mapping[str, Any], published: Published) -> PopulationCard:
    """Read one population of a card; ``published`` is what answers for it.

    Raises:
        KeyError, TypeError, ValueError: it is not whole, or contradicts itself.
    """
    points = {point["name"]: _point(point) for point in raw["operating_points"]}
    if tuple(points) != OPERATING_POINTS:
        raise ValueError(f"operating points are {list(points)}, not {list(OPERATING_POINTS)}")
    if not nested([point.cuts for point in points.values()]):
        raise ValueError("the operating points are not nested: a cut falls from one to the next")
    calibration, network = raw["calibration"], raw["network"]
    low, high = (finite(bound) for bound in calibration["bounds"])
    if not 0 < low < high < 1:
        raise ValueError(f"probability bounds {low}, {high} are not inside (0, 1)")
    if finite(calibration["slope"]) <= 0:
        raise ValueError("the calibration slope is not positive")
    finite(calibration["intercept"])
    if not 0 < finite(calibration["prevalence"]) < 1:
        raise ValueError("the calibration's prevalence is not inside (0, 1)")
    if finite(network["head"]["heat_scale"]) <= 0 or not network["head"]["weights"]:
        raise ValueError("the head is not that of a network")
    youngest, oldest = raw["ages"]
    return PopulationCard(
        name=name,
        ages=(int(youngest), None if oldest is None else int(oldest)),
        description=str(raw["description"]),
        data=tuple(raw["data"]),
        network=str(network["file"]),
        input=network["input"],
        head=network["head"],
        calibration=calibration,
        bins=tuple(_bin(one) for one in calibration.get("bins", ())),
        operating_points=points,
        metrics=raw["metrics"],
        limits=tuple(str(limit) for limit in raw["limits"]),
        published=published,
    )


def _point(raw: Mapping[str, Any]) -> OperatingPoint:
    aim, table, altered = raw.get("aim"), raw.get("table"), raw.get("altered")
    return OperatingPoint(
        name=str(raw["name"]),
        cuts=Cuts(finite(raw["rule_out"]), finite(raw["rule_in"])),
        aim=Aim(finite(aim["missed"]), finite(aim["false_alarms"])) if aim else None,
        table=parse_table(table) if table else None,
        altered=parse_table(altered) if altered else None,
    )


def _bin(raw: Mapping[str, Any]) -> Bin:
    low, high = raw["ci"]
    return Bin(
        low=finite(raw["low"]), high=finite(raw["high"]), films=int(raw["films"]), patients=int(raw["patients"]),
        stated=finite(raw["stated"]), observed=finite(raw["observed"]), ci=(finite(low), finite(high)),
    )  # fmt: skip


def finite(value: object) -> float:
    """Return a JSON number as a float; NaN, infinity, text and booleans are errors."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a number")
    return float(value)
