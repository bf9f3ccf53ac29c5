"""What the input gate and intake found of a film, check by check, from the codes that are stored with the study."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from diagnosis.models import Population

PASSED, REMARK, REFUSED = "passed", "remark", "refused"

# For each check: its name, what is shown when nothing was found, and what each code says.
CHECKS: tuple[tuple[Promise, Promise, dict[str, Promise]], ...] = (
    (
        _("A radiograph"),
        _("it looks like one"),
        {
            "NOT_A_RADIOGRAPH": _("it does not look like one"),
            "NOT_RECOGNISED": _("not recognised as a frontal chest radiograph"),
        },
    ),
    (_("Chest"), _("it shows a chest"), {"NOT_CHEST": _("it shows another part of the body")}),
    (_("Frontal view"), _("it looks frontal"), {"NOT_FRONTAL": _("it looks lateral or oblique")}),
    (
        _("Whole radiograph"),
        _("both lungs are on it"),
        {
            "CROPPED": _("only a part of the chest is on it"),
            "LUNGS_CUT_OFF": _("a part of the lungs seems to lie outside it"),
        },
    ),
    (_("One radiograph"), _("one picture"), {"MULTIPLE_IMAGES": _("several pictures in one")}),
    (
        _("Upright"),
        _("upright"),
        {
            "ROTATED": _("turned, but not clearly enough to put it right"),
            "ROTATION_CORRECTED": _("was turned; shown upright, to the model and here"),
            "STORED_TURNED": _("turned or mirrored, as the file says"),
        },
    ),
    (
        _("Black and white"),
        _("bones are bright"),
        {
            "INVERTED": _("inverted, but not clearly enough to put it right"),
            "INVERSION_CORRECTED": _("was inverted; shown with bones bright, to the model and here"),
            "POLARITY_UNSURE": _("the file contradicts itself"),
        },
    ),
    (
        _("Exposure and size"),
        _("contrast and pixels suffice"),
        {
            "TOO_DARK_OR_BRIGHT": _("almost no contrast"),
            "TOO_SMALL": _("too few pixels"),
            "DEPTH_UNSURE": _("the file contradicts itself"),
        },
    ),
    (
        _("Population"),
        _("nothing speaks against it"),
        {
            "OUTSIDE_POPULATIONS": _("of nobody the model answers for"),
            "AGE_OUTSIDE_POPULATION": _("another age, as the file says"),
            "STATED_OTHERWISE": _("the DICOM header contradicts what was stated"),
            "LOOKS_ADULT": _("older, by its appearance, or another kind of machine"),
            "LOOKS_YOUNG": _("younger, by its appearance"),
            "UNLIKE_TRAINING_FILMS": _("unlike the radiographs the model was trained on"),
        },
    ),
    (_("Writing in the margins"), _("none found"), {"BURNED_IN_TEXT": _("there seems to be some")}),
)
REFUSALS = frozenset(
    {
        "NOT_A_RADIOGRAPH", "NOT_RECOGNISED", "NOT_CHEST", "NOT_FRONTAL", "CROPPED", "MULTIPLE_IMAGES", "ROTATED",
        "INVERTED", "TOO_DARK_OR_BRIGHT", "TOO_SMALL", "OUTSIDE_POPULATIONS",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """One check: ``kind`` is ``passed``, ``remark`` or ``refused``."""

    name: str
    outcome: str
    kind: str


def checks(codes: Iterable[str], *, refused: bool, population: str = "") -> list[Check]:
    """Every check of a film that was let through; of one that was refused, only those with something to say.

    ``population`` (of ``diagnosis.models.Population``) names whose film it passed for. A refusal names the clearest
    reason; what the gate thought of the rest is not kept, so it is not shown.
    """
    known = set(codes)
    found = []
    for name, passed, remarks in CHECKS:
        found_codes = [code for code in remarks if code in known]
        if found_codes:
            kind = REFUSED if REFUSALS & set(found_codes) else REMARK
            found.append(Check(str(name), "; ".join(str(remarks[code]) for code in found_codes), kind))
        elif not refused:
            found.append(Check(str(name), _passed(passed, remarks, population), PASSED))
    return found


def _passed(words: Promise, remarks: dict[str, Promise], population: str) -> str:
    if population and "OUTSIDE_POPULATIONS" in remarks:
        return f"{Population(population).label}: {words}"
    return str(words)


def without_repetition(warnings: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Warnings, one for each cause: an age from the header makes the guess by the film's looks superfluous."""
    all_of_them = list(warnings)
    codes = {warning.get("code") for warning in all_of_them}
    if "AGE_OUTSIDE_POPULATION" not in codes:
        return all_of_them
    return [warning for warning in all_of_them if warning.get("code") != "LOOKS_ADULT"]
