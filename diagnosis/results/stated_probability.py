"""The probability that is shown: at the person's own prevalence, and never sharper than its measured bin."""

from __future__ import annotations

import math
from dataclasses import dataclass

from diagnosis.results.formatting import numeral, percent
from diagnosis.results.intervals import Interval
from diagnosis.results.predictive_values import moved_to
from ml import Bin, PopulationCard

WIDEST = 0.2
"""Width of a bin's interval up to which the probability itself is shown; beyond it the interval is."""


@dataclass(frozen=True, slots=True)
class StatedProbability:
    """A probability at a prevalence.

    ``supported`` is what the reliability table supports where this probability falls, at the same prevalence; ``None``
    where the bin bears it out to within :data:`WIDEST`, or the card has no table. Then the probability stands alone.
    ``one_sided`` where every film of the bin was ill, or none: then the near end of the interval is all that is known.
    """

    value: float
    supported: Interval | None
    prevalence: float
    bin: Bin | None
    one_sided: bool = False

    def __str__(self) -> str:
        """As people read it: "28 %", "12 – 55 %" where no more is known, "> 94 %" where no film was otherwise."""
        if self.supported is None:
            return percent(self.value)
        if self.one_sided and self.supported.high >= 1:
            return f"> {numeral(math.floor(100 * self.supported.low))}\N{NO-BREAK SPACE}%"
        if self.one_sided:
            return f"< {numeral(math.ceil(100 * self.supported.high))}\N{NO-BREAK SPACE}%"
        low, high = (numeral(round(100 * end)) for end in (self.supported.low, self.supported.high))
        return f"{low}\N{NO-BREAK SPACE}–\N{WORD JOINER}\N{NO-BREAK SPACE}{high}\N{NO-BREAK SPACE}%"


def stated(card: PopulationCard, probability: float, prevalence: float | None = None) -> StatedProbability:
    """Say a calibrated probability at a prevalence; without one, at the one it was calibrated at."""
    base = card.prevalence
    at = prevalence or base
    found = card.bin_of(probability)
    supported, one_sided = None, False
    if card.bins and (found is None or _is_poor(found, probability)):
        low, high = (0.0, 1.0) if found is None else found.ci
        low, high = min(low, probability), max(high, probability)
        supported = Interval(moved_to(probability, base, at), *(_inside(end, base, at) for end in (low, high)))
        one_sided = found is not None and found.observed in (0, 1)
    return StatedProbability(moved_to(probability, base, at), supported, at, found, one_sided)


def _is_poor(measured: Bin, probability: float) -> bool:
    low, high = measured.ci
    return high - low > WIDEST or not low <= probability <= high or measured.observed in (0, 1)


def _inside(end: float, base: float, at: float) -> float:
    return end if end <= 0 or end >= 1 else moved_to(end, base, at)
