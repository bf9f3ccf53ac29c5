"""What the gate decides without a network: the texts of its refusals, and what header and plain pixels say."""

from __future__ import annotations

import re

import numpy as np

from ml.errors import Refusal
from ml.images import Header, ModelInput, Notice

YOUNGEST, OLDEST = 1.0, 6.0
"""The training films are of children aged one to five: from the first birthday up to, not including, the sixth."""
MIN_SIDE = 64
"""Fewer pixels than this on a side show no lung worth judging; intake has stricter limits for files."""
MIN_CONTRAST = 12
"""Grey levels (of 255) between the 2nd and 98th percentile below which there is nothing to see."""

_TEXTS: dict[str, tuple[str, str]] = {
    "NOT_A_RADIOGRAPH": (
        "This does not look like a radiograph.",
        "Submit the original film of a chest, not a photograph, a drawing, a screenshot or a slice of a CT or MR.",
    ),
    "NOT_CHEST": ("This looks like a radiograph of another part of the body.", "Submit a frontal film of the chest."),
    "NOT_FRONTAL": (
        "This looks like a lateral or oblique view.",
        "The model knows frontal films (PA or AP) alone; submit that one.",
    ),
    "CROPPED": ("Only a part of a chest film is to be seen.", "Submit the whole film with both lungs on it."),
    "MULTIPLE_IMAGES": ("There seem to be several pictures in one.", "Submit each film as a file of its own."),
    "NOT_RECOGNISED": (
        "This could not be recognised as a frontal chest film.",
        "If it is one, submit the original export, upright and without writing or frames around it.",
    ),
    "ROTATED": (
        "The film seems to be turned, but not clearly enough to put it right.",
        "Turn it upright and submit it again.",
    ),
    "INVERTED": (
        "The film seems to be inverted (bones dark), but not clearly enough to put it right.",
        "Export it with bones white and submit it again.",
    ),
    "TOO_DARK_OR_BRIGHT": (
        "There is almost no contrast in this picture: it is nearly all one shade.",
        "Export the film again with an ordinary window.",
    ),
    "TOO_SMALL": ("The picture has too few pixels to judge.", "Submit the film in its original size."),
}

# Words of DICOM's Body Part Examined (PS3.16 annex L) that contradict a chest film. Anything else, free text or
# nothing, is left to the network: many archives put local words there.
_OTHER_PARTS = frozenset(
    {
        "ABDOMEN", "ANKLE", "ARM", "BLADDER", "BRAIN", "BREAST", "BUTTOCK", "CALCANEUS", "CALF", "CAROTID",
        "CLAVICLE", "COCCYX", "CSPINE", "DENTAL", "ELBOW", "EXTREMITY", "EYE", "FEMUR", "FINGER", "FOOT",
        "FOREARM", "HAND", "HEAD", "HIP", "HUMERUS", "JAW", "KNEE", "LEG", "LSPINE", "MANDIBLE", "MAXILLA", "NECK",
        "ORBIT", "PELVIS", "RADIUS", "SCAPULA", "SHOULDER", "SINUS", "SKULL", "TIBIA", "TOE", "TOOTH", "TEETH",
        "ULNA", "UTERUS", "WRIST", "ZYGOMA",
    }
)  # fmt: skip
_CHEST_PARTS = re.compile(r"CHEST|THORAX|LUNG|TORAX|POUMON|RIB|HEART|TSPINE", re.IGNORECASE)
# PS3.3 C.8.11.5: LL and RL are laterals, the O's obliques. LLD and RLD (decubitus) are taken from the front.
_OTHER_VIEWS = frozenset(
    {"LL", "RL", "LAT", "LATERAL", "RLO", "LLO", "LAO", "RAO", "LPO", "RPO", "OBLIQUE", "ML", "LM", "MLO", "CC"}
)
_RADIOGRAPHS = frozenset({"", "CR", "DX", "RG", "SC", "OT", "XC", "RF"})


def refusal(code: str) -> Refusal:
    """Return the refusal of that code, with its texts."""
    message, advice = _TEXTS[code]
    return Refusal(code, message, advice)


def codes() -> tuple[str, ...]:
    """Every code a film may be refused with."""
    return tuple(_TEXTS)


def pixel_refusal(film: ModelInput) -> Refusal | None:
    """Refuse what is too small or has no contrast, whatever it shows."""
    if min(film.width, film.height) < MIN_SIDE:
        return refusal("TOO_SMALL")
    low, high = np.percentile(film.pixels, (2, 98))
    if high - low < MIN_CONTRAST:
        return refusal("TOO_DARK_OR_BRIGHT")
    return None


def header_refusal(header: Header) -> Refusal | None:
    """Refuse what its own header says is something else; silent or unknown words refuse nothing."""
    if header.modality.strip().upper() not in _RADIOGRAPHS:
        return refusal("NOT_A_RADIOGRAPH")
    part = header.body_part.strip().upper()
    if part and not _CHEST_PARTS.search(part) and set(re.split(r"[^A-Z]+", part)) & _OTHER_PARTS:
        return refusal("NOT_CHEST")
    if header.view_position.strip().upper() in _OTHER_VIEWS:
        return refusal("NOT_FRONTAL")
    return None


def header_notices(header: Header) -> tuple[Notice, ...]:
    """Warn when the header's age lies outside the ages the model was trained on."""
    if header.age_years is None or YOUNGEST <= header.age_years < OLDEST:
        return ()
    age = f"{header.age_years:.0f} years" if header.age_years >= 2 else f"{header.age_years * 12:.0f} months"
    return (
        Notice(
            "AGE_OUTSIDE_POPULATION",
            f"The header gives an age of {age}; the model was trained on children aged 1 to 5 years.",
            "Its answer does not hold for this patient; do not rely on it.",
        ),
    )
