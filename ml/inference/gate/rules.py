"""What the gate decides without a network: the texts of its refusals, and what header and plain pixels say."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ml.errors import Refusal, gettext_noop
from ml.intake.read import Header, ModelInput

YOUNGEST, OLDEST = 1.0, 6.0
"""The training films are of children aged one to five: from the first birthday up to, not including, the sixth."""
MIN_SIZE = 64
"""Fewer pixels than this in width or height show no lung worth analysing; intake has stricter limits for files."""
MIN_CONTRAST = 12
"""Grey levels (of 255) between the 2nd and 98th percentile below which there is nothing to see."""
MIN_DETAIL = -3.4
"""Least detail (see :func:`detail`). Of 1,100 films none has less than -2.8, at 40 × 40 pixels none less than -3.0;
blurred by a fiftieth of their width, half of them have less."""
MAX_COMB = 0.52
"""Largest share of pixels on single shades (see :func:`comb`). Of 1,100 films none has more than 0.2, windowed hard or
saved as JPEG of quality 10 none more than 0.49; nearly all films of three or four greys have more."""
MAX_RIM = 90
"""Longest straight rim between two plain greys (see :func:`longest_rim`), in pixels of 224. Of 1,255 films one has 49,
all others have 16 or less, in white or black frames 28, faded to grey one in 800 has more; viewers' bars and panels
have 100 to 224."""
_FINEST = 28
"""Waves a side from which on :func:`detail` looks no further."""
MAX_PLAIN = 0.25
"""Largest share of the picture in one plain grey (see :func:`plain_grey`). Of 5,272 films none has more than 0.14,
saved as JPEG of quality 20 none more than 0.17; most screenshots of a film on a browser's grey page have more."""
MIN_FILLED = 0.36
"""Least share of the picture that is not plain background (see :func:`filled`). Of 4,403 films none fills less than
0.44; nearly all films that lie small on a plain screen fill less than 0.36."""
MAX_BESIDE = 0.002
"""Largest share of the picture that is neither the film nor the plain ground around it (see :func:`beside`). Of 7,816
films none has more, of 4,339 pasted onto white one; of 540 screenshots of browser pages with films in them 411."""
MIN_EVEN = 0.8
"""Least share of a page's ground whose pixels are exactly as those to their right."""
FLANKS = 0.1
"""Least share of a row of the film's width that still belongs to the film."""
_SOLID = 25
"""Side of the squares, in pixels of 224, that a film is made of and writing, buttons and small pictures are not."""

