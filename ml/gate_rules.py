"""What the gate decides without a network: the texts of its refusals, and what header and plain pixels say."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from ml.errors import Refusal
from ml.images import Header, ModelInput, Notice

YOUNGEST, OLDEST = 1.0, 6.0
"""The training films are of children aged one to five: from the first birthday up to, not including, the sixth."""
MIN_SIDE = 64
"""Fewer pixels than this on a side show no lung worth judging; intake has stricter limits for files."""
MIN_CONTRAST = 12
"""Grey levels (of 255) between the 2nd and 98th percentile below which there is nothing to see."""
MIN_DETAIL = -3.4
"""Least detail (see :func:`detail`). Of 1,100 films none has less than -2.8, at 40 pixels a side none less than -3.0;
blurred by a fiftieth of their side, half of them have less."""
MAX_COMB = 0.52
"""Largest share of pixels on single shades (see :func:`comb`). Of 1,100 films none has more than 0.2, windowed hard or
saved as JPEG of quality 10 none more than 0.49; nearly all films of three or four greys have more."""
MAX_RIM = 90
"""Longest straight rim between two plain greys (see :func:`longest_rim`), in pixels of 224. Of 1,255 films one has 49,
all others have 16 or less, in white or black frames 28, faded to grey one in 800 has more; viewers' bars and panels
have 100 to 224."""

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
    """Refuse what is too small, has no contrast, few shades, no detail, or a screen's bars and panels."""
    if min(film.width, film.height) < MIN_SIDE:
        return refusal("TOO_SMALL")
    low, high = np.percentile(film.pixels, (2, 98))
    if high - low < MIN_CONTRAST:
        return refusal("TOO_DARK_OR_BRIGHT")
    if comb(film.pixels) > MAX_COMB or longest_rim(film.pixels) > MAX_RIM:
        return refusal("NOT_A_RADIOGRAPH")
    if detail(film.pixels) < MIN_DETAIL:
        return refusal("NOT_RECOGNISED")
    return None


def detail(pixels: NDArray[np.uint8]) -> float:
    """Return how much fine structure there is: log10 of the power at 12 to 28 waves a side over that at 1 to 12.

    Noise counts as detail; lungs, ribs and vessels have theirs at these frequencies even in coarse or noisy films.
    """
    side = pixels.shape[0]
    window = np.hanning(side).astype(np.float32)
    plain = pixels.astype(np.float32)
    power = np.abs(np.fft.rfft2((plain - plain.mean()) * window * window[:, None])) ** 2
    waves = np.hypot(np.fft.fftfreq(side, 1 / side)[:, None], np.fft.rfftfreq(side, 1 / side)[None, :])
    fine, coarse = (power[(waves >= low) & (waves < high)].sum() for low, high in ((12, 28), (1, 12)))
    return float(np.log10(fine / max(float(coarse), 1e-9) + 1e-12))


def comb(pixels: NDArray[np.uint8]) -> float:
    """Return the share of pixels whose shade is the commonest of the sixteen around it: few greys make it large.

    The one commonest shade of all, a border's often, is left out.
    """
    counts = np.bincount(pixels.ravel(), minlength=256)
    counts[counts.argmax()] = 0
    tops = (np.pad(counts, (shift, 16 - shift)).reshape(-1, 16).max(1).sum() for shift in (0, 8))
    return float(min(tops) / max(int(counts.sum()), 1))


def longest_rim(pixels: NDArray[np.uint8]) -> int:
    """Return the length of the longest straight line, along rows or columns, with a plain grey on either side of it.

    The bars and panels of a screen have such rims. A film's borders do not: beyond them lies the film, which is not
    plain. Black and white are left out, since frames and blanked corners of films are black or white.
    """
    longest = 0
    for across in (pixels.astype(np.int16), pixels.T.astype(np.int16)):
        for gap in (1, 2):  # a rim between two pixels, or through one that has a share of both
            first, left = across[:, : -2 - gap], across[:, 1 : -1 - gap]
            right, last = across[:, 1 + gap : -1], across[:, 2 + gap :]
            plain = (np.abs(first - left) <= 1) & (np.abs(right - last) <= 1) & (np.abs(left - right) >= 8)
            plain &= (np.minimum(left, right) > 3) & (np.maximum(left, right) < 252)
            steady = (np.abs(np.diff(left, axis=0)) <= 1) & (np.abs(np.diff(right, axis=0)) <= 1)
            joined = plain[1:] & plain[:-1] & steady
            joined = joined[:, joined.sum(axis=0) >= longest]  # no other line can be longer; mostly none is left
            row = np.arange(1, len(joined) + 1)[:, None]
            run = row - np.maximum.accumulate(np.where(joined, 0, row), axis=0)
            longest = max(longest, int(run.max()) + 1 if run.any() else 0)
    return longest


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
