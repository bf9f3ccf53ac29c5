"""JPEG, PNG, TIFF, BMP, WebP and JPEG 2000: one upright grey picture, or a typed refusal."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import BmpImagePlugin, Image, JpegImagePlugin, PngImagePlugin, UnidentifiedImageError

from ml.errors import IntakeError, cut_off, damaged, gettext_noop
from ml.intake.grayscale import check_colour, grey_of_channels, grey_of_colour
from ml.intake.jpeg import bare_jpeg, decoded_without_end, jpeg_exif, picture_only
from ml.intake.jpeg2000 import j2k_size, j2k_whole
from ml.intake.jpeg_png import png_is_short
from ml.intake.radiograph import FILM_SIZE, Limits, Radiograph, check_size, too_large
from ml.intake.tiff import read_tiff, unread_tiff

_ORIENTATION = 0x0112
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
_SWAPS = (
    Image.Transpose.TRANSPOSE,
    Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_270,
)
Grey = NDArray[np.uint8]


def read_raster(data: bytes, kind: str, limits: Limits, for_model_only: bool) -> Radiograph:
    """Decode one picture of the given sniffed ``kind``.

    Raises:
        IntakeError: ``DAMAGED``, ``TOO_LARGE``, ``TOO_SMALL``, ``MULTIPLE_IMAGES``, ``COLOUR_PICTURE``,
            ``UNSUPPORTED_FORMAT``.
    """
    try:
        match kind:
            case "JPEG":
                return _jpeg(data, limits, for_model_only)
            case "TIFF":
                grey, turn = read_tiff(data, limits)
                return Radiograph(_upright(grey, _UPRIGHT.get(turn)), kind)
            case _:
                return _other(data, kind, limits)
    except IntakeError:
        raise
    except (Image.DecompressionBombError, MemoryError):
        raise too_large() from None
    except UnidentifiedImageError:
        raise (unread_tiff() if kind == "TIFF" else damaged()) from None
    except Exception as error:
        # Pillow's readers answer damaged files with OSError, SyntaxError, ValueError, struct.error, KeyError, EOFError,
        # ZeroDivisionError and more; all of them mean the same to the person. Bugs of ours have their tests.
        raise (cut_off() if "truncated" in str(error) else damaged()) from None


def _upright(grey: Grey, turn: Image.Transpose | None) -> Grey:
    return grey if turn is None else np.asarray(Image.fromarray(grey).transpose(turn))


def _turn_of(exif: bytes) -> Image.Transpose | None:
    """EXIF's word on which way is up; junk counts as no word, and XMP's word for none: no browser heeds it."""
    if not exif:
        return None
    try:
        tags = Image.Exif()
        tags.load(exif)
        return _UPRIGHT.get(int(tags.get(_ORIENTATION, 1)))
    except Exception:
        return None


def _jpeg(data: bytes, limits: Limits, for_model_only: bool) -> Radiograph:
    size = (0, 0)

    def decode(coded: bytes) -> NDArray[Any]:
        nonlocal size
        # Not Image.open: it takes a phone's JPEG with a second, smaller picture for several films.
        with JpegImagePlugin.JpegImageFile(io.BytesIO(coded)) as picture:
            check_size(picture.width, picture.height, limits)
            size = picture.size
            if for_model_only:
                # Three times the input: twice would take large ones at a quarter and move a sharp film by 3.5 levels.
                picture.draft(None, (3 * FILM_SIZE, 3 * FILM_SIZE))
            return np.asarray(picture)

    pixels = decoded_without_end(decode, picture_only(data, keep_colour=True))
    scaled = pixels.shape[1::-1] != size
    turn = _turn_of(jpeg_exif(data))
    if pixels.ndim == 2:
        grey = pixels
    else:
        colours = Image.fromarray(pixels, "CMYK") if pixels.shape[2] == 4 else Image.fromarray(pixels)
        grey = grey_of_colour(colours.convert("RGB"))
    size = size[::-1] if turn in _SWAPS else size
    coded = bare_jpeg(data) if turn is None and not for_model_only else None
    return Radiograph(_upright(grey, turn), "JPEG", scaled_from=size if scaled else None, coded=coded or b"")


def _other(data: bytes, kind: str, limits: Limits) -> Radiograph:
    with _opened(data, kind) as picture:
        check_size(picture.width, picture.height, limits)
        if getattr(picture, "n_frames", 1) > 1:
            raise IntakeError(
                "MULTIPLE_IMAGES",
                gettext_noop("This file holds several pictures."),
                gettext_noop("Submit one file for each radiograph."),
            )
        if kind == "JPEG2000":
            grey = _jpeg_2000(data, picture)
        else:
            picture.load()
            if kind == "PNG" and _ends_in_black(picture) and png_is_short(data):
                raise cut_off()
            grey = _deep_png(data, picture) if kind == "PNG" and data[24] == 16 else _grey(picture)
        exif = picture.info.get("exif", b"") if kind in ("PNG", "WEBP") else b""
        return Radiograph(_upright(grey, _turn_of(exif)), kind)


def _opened(data: bytes, kind: str) -> Image.Image:
    """The picture's header, read by exactly one of Pillow's readers."""
    stream = io.BytesIO(data)
    match kind:
        case "PNG":
            return PngImagePlugin.PngImageFile(stream)
        case "BMP":
            return BmpImagePlugin.BmpImageFile(stream)
        case _:
            return Image.open(stream, formats=[kind])


def _ends_in_black(picture: Image.Image) -> bool:
    """Whether one of the last two rows holds nothing: there the decoder may have had nothing to put."""
    last = np.asarray(picture.crop((0, picture.height - 2, *picture.size)))
    return not (last[0].any() and last[1].any())


def _deep_png(data: bytes, picture: Image.Image) -> Grey:
    """A PNG of 16 bits, all of them: of colours and opacity Pillow itself keeps the upper eight."""
    transparent = picture.info.get("transparency")
    match data[25]:  # the colour type
        case 0:
            values: NDArray[Any] = np.asarray(picture).astype(np.uint16)
        case 4:  # unpacked as if each of its four bytes were a channel
            quarters = _unpacked(data, "RGBA", "RGBA").astype(np.uint16)
            words = quarters[..., ::2] << 8 | quarters[..., 1::2]
            return grey_of_channels(words, None, "straight")
        case kind:
            mode = "RGBA" if kind == 6 else "RGB"
            upper, lower = (_unpacked(data, mode, f"{mode};16{order}") for order in "BL")
            values = upper.astype(np.uint16) << 8 | lower
            if kind == 6:
                return grey_of_channels(values, None, "straight")
    channels = values.reshape(*values.shape[:2], -1)
    if transparent is not None:
        channels = channels * np.any(channels != np.asarray(transparent), axis=-1, keepdims=True).astype(np.uint16)
    return grey_of_channels(channels, None)


def _unpacked(data: bytes, mode: str, raw: str) -> Grey:
    """A PNG's samples unpacked in another way than Pillow would; ``raw`` must have as many bits for a pixel."""
    with PngImagePlugin.PngImageFile(io.BytesIO(data)) as picture:
        picture._mode = mode
        picture.tile = [tile._replace(args=raw) for tile in picture.tile]
        picture.info.pop("transparency", None)
        return np.asarray(picture)


