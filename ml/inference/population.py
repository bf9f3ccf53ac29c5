"""Whose film it is: from the age in the file, else from what a person states, else from how the film looks.

A model answers for the populations of its card and for nobody else. Outside them a film gets no finding and no
probability, because nothing is known of what they would be worth.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from ml.errors import Refusal, gettext_noop
from ml.inference.gate.check import LOOKS_ADULT
from ml.intake.read import Header, Notice

CHILD, ADULT = "child", "adult"
OUTSIDE, UNKNOWN = "outside", "unknown"
POPULATIONS = (CHILD, ADULT)
"""Populations that a card can be for; a film can also be outside all of them, or of an age nobody knows."""
AGES: dict[str, tuple[float, float]] = {CHILD: (1.0, 6.0), ADULT: (18.0, 130.0)}
"""From the first birthday given up to, not including, the last: a child of five years counts until the sixth."""

Source = Literal["header", "stated", "image"]
LOOKS_LIKE_A_CHILD, LOOKS_LIKE_AN_ADULT = 0.3, 0.5
"""Probability of an adult below which a film of unknown age counts as a child's, and from which as an adult's.

Chosen on validation patients. Of 522 films of the children's test patients 97.5 % lie below the first and 1.1 % above
the second; of 614 of the adults' test patients 1.1 % and 98.5 %; other hospitals: docs/decisions.md."""


@dataclass(frozen=True, slots=True)
class Correction:
    """How the image check put a film right: quarter turns counter-clockwise (``np.rot90``), then black for white."""

    quarter_turns: int = 0
    inverted: bool = False


@dataclass(frozen=True, slots=True)
class Belonging:
    """Which population a film belongs to (``child``, ``adult``, ``outside`` or ``unknown``) and how that is known."""

    population: str
    source: Source
    age_years: float | None = None


class OutsidePopulations(Refusal):
    """The film may be a sound chest film, but it is of nobody the model was made and measured for.

    ``belonging`` says of whom; ``correction`` how the image check put the film right, to be shown so.
    """

    belonging: Belonging
    correction: Correction


def population_of(header: Header, stated: str, looks_adult: float | None) -> Belonging:
    """Say which population a film belongs to.

    Args:
        header: Facts of the file; an age in it wins over everything else.
        stated: ``child``, ``adult`` or ``""`` (nobody knows), as the person stated for the submission.
        looks_adult: The image check's probability that it is an adult's film; ``None`` where it was not asked.
    """
    age = header.age_years
    if age is not None:
        found = next((name for name, (low, high) in AGES.items() if low <= age < high), OUTSIDE)
        return Belonging(found, "header", age)
    if stated:
        return Belonging(stated, "stated")
    if looks_adult is None or looks_adult < LOOKS_LIKE_A_CHILD:
        return Belonging(CHILD, "image")
    return Belonging(ADULT if looks_adult >= LOOKS_LIKE_AN_ADULT else UNKNOWN, "image")


def contradictions(found: Belonging, stated: str, looks_adult: float | None) -> tuple[Notice, ...]:
    """What speaks against how the population is known, as warnings that travel with the result."""
    notices = []
    if found.source == "header" and stated and stated != found.population:
        notices.append(STATED_OTHERWISE)
    if found.source != "image" and looks_adult is not None:
        if found.population == CHILD and looks_adult >= LOOKS_LIKE_AN_ADULT:
            notices.append(LOOKS_ADULT)
        elif found.population == ADULT and looks_adult < LOOKS_LIKE_A_CHILD:
            notices.append(LOOKS_YOUNG)
    return tuple(notices)


def outside(found: Belonging, answered: Collection[str]) -> OutsidePopulations | None:
    """The refusal of a film that is of none of the populations that the model answers for; ``None`` if it may."""
    if found.population in answered:
        return None
    why = _WHY.get(frozenset(answered), _NOT_MEASURED)
    if found.source == "header" and found.age_years is not None:
        months = found.age_years < 2
        age = int(found.age_years * 12 if months else found.age_years)
        refusal = OutsidePopulations(CODE, _AGE_IN_MONTHS if months else _AGE_IN_YEARS, why, age=age)
    elif found.source == "stated":
        refusal = OutsidePopulations(CODE, _STATED_ADULT, why)
    else:
        looks = _LOOKS_ADULT if found.population == ADULT else _LOOKS_LIKE_NEITHER
        refusal = OutsidePopulations(CODE, looks, _SAY_SO.get(frozenset(answered), _NOT_MEASURED))
    refusal.belonging, refusal.correction = found, Correction()
    return refusal


CODE = "OUTSIDE_POPULATIONS"
_AGE_IN_YEARS = gettext_noop("The DICOM header gives an age of %(age)d years.")
_AGE_IN_MONTHS = gettext_noop("The DICOM header gives an age of %(age)d months.")
_STATED_ADULT = gettext_noop("You stated that this is the radiograph of an adult.")
_LOOKS_ADULT = gettext_noop("The age is not known, and this looks like the radiograph of an adult or an older child.")
_LOOKS_LIKE_NEITHER = gettext_noop(
    "The age is not known, and this looks neither clearly like a young child’s radiograph nor clearly like an adult’s."
)
_WHY = {
    frozenset({CHILD}): gettext_noop(
        "The model answers for children aged 1 to 5 years alone. What it would say of other ages is worth nothing, so "
        "there is no finding and no probability."
    ),
    frozenset({CHILD, ADULT}): gettext_noop(
        "The model answers for children aged 1 to 5 years and for adults. What it would say of other ages is worth "
        "nothing, so there is no finding and no probability."
    ),
}
_NOT_MEASURED = gettext_noop(
    "The model was not measured on such radiographs, so there is no finding and no probability."
)
_SAY_SO = {
    frozenset({CHILD}): gettext_noop(
        "If you know that it is of a child aged 1 to 5 years, submit it again and say so. Otherwise there is no "
        "finding and no probability for it."
    ),
    frozenset({CHILD, ADULT}): gettext_noop(
        "If you know that it is of a child aged 1 to 5 years, or of an adult, submit it again and say so. Otherwise "
        "there is no finding and no probability for it."
    ),
}

STATED_OTHERWISE = Notice(
    "STATED_OTHERWISE",
    gettext_noop("The age in the DICOM header is not of the age group that was stated; the header was believed."),
    gettext_noop("Find out whose radiograph this is before you use the result."),
)
LOOKS_YOUNG = Notice(
    "LOOKS_YOUNG",
    gettext_noop("This looks like the radiograph of a young child, not of an adult."),
    gettext_noop("Find out whose radiograph this is before you use the result."),
)
