"""Figures as people read them: shares, intervals, numbers of patients."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import get_language

from diagnosis.results.intervals import Interval, wilson


def numeral(value: float, digits: int = 0) -> str:
    """A number as the active language writes it, cut off after so many digits."""
    if not digits and value >= 0:  # as every language writes it
        return str(int(value))
    return _numeral(value, digits, get_language())


@lru_cache(maxsize=4096)  # the same hundred, again and again
def _numeral(value: float, digits: int, _language: str | None) -> str:
    return number_format(value, digits)


def percent(value: float | str | None, digits: int = 0) -> str:
    """A share (0–1) as "63 %"; what rounds to nothing or to everything is "< 1 %" or "> 99 %", never 0 or 100.

    Exactly 0 and exactly 1 (a measured rate) stay as they are. None gives a dash.
    """
    if value is None or isinstance(value, str):  # a template gives "" for what is not there
        return "–"
    step = 10**-digits
    shown = round(float(value) * 100, digits)
    if shown <= 0 < value:
        return f"< {numeral(step, digits)}\N{NO-BREAK SPACE}%"
    if shown >= 100 > value * 100:
        return f"> {numeral(100 - step, digits)}\N{NO-BREAK SPACE}%"
    return f"{numeral(shown, digits)}\N{NO-BREAK SPACE}%"


def position(value: float | None) -> str:
    """A share (0–1) as a percentage for an SVG attribute: "63.25%", with a point in every language."""
    return f"{min(max(float(value or 0), 0.0), 1.0) * 100:.2f}%"


def figure(value: float | str | Mapping[str, Any] | None, digits: int = 3) -> str:
    """A measured figure as the card records it: a number, or {"value": …, "ci": [low, high]} as "0.97 [0.95; 0.99]"."""
    if not isinstance(value, Mapping):
        return "–" if value is None or isinstance(value, str) else _rounded(value, digits)
    low, high = (_rounded(bound, digits) for bound in value["ci"])
    return f"{_rounded(value['value'], digits)} [{low}; {high}]"


def _rounded(value: float, digits: int) -> str:
    """Rounded, as ``number_format`` alone cuts off."""
    return numeral(round(value, digits), digits)


def share(interval: Interval | None, digits: int = 0) -> str:
    """A measured share as "94 %". None and all of so many films are not known to be 0 and 100 %: "> 97 %" then.

    The bound is the end of the interval, rounded to the side that claims less.
    """
    if interval is None:
        return "–"
    step = 10 ** (2 + digits)
    if interval.value >= 1:
        return f"> {numeral(math.floor(interval.low * step + 1e-9) / 10**digits, digits)}\N{NO-BREAK SPACE}%"
    if interval.value <= 0:
        return f"< {numeral(math.ceil(interval.high * step - 1e-9) / 10**digits, digits)}\N{NO-BREAK SPACE}%"
    return percent(interval.value, digits)


def ends(interval: Interval | None, digits: int = 0) -> str:
    """The interval of a share as " (91 – 96 %)"; nothing where ``share`` has shown its end already."""
    if interval is None or not 0 < interval.value < 1:
        return ""
    low, high = (numeral(round(100 * end, digits), digits) for end in (interval.low, interval.high))
    return f"({low}\N{NO-BREAK SPACE}–\N{WORD JOINER}\N{NO-BREAK SPACE}{high}\N{NO-BREAK SPACE}%)"


def measured(interval: Interval | None, digits: int = 0) -> str:
    """A measured share with its interval: "94 % (91 – 96 %)", or "> 97 %"."""
    return f"{share(interval, digits)} {ends(interval, digits)}".strip()


def rate(value: Mapping[str, Any] | None, films: int = 0) -> str:
    """A measured rate as the card records it, in percent: "94.1 % (92.0 – 96.2 %)", or "> 96.9 %".

    A bootstrap of films that were all classified rightly has no width; with their number the score interval takes over.
    """
    if not value:
        return "–"
    low, high = value["ci"]
    if low == high and value["value"] in (0, 1) and films:
        return measured(wilson(round(value["value"] * films), films), 1)
    return measured(Interval(value["value"], low, high), 1)
