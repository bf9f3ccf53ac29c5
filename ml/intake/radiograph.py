"""What a radiograph is to us once its file is read: the types that every other part of the product passes around.

Cheap to import (numpy and Pillow only). Reading files is ``ml.intake.read``' work; this module never sees a file format
other than the small grey PNG in which a :class:`ModelInput` is stored.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.errors import IntakeError, Parameter, damaged, gettext_noop
from ml.intake.png import grey_png

FILM_SIZE = 224
"""Side, in pixels, of the canonical model input."""

# Bilinear with antialiasing comes closest to the published 224×224 training copies (root mean square error 3.1 grey
# levels against 3.5 to 4.0 for the other filters; docs/intake.md), and reducing by whole factors first is faster and
# no further away.
_FILTER = Image.Resampling.BILINEAR
_REDUCING_GAP = 2.0


@dataclass(frozen=True, slots=True)
class Header:
    """All that is kept of a DICOM header; other formats have the defaults. Nothing here names a person.

    Attributes:
        modality: ``"CR"``, ``"DX"``, ``"RG"``, … or empty.
        view_position: ``"PA"``, ``"AP"``, ``"LL"``, … or empty.
        body_part: ``"CHEST"``, … or empty.
        age_years: Age on the day of the film, in years; ``None`` when the header does not say.
        pixel_spacing_mm: Distance of two pixel centres on the detector (or, failing that, in the patient), along rows.
        uid_hash: Salted SHA-256 of the study, series and instance UIDs; empty when there are none.
    """

    modality: str = ""
    view_position: str = ""
    body_part: str = ""
    age_years: float | None = None
    pixel_spacing_mm: float | None = None
    uid_hash: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning that travels with the radiograph or its result: a stable code and one or two sentences for a person.

    The sentences are templates with named parameters, as those of :class:`ml.errors.CodedError`. ``asdict`` of it is
    plain JSON, and ``Notice(**plain)`` brings it back.
    """

    code: str
    message: str
    advice: str = ""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read at all; checked on the declared sizes, before anything is decoded.

    Films of the published training set come as small as 546 × 219 (of 60 at hand), so ``min_side`` lies well below
    that; ``min_pixels`` is what keeps icons and previews out. ``max_pixels`` holds the largest detectors on the market
    (43 × 43 cm at 0.1 mm: 18.5 million) twice over.
    """

    max_bytes: int = 50_000_000
    max_pixels: int = 50_000_000
    max_side: int = 16_384
    min_side: int = 120
    min_pixels: int = 40_000
    max_aspect: float = 4.0


def check_size(width: int, height: int, limits: Limits) -> None:
    """Refuse by declared size, before decoding.

    Raises:
        IntakeError: ``TOO_LARGE``, ``TOO_SMALL``, or ``CROPPED`` for a strip.
    """
    if width <= 0 or height <= 0:
        raise damaged(gettext_noop("The file is damaged: it declares no size."))
    short, long = min(width, height), max(width, height)
    if long > limits.max_side or width * height > limits.max_pixels:
        raise too_large()
    if short < limits.min_side or width * height < limits.min_pixels:
        raise IntakeError(
            "TOO_SMALL",
            gettext_noop("The picture is only %(width)d × %(height)d pixels."),
            gettext_noop("Submit the radiograph at full size, not a preview or a thumbnail of it."),
            width=width,
            height=height,
        )
    if long > limits.max_aspect * short:
        raise IntakeError(
            "CROPPED",
            gettext_noop("The picture is a strip of %(width)d × %(height)d pixels."),
            gettext_noop("Submit the whole radiograph, not a part of it."),
            width=width,
            height=height,
        )


def too_large() -> IntakeError:
    """The refusal of a picture with more pixels than any radiograph has."""
    return IntakeError(
        "TOO_LARGE",
        gettext_noop("The picture has more pixels than a radiograph."),
        gettext_noop("Export the radiograph at the detector's own size, or smaller."),
    )


@dataclass(frozen=True, slots=True, eq=False)
class ModelInput:
    """The only thing the networks see of a film.

    Attributes:
        pixels: ``(224, 224)`` uint8: the whole film squashed to a square, antialiased, aspect not kept, black = 0.
        width: Width of the decoded film, in square pixels.
        height: Height of the decoded film, in square pixels.
        header: What the file's header says.
    """

    pixels: NDArray[np.uint8]
    width: int
    height: int
    header: Header = Header()

    def to_png(self) -> bytes:
        """The pixels alone as a small grey PNG, lossless."""
        return grey_png(self.pixels)

    @classmethod
    def from_png(cls, data: bytes, width: int, height: int, header: Header = Header()) -> ModelInput:
        """Read back what :meth:`to_png` wrote.

        Raises:
            ValueError: The bytes are not such a PNG (our own store is damaged; no person's mistake).
        """
        try:
            with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
                if picture.size != (FILM_SIZE, FILM_SIZE) or picture.mode != "L":
                    raise ValueError(f"a stored model input is {FILM_SIZE}×{FILM_SIZE} and grey, this one is not")
                pixels = np.asarray(picture)
        except (OSError, SyntaxError) as error:
            raise ValueError("a stored model input cannot be decoded") from error
        return cls(pixels, width, height, header)


@dataclass(frozen=True, slots=True, eq=False)
class Radiograph:
    """One decoded film.

    Attributes:
        pixels: ``(height, width)`` uint8, black = 0 (as in MONOCHROME2), windowed to 8 bit, square pixels, upright.
        format: ``"JPEG"``, ``"PNG"``, ``"DICOM"``, …
        header: What the file's header says and we keep.
        notices: Warnings to show beside the film and its result.
        scaled_from: ``(width, height)`` of the film if the decoder shrank it (``for_model_only``), else None.
        coded: The same film as a JPEG without anything but the picture, if it came as a grey one; else empty.
    """

    pixels: NDArray[np.uint8]
    format: str
    header: Header = Header()
    notices: tuple[Notice, ...] = ()
    scaled_from: tuple[int, int] | None = None
    coded: bytes = b""

    @property
    def width(self) -> int:
        """Width of the film, in square pixels."""
        return self.scaled_from[0] if self.scaled_from else int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height of the film, in square pixels."""
        return self.scaled_from[1] if self.scaled_from else int(self.pixels.shape[0])

    def model_input(self) -> ModelInput:
        """The canonical input of the networks, the same for training, evaluation and serving."""
        small = Image.fromarray(self.pixels).resize((FILM_SIZE, FILM_SIZE), _FILTER, reducing_gap=_REDUCING_GAP)
        return ModelInput(np.asarray(small), self.width, self.height, self.header)

    def pixel_hash(self) -> str:
        """SHA-256 (hex) of shape and pixels: equal for equal films, whatever file they came in.

        Raises:
            ValueError: The film was shrunk while decoding, so its pixels are not the film's.
        """
        if self.scaled_from:
            raise ValueError("a film read for the model alone has no pixel hash")
        digest = hashlib.sha256(f"{self.height}x{self.width}:".encode("ascii"))
        digest.update(np.ascontiguousarray(self.pixels).data)
        return digest.hexdigest()

    def to_stored(self) -> tuple[bytes, str]:
        """The film as it is stored, and its content type: lossless, full size, no metadata at all.

        A grey JPEG keeps its own coding, stripped to the picture (``image/jpeg``); every other film becomes a PNG.
        Either way :attr:`pixels` come back exactly.
        """
        if self.coded:
            return self.coded, "image/jpeg"
        return self.to_png(), "image/png"

    def to_png(self) -> bytes:
        """The film as a grey PNG without metadata, whatever it was read from."""
        return grey_png(self.pixels)

    def thumbnail(self, longest: int = 320) -> bytes:
        """A JPEG preview no larger than ``side`` × ``side`` pixels, aspect kept, no metadata."""
        scale = min(longest / self.width, longest / self.height, 1.0)
        size = (max(1, round(self.width * scale)), max(1, round(self.height * scale)))
        small = Image.fromarray(self.pixels).resize(size, Image.Resampling.BILINEAR, reducing_gap=1.0)
        out = io.BytesIO()
        small.save(out, "JPEG", quality=85)
        return out.getvalue()
