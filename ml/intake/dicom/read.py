"""DICOM objects to radiographs. Runs in the helper process of :mod:`ml.intake.sandbox`, not where people are served.

Item by item: which objects are taken (ml.intake.dicom.header), how the pixels are decoded (ml.intake.dicom.pixels), how
they become
grey (ml.intake.dicom.grayscale). Of the header only :class:`~ml.intake.radiograph.Header` leaves this module.
"""

from __future__ import annotations

import io
import zlib
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import FileMetaDataset

from ml.errors import IntakeError
from ml.intake.dicom.grayscale import grey_table, square_ratio, stored_depth
from ml.intake.dicom.header import check_object, kept_header, text_of, whole_of
from ml.intake.dicom.pixels import decoded, transfer_syntax_of
from ml.intake.grayscale import eight_bit, grey_of_colour
from ml.intake.jpeg_png import damaged
from ml.intake.radiograph import Header, Limits, Notice, Radiograph
from ml.intake.raster import check_size, too_large

pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
_DEFLATED = b"1.2.840.10008.1.2.1.99"
_PLAIN = b"1.2.840.10008.1.2.1\x00\x00\x00"  # explicit little endian, padded to the same length
_INFLATED_BYTES = 128 * 1024 * 1024
_NO_POLARITY = Notice(
    "POLARITY_UNSURE",
    "The file does not say whether bright or dark stands for bone.",
    "Check that bones look bright.",
)


def read_dicom(data: bytes, limits: Limits, salt: bytes) -> Radiograph:
    """Read one DICOM file, with or without its preamble and file meta information.

    Raises:
        IntakeError: ``WRONG_DICOM_OBJECT``, ``RAW_DETECTOR_DATA``, ``MULTIPLE_IMAGES``, ``NO_PIXEL_DATA``,
            ``UNSUPPORTED_COMPRESSION``, ``COLOUR_PICTURE``, ``TOO_LARGE``, ``TOO_SMALL``, ``CROPPED``, ``DAMAGED``.
    """
    try:
        return _read(data, limits, salt)
    except IntakeError:
        raise
    except MemoryError:
        raise too_large() from None
    except Exception:
        # pydicom and its decoders answer damaged files with nearly every type there is, and quote them while at it:
        # neither the text nor the chain of causes may travel on.
        raise damaged() from None


def _read(data: bytes, limits: Limits, salt: bytes) -> Radiograph:
    dataset = pydicom.dcmread(io.BytesIO(_inflated(data)), force=True)
    _complete_meta(dataset)
    check_object(dataset)
    rows, columns = whole_of(dataset, "Rows", 0), whole_of(dataset, "Columns", 0)
    check_size(columns, rows, limits)
    assumed = _complete_pixels(dataset)
    header = kept_header(dataset, salt)
    if stored_depth(dataset)[0] not in (8, 16):
        raise IntakeError(
            "UNSUPPORTED_FORMAT",
            "The pixels of this DICOM file have neither 8 nor 16 bits.",
            "Export the film with 8 or 16 bits per pixel.",
        )
    pixels = decoded(dataset, rows, columns)
    if pixels.ndim == 3:
        grey = grey_of_colour(Image.fromarray(_eight_bit_colour(pixels, dataset)))
        notices: tuple[Notice, ...] = ()
    else:
        grey, notices = _grey(dataset, pixels)
    grey = _squared(grey, square_ratio(dataset), limits)
    return Radiograph(grey, "DICOM", header, (*assumed, *notices, *_remarks(dataset, header)))


def _inflated(data: bytes) -> bytes:
    """A deflated file as its plain equivalent, inflated no further than any film needs."""
    if data[128:132] != b"DICM" or _DEFLATED not in data[132:2048] or data[132:140] != b"\x02\x00\x00\x00UL\x04\x00":
        return data
    start = 144 + int.from_bytes(data[140:144], "little")
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        body = inflater.decompress(data[start:], _INFLATED_BYTES)
    except zlib.error:
        raise damaged() from None
    if inflater.unconsumed_tail:
        raise too_large()
    return data[:start].replace(_DEFLATED, _PLAIN) + body


