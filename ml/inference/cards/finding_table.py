"""The error rates of a rule: truth × finding, as measured on films on which nothing was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ml.inference.decision import FINDINGS

TRUTHS = ("pneumonia", "normal")


@dataclass(frozen=True, slots=True)
class Share:
    """Of the films of one truth, how many got one finding: a count, a share and its 95 % interval by patient."""

    films: int
    value: float
    ci: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Row:
    """The films of one truth: how many, of how many patients, and the share of each finding (they sum to 1)."""

    films: int
    patients: int
    shares: Mapping[str, Share]


@dataclass(frozen=True, slots=True)
class FindingTable:
    """A 2×3 table: what became of films with pneumonia and of films without."""

    pneumonia: Row
    normal: Row

    @property
    def missed(self) -> Share:
        """Pneumonia called normal."""
        return self.pneumonia.shares["normal"]

    @property
    def found(self) -> Share:
        """Pneumonia called pneumonia."""
        return self.pneumonia.shares["pneumonia"]

    @property
    def false_alarms(self) -> Share:
        """No pneumonia, called pneumonia."""
        return self.normal.shares["pneumonia"]

    @property
    def cleared(self) -> Share:
        """No pneumonia, called normal."""
        return self.normal.shares["normal"]

    def row(self, truth: str) -> Row:
        """The films of one truth."""
        return self.pneumonia if truth == "pneumonia" else self.normal


def parse_table(raw: Mapping[str, Any]) -> FindingTable:
    """Read a table from a card.

    Raises:
        KeyError, TypeError, ValueError: it is not whole, or its counts do not add up.
    """
    return FindingTable(*(_row(raw[truth]) for truth in TRUTHS))


def _row(raw: Mapping[str, Any]) -> Row:
    shares: dict[str, Share] = {finding: _share(raw[finding]) for finding in FINDINGS}
    films = int(raw["films"])
    if sum(share.films for share in shares.values()) != films:
        raise ValueError("the counts of a table of findings do not add up")
    return Row(films, int(raw["patients"]), shares)


def _share(raw: Mapping[str, Any]) -> Share:
    low, high = (float(bound) for bound in raw["ci"])
    value = float(raw["share"])
    if not 0 <= low <= value <= high <= 1:
        raise ValueError(f"the share {value} lies outside its interval, or outside 0 to 1")
    return Share(int(raw["films"]), value, (low, high))
