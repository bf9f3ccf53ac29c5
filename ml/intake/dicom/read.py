"""DICOM objects to radiographs. Runs in the helper process of :mod:`ml.intake.sandbox`, never in the one that serves.

Item by item: where the pixel data are (``pixel_data``), which objects are taken (``object_kinds``), how samples are
decoded (``pixels``, ``codecs``), which of their bits count (``depth``), how they become grey (``grayscale``,
``tables``, ``padding``, ``color``). Of the header only :class:`~ml.intake.radiograph.Header` leaves this module.
"""

from __future__ import annotations

import re
import zlib

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image
from pydicom import uid
from pydicom.dataset import FileMetaDataset

from ml.errors import IntakeError, cut_off, damaged, gettext_noop
from ml.intake.dicom.codecs import Samples
from ml.intake.dicom.color import rgb_of
from ml.intake.dicom.depth import settled
from ml.intake.dicom.grayscale import grey_of_stored, square_ratio, window_centre
from ml.intake.dicom.header import kept_header, number_of, text_of, whole_of
from ml.intake.dicom.object_kinds import PIXEL_DATA, check_object
from ml.intake.dicom.pixel_data import PixelElement, split_file
from ml.intake.dicom.pixels import read_samples, transfer_syntax_of
from ml.intake.dicom.tables import palette
from ml.intake.grayscale import eight_bit, grey_of_colour
from ml.intake.radiograph import Header, Limits, Notice, Radiograph, check_size, too_large

pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
_IMPLICIT, _EXPLICIT, _BIG, _DEFLATED = (b"1.2.840.10008.1.2" + rest for rest in (b"", b".1", b".2", b".1.99"))
_INFLATED_BYTES = 128 * 1024 * 1024
_NO_POLARITY = Notice(
    "POLARITY_UNSURE",
    gettext_noop("The file does not say whether bright or dark stands for bone."),
    gettext_noop("Check that bones look bright."),
)

_DEPTH = Notice(
    "DEPTH_UNSURE",
    gettext_noop("The file contradicts itself on how many bits its pixels have."),
    gettext_noop("Check that the radiograph is neither too dark nor too bright."),
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
    parts = split_file(_as_it_is(data))
    dataset, element = parts.header, parts.element
    _complete_meta(dataset, element)
    check_object(dataset, PIXEL_DATA if parts.breaks_off else parts.tag)
    if parts.breaks_off:
        raise cut_off()
    rows, columns = whole_of(dataset, "Rows", 0), whole_of(dataset, "Columns", 0)
    check_size(columns, rows, limits)
    if element is None:
        raise damaged()
    assumed = _complete_pixels(dataset)
    header = kept_header(dataset, salt)
    samples = read_samples(dataset, element, rows, columns)
    grey, notices = _grey_of(dataset, samples)
    grey = _squared(grey, square_ratio(dataset), limits)
    return Radiograph(grey, "DICOM", header, (*assumed, *notices, *_remarks(dataset, header)))


def _as_it_is(data: bytes) -> bytes:
    """The file with a transfer syntax that its data set really has, where the two contradict each other plainly.

    A deflated data set is inflated, no further than any film needs; one that is called deflated or of the other byte
    order, and begins as no such one can, is called what it is.
    """
    if data[128:132] != b"DICM" or data[132:140] != b"\x02\x00\x00\x00UL\x04\x00":
        return data
    start = 144 + int.from_bytes(data[140:144], "little")
    at = data.find(b"\x02\x00\x10\x00UI", 132, start)
    if at < 0:
        return data
    end = at + 8 + int.from_bytes(data[at + 6 : at + 8], "little")
    declared, body = data[at + 8 : end].strip(b" \0"), data[start:]
    little, big = body.startswith(b"\x08\x00"), body.startswith(b"\x00\x08\x00")
    if declared == _DEFLATED and not little:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            body = inflater.decompress(body, _INFLATED_BYTES)
        except zlib.error:
            raise damaged() from None
        if inflater.unconsumed_tail:
            raise too_large()
        true = _EXPLICIT
    elif little and declared in (_DEFLATED, _BIG):
        true = _EXPLICIT
    elif big and declared in (_EXPLICIT, _IMPLICIT):
        true = _BIG
    else:
        return data
    true += b"\0" * (len(true) % 2)
    return data[: at + 6] + len(true).to_bytes(2, "little") + true + data[end:start] + body


def _complete_meta(dataset: pydicom.FileDataset, element: PixelElement | None) -> None:
    """Files without file meta information say their byte order by how they parse."""
    meta = getattr(dataset, "file_meta", None) or FileMetaDataset()
    if not str(meta.get("TransferSyntaxUID") or "").strip(" \0"):
        meta.TransferSyntaxUID = transfer_syntax_of(dataset, element)
    meta.TransferSyntaxUID = uid.UID(str(meta.TransferSyntaxUID).strip(" \0"))
    dataset.file_meta = meta
    if "SOPClassUID" not in dataset and "MediaStorageSOPClassUID" in meta:
        dataset.SOPClassUID = meta.MediaStorageSOPClassUID


_PHOTOMETRIC = {
    re.sub(r"[^A-Z0-9]", "", name): name
    for name in ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422",
                 "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT")
}  # fmt: skip


