"""DICOM's pixel data, in any transfer syntax that a radiograph comes in, to samples.

What a picture is coded as, its coding says; the transfer syntax only has to be of a kind that is read. Native pixels
are taken as the header describes them, with what careless writers get wrong about lengths and orders.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import uid

from ml.errors import IntakeError, cut_off, damaged, gettext_noop
from ml.intake.dicom.codecs import Coding, Samples, coding_of, decode
from ml.intake.dicom.color import interleaved
from ml.intake.dicom.header import number_of, text_of, whole_of
from ml.intake.dicom.pixel_data import PixelElement, begins_codestream, begins_rle
from ml.intake.jpeg import jpeg_frame

_NATIVE = {uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian,
           uid.DeflatedExplicitVRLittleEndian}  # fmt: skip
_WAVELETS = {uid.JPEG2000Lossless, uid.JPEG2000, uid.JPEG2000MCLossless, uid.JPEG2000MC, uid.HTJ2KLossless,
             uid.HTJ2KLosslessRPCL, uid.HTJ2K}  # fmt: skip
# Also the retired ones (progressive, hierarchical...): what the coding really is, its frame header says.
_JPEG = {f"1.2.840.10008.1.2.4.{number}" for number in (*range(50, 71), 80, 81)}
_BY_MARKER = {0xC1: uid.JPEGExtended12Bit, 0xC3: uid.JPEGLosslessSV1, 0xF7: uid.JPEGLSLossless}  # of the frame header
_OTHER_SIZE = gettext_noop("The file is damaged: its picture has another size than its header declares.")
_SUBSAMPLED = ("YBR_FULL_422", "YBR_PARTIAL_422")


def transfer_syntax_of(dataset: pydicom.FileDataset, element: PixelElement | None) -> uid.UID:
    """The transfer syntax of a file that does not say: by how it parsed and what its pixel data begins with."""
    implicit, little = dataset.original_encoding
    if element is not None and element.codestream:
        if element.codestream.startswith(b"\xff\xd8"):
            return _BY_MARKER.get(jpeg_frame(element.codestream).marker, uid.JPEGBaseline8Bit)
        return uid.RLELossless if begins_rle(element.codestream) else uid.JPEG2000
    if implicit:
        return uid.ImplicitVRLittleEndian
    return uid.ExplicitVRLittleEndian if little else uid.ExplicitVRBigEndian


def read_samples(dataset: pydicom.FileDataset, element: PixelElement, rows: int, columns: int) -> Samples:
    """The one frame's samples.

    Raises:
        IntakeError: ``UNSUPPORTED_COMPRESSION`` or ``DAMAGED``. Decoders' own exceptions pass through.
    """
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax not in _NATIVE | _WAVELETS | _JPEG | {uid.RLELossless}:
        raise IntakeError(
            "UNSUPPORTED_COMPRESSION",
            gettext_noop("This DICOM file is compressed in a way that is not read here."),
            gettext_noop("Export it uncompressed, or compressed as JPEG, JPEG-LS, JPEG 2000 or RLE."),
        )
    samples = whole_of(dataset, "SamplesPerPixel", 1)
    if not element.codestream and begins_codestream(element.native) and syntax not in _NATIVE:
        element = PixelElement(element.vr, b"", element.native, element.cut)
    if not element.codestream:
        return _native(dataset, element, rows, columns, samples)
    coding = coding_of(element.codestream)
    _check_coding(coding, syntax, rows, columns, samples)
    try:
        decoded = decode(element.codestream, coding, rows, columns, samples)
    except (IntakeError, MemoryError):
        raise
    except Exception:
        if element.cut:  # of a whole file the decoders' complaints mean something else
            raise cut_off() from None
        raise
    if decoded.values.shape[:2] != (rows, columns):
        raise damaged(_OTHER_SIZE)
    return decoded


def _check_coding(coding: Coding | None, syntax: uid.UID, rows: int, columns: int, samples: int) -> None:
    """A compressed picture says a second time what it is; a decoder would believe that and not the header."""
    if coding is None:
        return
    if (coding.rows, coding.columns) != (rows, columns):
        raise damaged(_OTHER_SIZE)
    wrong_family = syntax not in _NATIVE and (coding.family == "JPEG 2000") != (syntax in _WAVELETS)
    if coding.channels != samples or wrong_family:
        raise damaged(gettext_noop("The file is damaged: its picture is coded otherwise than its header declares."))


def _native(dataset: pydicom.FileDataset, element: PixelElement, rows: int, columns: int, samples: int) -> Samples:
    raw, pixels = element.native, rows * columns
    bits = _bits_allocated(dataset, len(raw), pixels * samples)
    subsampled = samples == 3 and bits == 8 and text_of(dataset, "PhotometricInterpretation") in _SUBSAMPLED
    if subsampled and len(raw) < 3 * pixels and columns % 2 == 0:
        return Samples(_subsampled(_whole(raw, 2 * pixels, 1, element.cut), rows, columns), 8, coded=False)
    size = bits // 8
    raw = _whole(raw, pixels * samples * size, size, element.cut)
    little = bool(dataset.original_encoding[1])
    if not little and size == 1 and element.vr == "OW":  # bytes two to a word, and the word's bytes exchanged
        raw = np.frombuffer(raw[: len(raw) // 2 * 2], "<u2").byteswap().tobytes() + raw[len(raw) // 2 * 2 :]
    words: NDArray[Any] = np.frombuffer(raw, "u1" if size == 1 else "<u2" if little else ">u2")
    words = words.astype(np.uint8 if size == 1 else np.uint16, copy=False)
    if samples == 1:
        return Samples(words.reshape(rows, columns), bits, coded=False)
    planar = number_of(dataset, "PlanarConfiguration")
    return Samples(interleaved(words, rows, columns, None if planar is None else int(planar)), bits, coded=False)


def _bits_allocated(dataset: pydicom.FileDataset, length: int, samples: int) -> int:
    """8 or 16, by the header, unless the length of the pixel data leaves only the other.

    Raises:
        IntakeError: ``UNSUPPORTED_FORMAT`` for any other depth.
    """
    usual = 8 if length < 2 * samples - 1 else 16
    bits, stored = whole_of(dataset, "BitsAllocated", usual), whole_of(dataset, "BitsStored", 0)
    if bits not in (8, 16):
        raise IntakeError(
            "UNSUPPORTED_FORMAT",
            gettext_noop("The pixels of this DICOM file have neither 8 nor 16 bits."),
            gettext_noop("Export the radiograph with 8 or 16 bits per pixel."),
        )
    if bits == 16 and stored <= 8 and samples <= length <= samples + 1:
        return 8
    if bits == 8 and stored > 8 and 2 * samples <= length:
        return 16
    return bits


def _whole(raw: bytes, needed: int, size: int, cut: bool) -> bytes:
    """The value at its full length: the last sample may be missing, the one before stands in for it."""
    missing = needed - len(raw)
    if missing <= 0:
        return raw[:needed]
    if missing > size or len(raw) < 2 * size:
        raise (
            cut_off() if cut else damaged(gettext_noop("The file is damaged: it holds fewer pixels than it declares."))
        )
    whole = raw[: len(raw) // size * size]
    return (whole + whole[-size:] * 2)[:needed]


def _subsampled(raw: bytes, rows: int, columns: int) -> NDArray[np.uint8]:
    """Two pixels' brightness, then the colour that they share."""
    pairs = np.frombuffer(raw, np.uint8).reshape(rows, columns // 2, 4)
    out = np.empty((rows, columns, 3), np.uint8)
    out[..., 0] = pairs[..., :2].reshape(rows, columns)
    out[..., 1:] = np.repeat(pairs[..., 2:], 2, axis=1)
    return out