def _jpeg_2000(data: bytes, picture: Image.Image) -> Grey:
    """JPEG 2000 says its depth, and is believed, but for 16 bits: that many a writer gives to any deep picture."""
    size = j2k_size(data)
    whole = j2k_whole(data)
    if whole is None:
        raise cut_off()
    if size is None or size.bits <= 8:
        try:
            picture.load()
        except OSError:  # its end may be all that is missing
            return _grey(Image.open(io.BytesIO(whole), formats=["JPEG2000"]))
        return _grey(picture)
    from openjpeg.utils import decode

    values = decode(whole)
    if size.signed:
        values = values.astype(np.int32) + 2 ** (size.bits - 1)
    channels = values.reshape(*values.shape[:2], -1)
    depth = None if size.bits == 16 else size.bits
    return grey_of_channels(channels, depth, "straight" if channels.shape[-1] in (2, 4) else "none")


def _grey(picture: Image.Image) -> Grey:
    """Pillow's modes of 8 bits to grey, black = 0; what is transparent is black, as beside a film."""
    if picture.mode == "L" and "transparency" not in picture.info:
        return np.asarray(picture)
    if picture.mode in ("1", "L"):
        return (
            _over_black(picture.convert("RGBA")) if "transparency" in picture.info else np.asarray(picture.convert("L"))
        )
    if "transparency" in picture.info or picture.mode in ("LA", "La", "RGBA", "RGBa", "PA"):
        return _over_black(picture.convert("RGBA"))
    return grey_of_colour(picture if picture.mode == "RGB" else picture.convert("RGB"))


def _over_black(picture: Image.Image) -> Grey:
    opaque = picture.getchannel("A").getextrema()[0] == 255
    if not opaque:
        black = Image.new("RGBA", picture.size, (0, 0, 0, 255))
        picture = Image.alpha_composite(black, picture)
    colours = picture.convert("RGB")
    check_colour(colours)
    return np.asarray(colours.convert("L"))
