"""JPEG, PNG, TIFF, BMP, WebP and JPEG 2000 by Pillow: one upright grey picture, or a typed refusal."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import BmpImagePlugin, Image, JpegImagePlugin, PngImagePlugin, UnidentifiedImageError

from ml.errors import IntakeError
from ml.intake.grayscale import check_colour, depth_of, eight_bit, grey_of_colour, grey_of_floats, unknown_scale
from ml.intake.jpeg_png import bare_jpeg, damaged, declared_j2k_bits, png_is_short
from ml.intake.radiograph import SIDE, Limits, Radiograph

_ORIENTATION = 0x0112
_PHOTOMETRIC = 262
_SAMPLE_FORMAT = 339
# EXIF orientation -> what puts the picture upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_raster(data: bytes, kind: str, limits: Limits, for_model_only: bool) -> Radiograph:
    """Decode one picture of the given sniffed ``kind``.

    Raises:
        IntakeError: ``DAMAGED``, ``TOO_LARGE``, ``TOO_SMALL``, ``MULTIPLE_IMAGES``, ``COLOUR_PICTURE``,
            ``UNSUPPORTED_FORMAT``.
    """
    try:
        with _opened(data, kind) as picture:
            check_size(picture.width, picture.height, limits)
            if getattr(picture, "n_frames", 1) > 1:
                raise _several(kind)
            return _upright_grey(data, picture, kind, for_model_only)
    except IntakeError:
        raise
    except (Image.DecompressionBombError, MemoryError):
        raise too_large() from None
    except UnidentifiedImageError:
        if kind != "TIFF":
            raise damaged() from None
        raise IntakeError(  # Pillow does not say which: there are more kinds of TIFF than anybody reads
            "UNSUPPORTED_FORMAT",
            "This TIFF file is damaged, or stored in a way that is not read here.",
            "Export the film as DICOM, PNG or JPEG and submit that file.",
        ) from None
    except Exception as error:
        # Pillow's readers answer damaged files with OSError, SyntaxError, ValueError, struct.error, KeyError, EOFError,
        # ZeroDivisionError and more; all of them mean the same to the person. Bugs of ours have their tests.
        raise damaged("it ends too early" if "truncated" in str(error) else "") from None


def _opened(data: bytes, kind: str) -> Image.Image:
    """The picture's header, read by exactly one of Pillow's readers."""
    stream = io.BytesIO(data)
    match kind:
        case "JPEG":  # not Image.open: it takes a phone's JPEG with a second, smaller picture for several films
            return JpegImagePlugin.JpegImageFile(stream)
        case "PNG":
            return PngImagePlugin.PngImageFile(stream)
        case "BMP":
            return BmpImagePlugin.BmpImageFile(stream)
        case _:
            return Image.open(stream, formats=[kind])


def check_size(width: int, height: int, limits: Limits) -> None:
    """Refuse by declared size, before decoding.

    Raises:
        IntakeError: ``TOO_LARGE``, ``TOO_SMALL``, or ``CROPPED`` for a strip.
    """
    if width <= 0 or height <= 0:
        raise damaged("it declares no size")
    short, long = min(width, height), max(width, height)
    if long > limits.max_side or width * height > limits.max_pixels:
        raise too_large()
    if short < limits.min_side or width * height < limits.min_pixels:
        raise IntakeError(
            "TOO_SMALL",
            f"The picture is only {width} × {height} pixels.",
            "Submit the film at full size, not a preview or a thumbnail of it.",
        )
    if long > limits.max_aspect * short:
        raise IntakeError(
            "CROPPED",
            f"The picture is a strip of {width} × {height} pixels.",
            "Submit the whole film, not a part of it.",
        )


def too_large() -> IntakeError:
    """The refusal of a picture with more pixels than any radiograph has."""
    return IntakeError(
        "TOO_LARGE",
        "The picture has more pixels than a radiograph.",
        "Export the film at the detector's own size, or smaller.",
    )


def _several(kind: str) -> IntakeError:
    pages = "several pages" if kind == "TIFF" else "several pictures"
    return IntakeError("MULTIPLE_IMAGES", f"This file holds {pages}.", "Submit one file for each film.")


def _upright_grey(data: bytes, picture: Image.Image, kind: str, for_model_only: bool) -> Radiograph:
    size = picture.size
    if for_model_only and kind == "JPEG":
        # Three times the side: twice would decode large ones at a quarter, which moves a sharp film by 3.5 levels.
        picture.draft(None, (3 * SIDE, 3 * SIDE))
    picture.load()
    if kind == "PNG" and _ends_in_black(picture) and png_is_short(data):
        raise damaged("it ends too early")
    turn = _UPRIGHT.get(_orientation(picture))  # asked for after loading: Pillow turns a TIFF itself, and then says so
    scaled = picture.size != size
    pixels = _grey(picture, kind, data)
    if turn is not None:
        pixels = np.asarray(Image.fromarray(pixels).transpose(turn))
        size = size[::-1] if turn in _SWAPS else size
    coded = bare_jpeg(data) if kind == "JPEG" and turn is None and not for_model_only else None
    return Radiograph(pixels, kind, scaled_from=size if scaled else None, coded=coded or b"")


def _ends_in_black(picture: Image.Image) -> bool:
    """Whether one of the last two rows holds nothing: there the decoder may have had nothing to put."""
    last = np.asarray(picture.crop((0, picture.height - 2, *picture.size)))
    return not (last[0].any() and last[1].any())


_SWAPS = (
    Image.Transpose.TRANSPOSE,
    Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_270,
)


def _orientation(picture: Image.Image) -> int:
    """EXIF's word on which side is up; junk counts as no word."""
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:
        return 1