_TEXTS: dict[str, tuple[str, str]] = {
    "NOT_A_RADIOGRAPH": (
        gettext_noop("This does not look like a radiograph."),
        gettext_noop(
            "Submit the original radiograph of a chest, not a photograph, a drawing, a screenshot or a slice of a "
            "CT or MR."
        ),
    ),
    "NOT_CHEST": (
        gettext_noop("This looks like a radiograph of another part of the body."),
        gettext_noop("Submit a frontal radiograph of the chest."),
    ),
    "NOT_FRONTAL": (
        gettext_noop("This looks like a lateral or oblique view."),
        gettext_noop("The model knows frontal radiographs (PA or AP) alone; submit that one."),
    ),
    "CROPPED": (
        gettext_noop("Only a part of the chest is on this radiograph."),
        gettext_noop("Submit the whole radiograph with both lungs on it."),
    ),
    "MULTIPLE_IMAGES": (
        gettext_noop("There seem to be several pictures in one."),
        gettext_noop("Submit each radiograph as a file of its own."),
    ),
    "NOT_RECOGNISED": (
        gettext_noop("This could not be recognised as a frontal chest radiograph."),
        gettext_noop("If it is one, submit the original export, upright and without writing or frames around it."),
    ),
    "ROTATED": (
        gettext_noop("The radiograph seems to be turned, but not clearly enough to put it right."),
        gettext_noop("Turn it upright and submit it again."),
    ),
    "INVERTED": (
        gettext_noop("The radiograph seems to be inverted (bones dark), but not clearly enough to put it right."),
        gettext_noop("Export it with bones white and submit it again."),
    ),
    "TOO_DARK_OR_BRIGHT": (
        gettext_noop("There is almost no contrast in this picture: it is nearly all one shade."),
        gettext_noop("Export the radiograph again with an ordinary window."),
    ),
    "TOO_SMALL": (
        gettext_noop("The picture has too few pixels."),
        gettext_noop("Submit the radiograph in its original size."),
    ),
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
_RADIOGRAPHS = frozenset({"", "CR", "DX", "DR", "RG", "SC", "OT", "XC", "RF"})


def refusal(code: str) -> Refusal:
    """Return the refusal of that code, with its texts."""
    message, advice = _TEXTS[code]
    return Refusal(code, message, advice)


def codes() -> tuple[str, ...]:
    """Every code a film may be refused with."""
    return tuple(_TEXTS)


def pixel_refusal(film: ModelInput) -> Refusal | None:
    """Refuse what is too small, has no contrast, few shades, no detail, or a page's grey, bars, panels and writing."""
    if min(film.width, film.height) < MIN_SIZE:
        return refusal("TOO_SMALL")
    shades = np.bincount(film.pixels.ravel(), minlength=256)
    if contrast(shades) < MIN_CONTRAST:
        return refusal("TOO_DARK_OR_BRIGHT")
    if comb(shades) > MAX_COMB or plain_grey(film.pixels, shades) > MAX_PLAIN or longest_rim(film.pixels) > MAX_RIM:
        return refusal("NOT_A_RADIOGRAPH")
    if beside(film.pixels) > MAX_BESIDE:
        return refusal("NOT_A_RADIOGRAPH")
    if detail(film.pixels) < MIN_DETAIL:
        return refusal("NOT_RECOGNISED")
    return None


def in_a_frame(film: ModelInput) -> bool:
    """Whether a film is refused for the frame or the panels around it alone, not for its shades or its header."""
    found = pixel_refusal(film)
    few_shades = comb(np.bincount(film.pixels.ravel(), minlength=256)) > MAX_COMB
    framed = found is not None and found.code == "NOT_A_RADIOGRAPH" and not few_shades
    return framed and header_refusal(film.header) is None


def contrast(shades: NDArray[np.intp]) -> float:
    """Return the grey levels between the 2nd and the 98th percentile of so many pixels of each shade, as
    ``np.percentile`` gives them."""
    reached = np.cumsum(shades)
    place = np.array([0.02, 0.98]) * (reached[-1] - 1)
    below = np.floor(place)
    lower, upper = (np.searchsorted(reached, rank, side="right") for rank in (below, np.ceil(place)))
    low, high = lower + (place - below) * (upper - lower)
    return float(high - low)


@lru_cache(maxsize=1)
def _bands(size: int) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
    """A window for pictures of that side; which of the waves that :func:`detail` keeps are fine, and which coarse."""
    along = np.hanning(size).astype(np.float32)
    down = np.concatenate([np.arange(_FINEST), np.arange(-_FINEST + 1, 0)])
    waves = np.hypot(down[:, None], np.arange(_FINEST)[None, :])
    return along * along[:, None], (waves >= 12) & (waves < _FINEST), (waves >= 1) & (waves < 12)


def detail(pixels: NDArray[np.uint8]) -> float:
    """Return how much fine structure there is: log10 of the power at 12 to 28 waves a side over that at 1 to 12.

    Noise counts as detail; lungs, ribs and vessels have theirs at these frequencies even in coarse or noisy films.
    """
    window, fine, coarse = _bands(pixels.shape[0])
    plain = pixels.astype(np.float32)
    rows = np.fft.rfft((plain - plain.mean()) * window)[:, :_FINEST]  # shorter waves are not asked for
    both = np.fft.fft(rows, axis=0)
    power = np.abs(np.concatenate([both[:_FINEST], both[-_FINEST + 1 :]])) ** 2
    return float(np.log10(power[fine].sum() / max(float(power[coarse].sum()), 1e-9) + 1e-12))


def comb(shades: NDArray[np.intp]) -> float:
    """Return the share of pixels whose shade is the commonest of the sixteen around it: few greys make it large.

    The one commonest shade of all, a border's often, is left out.

    Args:
        shades: How many pixels have each of the 256 shades.
    """
    counts = shades.copy()
    counts[counts.argmax()] = 0
    tops = counts.reshape(-1, 16).max(1).sum()
    shifted = counts[8:-8].reshape(-1, 16).max(1).sum() + counts[:8].max() + counts[-8:].max()
    return float(min(tops, shifted) / max(int(counts.sum()), 1))


def plain_grey(pixels: NDArray[np.uint8], shades: NDArray[np.intp]) -> float:
    """Return the share of pixels that have one and the same grey, as have their neighbours below and to the right.

    Screens and pages have such a background. A film's own are its darkest or its brightest shade, or nearly black or
    white: these are left out. ``shades``: how many pixels have each of the 256 shades.
    """
    corner = pixels[:-1, :-1]
    plain = np.bincount(corner[(corner == pixels[1:, :-1]) & (corner == pixels[:-1, 1:])], minlength=256)
    darker = (np.cumsum(shades) - shades) / pixels.size
    brighter = 1 - darker - shades / pixels.size
    inside = (darker >= 0.01) & (brighter >= 0.01)
    return float(plain[4:252][inside[4:252]].max(initial=0) / pixels.size)


def longest_rim(pixels: NDArray[np.uint8]) -> int:
    """Return the length of the longest straight line, along rows or columns, with a plain grey on either side of it.

    The bars and panels of a screen have such rims. A film's borders do not: beyond them lies the film, which is not
    plain. Black and white are left out, since frames and blanked corners of films are black or white.
    """
    longest = 0
    for picture in (pixels, np.ascontiguousarray(pixels.T)):  # rims are looked for along its rows
        even = _apart(picture[1:], picture[:-1]) <= 1
        grey = (picture > 3) & (picture < 252)
        flat = picture.ravel()
        steady = np.append(_apart(flat[1:], flat[:-1]) <= 1, False).reshape(picture.shape)  # as the pixel to its right
        steady[:, -1] = False  # where there is none
        for gap in (1, 2):  # a rim between two pixels, or through one that has a share of both
            above, below = slice(1, -1 - gap), slice(1 + gap, -1)
            plain = _apart(picture[above], picture[below]) >= 8
            plain &= grey[above] & grey[below] & even[: -1 - gap] & even[1 + gap :]
            joined = plain & steady[above] & steady[below]
            places = np.flatnonzero(joined.ravel()[:-1] & plain.ravel()[1:])
            if places.size:
                ends = np.flatnonzero(np.diff(places, append=-1) != 1)
                longest = max(longest, int(np.diff(ends, prepend=-1).max()) + 1)
    return longest


def _apart(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(np.maximum(one, other) - np.minimum(one, other))


def _rim_shade(pixels: NDArray[np.uint8]) -> int:
    return int(np.median(np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])))