def _complete_meta(dataset: pydicom.FileDataset) -> None:
    """Files without file meta information say their byte order by how they parse."""
    meta = getattr(dataset, "file_meta", None) or FileMetaDataset()
    if "TransferSyntaxUID" not in meta:
        meta.TransferSyntaxUID = transfer_syntax_of(dataset)
    dataset.file_meta = meta
    if "SOPClassUID" not in dataset and "MediaStorageSOPClassUID" in meta:
        dataset.SOPClassUID = meta.MediaStorageSOPClassUID


def _complete_pixels(dataset: pydicom.Dataset) -> tuple[Notice, ...]:
    """What careless exports leave out, and depths that contradict each other; a notice where it was a guess."""
    for keyword, usual in (("SamplesPerPixel", 1), ("PixelRepresentation", 0)):
        if keyword not in dataset:
            setattr(dataset, keyword, usual)
    _, stored, lowest = stored_depth(dataset)
    dataset.BitsStored, dataset.HighBit = stored, lowest + stored - 1
    if text_of(dataset, "PhotometricInterpretation") or whole_of(dataset, "SamplesPerPixel", 1) != 1:
        return ()
    shape = text_of(dataset, "PresentationLUTShape")
    dataset.PhotometricInterpretation = "MONOCHROME1" if shape == "INVERSE" else "MONOCHROME2"
    return () if shape else (_NO_POLARITY,)


def _grey(dataset: pydicom.Dataset, pixels: NDArray[Any]) -> tuple[NDArray[np.uint8], tuple[Notice, ...]]:
    _, bits, lowest = stored_depth(dataset)
    codes: NDArray[Any] = pixels.view(np.uint16 if pixels.dtype.itemsize == 2 else np.uint8)
    if lowest:
        codes = codes >> lowest
    if bits < 8 * codes.dtype.itemsize:
        codes = codes & (2**bits - 1)  # overlays used to live in the bits above
    used = np.bincount(codes.ravel(), minlength=2**bits)
    table, notices = grey_table(dataset, bits, whole_of(dataset, "PixelRepresentation", 0) == 1, used)
    return table[codes], notices


def _eight_bit_colour(pixels: NDArray[Any], dataset: pydicom.Dataset) -> NDArray[np.uint8]:
    if pixels.dtype == np.uint8:
        return np.ascontiguousarray(pixels)
    bits = 16 if text_of(dataset, "PhotometricInterpretation") == "PALETTE COLOR" else stored_depth(dataset)[1]
    return eight_bit(pixels.astype(np.uint16), max(bits, 8))


def _squared(grey: NDArray[np.uint8], ratio: float, limits: Limits) -> NDArray[np.uint8]:
    """Square pixels, by stretching the coarser direction, or shrinking the finer one where that grows too large."""
    if ratio == 1.0:
        return grey
    height, width = grey.shape
    stretch = max(ratio, 1 / ratio) * height * width <= limits.max_pixels
    size = (width, round(height * ratio)) if (ratio > 1) == stretch else (round(width / ratio), height)
    check_size(*size, limits)
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BILINEAR))


def _remarks(dataset: pydicom.Dataset, header: Header) -> tuple[Notice, ...]:
    """What the header says that a person should know beside the film."""
    found = []
    if text_of(dataset, "BurnedInAnnotation") == "YES":
        found.append(
            Notice(
                "BURNED_IN_TEXT",
                "The file says that text is written into the picture.",
                "Check that it names nobody before you share or keep it.",
            )
        )
    try:
        across, down = (str(side).upper() for side in dataset.PatientOrientation)
    except Exception:
        across = down = ""
    frontal_chest = header.body_part in ("CHEST", "THORAX") and header.view_position in ("AP", "PA")
    if frontal_chest and across and down and not (across.startswith("L") and down.startswith("F")):
        found.append(
            Notice(
                "STORED_TURNED",
                "The file says that this film is stored turned or mirrored; it is shown as stored.",
                "Check that the head is at the top and the patient's right side at the left.",
            )
        )
    return tuple(found)