def _grey(picture: Image.Image, kind: str, data: bytes) -> NDArray[np.uint8]:
    """Any of Pillow's modes to 8-bit grey, black = 0; what is transparent is black, as beside a film."""
    mode = picture.mode
    if mode == "L" and _signed(picture):
        raise unknown_scale()
    if mode == "L" and "transparency" not in picture.info:
        return np.asarray(picture)
    if mode in ("1", "L"):
        return np.asarray(picture.convert("L"))
    if mode.startswith("I;16"):
        values = np.asarray(picture)
        values = values.astype(np.uint16, copy=False)
        declared = declared_j2k_bits(data) if kind == "JPEG2000" else 16
        if declared < 16:  # Pillow has shifted the samples up to 16 bits
            return eight_bit(values >> (16 - declared), declared)
        grey = eight_bit(values, depth_of(values))
        return 255 - grey if _white_is_zero(picture) else grey
    if mode in ("I", "F"):
        return grey_of_floats(np.asarray(picture))
    if mode in ("LA", "La"):
        return _over_black(picture.convert("RGBA"))
    if mode in ("RGBA", "RGBa", "PA") or "transparency" in picture.info:
        return _over_black(picture.convert("RGBA"))
    return grey_of_colour(picture if mode == "RGB" else picture.convert("RGB"))


def _over_black(picture: Image.Image) -> NDArray[np.uint8]:
    opaque = picture.getchannel("A").getextrema()[0] == 255
    if not opaque:
        black = Image.new("RGBA", picture.size, (0, 0, 0, 255))
        picture = Image.alpha_composite(black, picture)
    colours = picture.convert("RGB")
    check_colour(colours)
    return np.asarray(colours.convert("L"))


def _signed(picture: Image.Image) -> bool:
    """TIFF's SampleFormat 2, which Pillow passes over for 8 bit."""
    return getattr(picture, "tag_v2", {}).get(_SAMPLE_FORMAT) == (2,)


def _white_is_zero(picture: Image.Image) -> bool:
    """TIFF's PhotometricInterpretation 0, which Pillow turns round for up to 8 bit only."""
    tags: Any = getattr(picture, "tag_v2", {})
    return bool(tags.get(_PHOTOMETRIC, 1) == 0)