def filled(pixels: NDArray[np.uint8]) -> float:
    """Return the share of the upright box around everything that differs from the commonest shade of the rim."""
    differs = np.abs(pixels.astype(np.int16) - _rim_shade(pixels)) > 3
    rows, columns = (np.flatnonzero(differs.mean(axis) > 0.02) for axis in (1, 0))  # a speck or two do not count
    if not rows.size or not columns.size:
        return 0.0
    return float((rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1) / pixels.size)


def beside(pixels: NDArray[np.uint8]) -> float:
    """Return how much lies beside a film on a plain ground: writing, buttons, small pictures; a page has them.

    A black ground does not count, since films have markers and writing on theirs.

    Returns:
        The share of all pixels that are not the ground's shade and lie outside the film's upright box; 0 where there
        is no plain ground.
    """
    ground = _rim_shade(pixels)
    if ground <= 8:
        return 0.0
    # A page's panels are of nearly its own shade; near black, that much may be the film's own border.
    differs = _apart(pixels, np.full_like(pixels, ground)) > (8 if ground >= 200 else 2)
    bare = ~differs[:, :-1]
    if bare.mean() < 0.12 or (pixels[:, :-1] == pixels[:, 1:])[bare].mean() < MIN_EVEN:
        return 0.0
    counted = np.pad(differs.astype(np.int32).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    squares = counted[_SOLID:] - counted[:-_SOLID]
    solid = squares[:, _SOLID:] - squares[:, :-_SOLID] >= 0.97 * _SOLID**2
    rows, columns = (np.flatnonzero(solid.any(axis)) for axis in (1, 0))
    if rows.size:
        reach = _SOLID // 2
        left, right = max(0, columns[0] - reach), columns[-1] + _SOLID + reach
        # A film goes on above and below its solid part for as long as its flanks do, past a label stuck on it, say.
        top, bottom = rows[0], rows[-1] + _SOLID
        goes_on = differs[:, left:right].mean(axis=1) >= FLANKS
        above, below = np.flatnonzero(~goes_on[:top]), np.flatnonzero(~goes_on[bottom:])
        top = above[-1] + 1 if above.size else 0
        bottom += below[0] if below.size else len(pixels) - bottom
        differs[max(0, top - reach) : bottom + reach, left:right] = False
    return float(differs.mean())


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
