"""What an operating point means: its pair of cuts, and the error rates of that very rule, truth against finding."""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from diagnosis.models import Finding, OperatingPointName
from diagnosis.results.intervals import Interval
from ml import FINDINGS, FindingTable, OperatingPoint, PopulationCard, Share

POINT_NAMES: dict[str, Promise] = {point.value: point.label for point in OperatingPointName}


POINT_MEANINGS: dict[str, Promise] = {
    "screening": _("Misses least, at the price of more false alarms."),
    "balanced": _("Weighs missed pneumonia and false alarms alike."),
    "rule_in": _("Raises fewest false alarms, at the price of missing more."),
}
TRUTH_NAMES: dict[str, Promise] = {"pneumonia": _("with pneumonia"), "normal": _("without pneumonia")}


@dataclass(frozen=True, slots=True)
class Cell:
    """Of the patients of one truth, how many get one finding; ``error`` where that finding is wrong."""

    finding: Finding
    share: Interval
    films: int
    error: bool

    @property
    def of_100(self) -> str:
        """In 100 patients: "94", or "0, at most 4": where none was seen, no more is known than the interval's end."""
        if self.films:
            return str(round(100 * self.share.value)) if self.share.value >= 0.005 else gettext("fewer than 1")
        # The end rounds up, to the side that claims less; the slack is for what floats make of 3.0000000001.
        return gettext("0, at most %d") % math.ceil(100 * self.share.high - 1e-9)


@dataclass(frozen=True, slots=True)
class TruthRow:
    """A row of the table: the patients of one truth, and the three findings in rising order."""

    name: Promise
    films: int
    patients: int
    cells: tuple[Cell, Cell, Cell]


@dataclass(frozen=True, slots=True)
class Consequences:
    """What an operating point means, from figures measured on patients on whom nothing was chosen.

    ``rows`` is empty where the card of an earlier model measured another rule than the one that was in force.
    """

    point: OperatingPoint
    name: Promise
    meaning: Promise
    rows: tuple[TruthRow, ...]
    altered: tuple[TruthRow, ...]

    @property
    def missed(self) -> Cell:
        """Pneumonia called normal."""
        return self.rows[0].cells[0]

    @property
    def false_alarms(self) -> Cell:
        """No pneumonia, called pneumonia."""
        return self.rows[1].cells[2]


def as_interval(share: Share) -> Interval:
    """A share of the card as the pages have it."""
    return Interval(share.value, *share.ci)


def _rows(table: FindingTable | None) -> tuple[TruthRow, ...]:
    if table is None:
        return ()
    rows = []
    for truth, name in TRUTH_NAMES.items():
        measured = table.row(truth)
        wrong = "normal" if truth == "pneumonia" else "pneumonia"
        low, open_, high = (
            Cell(
                Finding(finding),
                as_interval(measured.shares[finding]),
                measured.shares[finding].films,
                finding == wrong,
            )
            for finding in FINDINGS
        )
        rows.append(TruthRow(name, measured.films, measured.patients, (low, open_, high)))
    return tuple(rows)


def by_finding(rows: tuple[TruthRow, ...]) -> list[tuple[Finding, tuple[Cell, ...]]]:
    """The same table by finding: its cell of each truth, in the order of ``rows``."""
    return [(cells[0].finding, cells) for cells in zip(*(row.cells for row in rows), strict=True)]


def consequences(card: PopulationCard, point: str) -> Consequences:
    """Describe one operating point of a population's card.

    Raises:
        KeyError: the card has no such point.
    """
    measured = card.operating_points[point]
    return Consequences(
        measured, POINT_NAMES[point], POINT_MEANINGS[point], _rows(measured.table), _rows(measured.altered)
    )