def _complete_pixels(dataset: pydicom.Dataset) -> tuple[Notice, ...]:
    """What careless exports leave out or spell otherwise; a notice where its meaning was a guess."""
    written = re.sub(r"[^A-Z0-9]", "", text_of(dataset, "PhotometricInterpretation"))
    known = _PHOTOMETRIC.get(written, "")
    samples = 3 if known.startswith(("RGB", "YBR")) else 1
    for keyword, usual in (("SamplesPerPixel", samples), ("PixelRepresentation", 0)):
        if number_of(dataset, keyword) is None:
            setattr(dataset, keyword, usual)
    if whole_of(dataset, "SamplesPerPixel", 1) != 1:
        dataset.PhotometricInterpretation = known or "RGB"
        return ()
    if known.startswith(("MONOCHROME", "PALETTE")):
        dataset.PhotometricInterpretation = known
        return ()
    if written and not known and not re.match("MONO|GR[AE]Y", written):
        raise damaged()
    shape = text_of(dataset, "PresentationLUTShape")
    dataset.PhotometricInterpretation = "MONOCHROME1" if shape == "INVERSE" else "MONOCHROME2"
    return () if shape else (_NO_POLARITY,)


def _grey_of(dataset: pydicom.FileDataset, samples: Samples) -> tuple[NDArray[np.uint8], tuple[Notice, ...]]:
    photometric, little = text_of(dataset, "PhotometricInterpretation"), bool(dataset.original_encoding[1])
    if samples.values.ndim == 3:
        return grey_of_colour(rgb_of(_eight_bit(samples, dataset), photometric)), ()
    if photometric == "PALETTE COLOR":
        stored = settled(samples, dataset, None)
        colours = palette(dataset, stored.values, little).astype(np.uint8)
        return grey_of_colour(Image.fromarray(colours)), ()
    stored = settled(samples, dataset, window_centre(dataset))
    grey, notices = grey_of_stored(dataset, stored, little)
    return grey, (*((_DEPTH,) if stored.deeper else ()), *notices)


def _eight_bit(samples: Samples, dataset: pydicom.Dataset) -> NDArray[np.uint8]:
    """Three components of any depth; the header's depth where it holds them, else that of the coding."""
    values = samples.values
    if samples.signed:
        values = values.astype(np.int32) + 2 ** (samples.bits - 1)
    if samples.bits == 8:
        return np.ascontiguousarray(values.astype(np.uint8))
    stored = whole_of(dataset, "BitsStored", samples.bits)
    fits = 8 <= stored <= samples.bits and int(values.max(initial=0)) < 2**stored
    return eight_bit(values.astype(np.uint16), stored if fits else samples.bits)


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
                gettext_noop("The file says that text is written into the picture."),
                gettext_noop("Check that it names nobody before you share or keep it."),
            )
        )
    try:
        across, down = (str(way).upper() for way in dataset.PatientOrientation)
    except Exception:
        across = down = ""
    frontal_chest = header.body_part in ("CHEST", "THORAX") and header.view_position in ("AP", "PA")
    if frontal_chest and across and down and not (across.startswith("L") and down.startswith("F")):
        found.append(
            Notice(
                "STORED_TURNED",
                gettext_noop("The file says that this radiograph is stored turned or mirrored; it is shown as stored."),
                gettext_noop("Check that the head is at the top and the patient's right is at the left."),
            )
        )
    return tuple(found)
