"""DICOM's pixel data, in any transfer syntax that a radiograph comes in, to an array.

Decoders, all permissively licensed (docs/decisions.md): pydicom itself (uncompressed, RLE), Pillow (JPEG baseline),
GDCM (JPEG extended and lossless), pyjpegls (JPEG-LS), openjpeg (JPEG 2000, HTJ2K).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import uid
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut

from ml.errors import IntakeError
from ml.intake.dicom.header import text_of, whole_of
from ml.intake.jpeg_png import damaged, jpeg_frame

_NATIVE = {uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian,
           uid.DeflatedExplicitVRLittleEndian}  # fmt: skip
# Which plug-in of pydicom's decodes what, first choice first.
_PLUGINS: dict[str, tuple[str, ...]] = {
    uid.RLELossless: ("pydicom",),
    uid.JPEGBaseline8Bit: ("pillow", "gdcm"),
    uid.JPEGExtended12Bit: ("pillow", "gdcm"),
    uid.JPEGLossless: ("gdcm",),
    uid.JPEGLosslessSV1: ("gdcm",),
    uid.JPEGLSLossless: ("pyjpegls",),
    uid.JPEGLSNearLossless: ("pyjpegls",),
    uid.JPEG2000Lossless: ("pylibjpeg",),
    uid.JPEG2000: ("pylibjpeg",),
    uid.HTJ2KLossless: ("pylibjpeg",),
    uid.HTJ2KLosslessRPCL: ("pylibjpeg",),
    uid.HTJ2K: ("pylibjpeg",),
}
_WAVELETS = {uid.JPEG2000Lossless, uid.JPEG2000, uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K}
_JPEG_LS = {uid.JPEGLSLossless, uid.JPEGLSNearLossless}
_BY_MARKER = {0xC1: uid.JPEGExtended12Bit, 0xC3: uid.JPEGLosslessSV1, 0xF7: uid.JPEGLSLossless}  # of the frame header
_J2K_START = b"\xff\x4f\xff\x51"


def transfer_syntax_of(dataset: pydicom.FileDataset) -> uid.UID:
    """The transfer syntax of a file that does not say: by how it parsed and what its pixel data begins with."""
    implicit, little = dataset.original_encoding
    element = dataset.get_item("PixelData") if "PixelData" in dataset else None
    if getattr(element, "is_undefined_length", False) or getattr(element, "length", 0) == 0xFFFFFFFF:
        start = (getattr(element, "value", b"") or b"")[:65536]
        if _J2K_START in start[:512]:
            return uid.JPEG2000
        if (at := start.find(b"\xff\xd8\xff", 0, 64)) >= 0:
            return _BY_MARKER.get(jpeg_frame(start[at:]).marker, uid.JPEGBaseline8Bit)
        return uid.RLELossless
    if implicit:
        return uid.ImplicitVRLittleEndian
    return uid.ExplicitVRLittleEndian if little else uid.ExplicitVRBigEndian


def decoded(dataset: pydicom.Dataset, rows: int, columns: int) -> NDArray[Any]:
    """The one frame: ``(rows, columns)`` for grey, ``(rows, columns, 3)`` for colour.

    Raises:
        IntakeError: ``UNSUPPORTED_COMPRESSION`` or ``DAMAGED``. Decoders' own exceptions pass through.
    """
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax in _NATIVE:
        _check_native_length(dataset, rows, columns)
        # The bits above and below the stored ones are taken off later, with HighBit, which pydicom passes over here.
        as_stored: dict[str, Any] = {"correct_unused_bits": False}
        pixels, _ = get_decoder(syntax).as_array(dataset, index=0, **as_stored)
        pixels = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    elif syntax in _PLUGINS and get_decoder(syntax).is_available:
        frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
        _check_codestream(frame, syntax, rows, columns, whole_of(dataset, "SamplesPerPixel", 1))
        pixels = _decompressed(dataset, syntax, frame)
    else:
        raise IntakeError(
            "UNSUPPORTED_COMPRESSION",
            "This DICOM file is compressed in a way that is not read here.",
            "Export it uncompressed, or compressed as JPEG, JPEG-LS, JPEG 2000 or RLE.",
        )
    if text_of(dataset, "PhotometricInterpretation") == "PALETTE COLOR":
        pixels = apply_color_lut(pixels, dataset)
    if pixels.shape[:2] != (rows, columns):
        raise damaged("its picture has another size than its header declares")
    return pixels


def _check_native_length(dataset: pydicom.Dataset, rows: int, columns: int) -> None:
    samples = rows * columns * whole_of(dataset, "SamplesPerPixel", 1)
    if len(dataset.PixelData) < samples * whole_of(dataset, "BitsAllocated", 16) // 8 and not _subsampled(dataset):
        raise damaged("it holds fewer pixels than it declares")


def _subsampled(dataset: pydicom.Dataset) -> bool:
    return text_of(dataset, "PhotometricInterpretation") in ("YBR_FULL_422", "YBR_PARTIAL_422", "YBR_PARTIAL_420")


def _check_codestream(frame: bytes, syntax: uid.UID, rows: int, columns: int, samples: int) -> None:
    """A compressed picture says a second time what it is; a decoder would believe that and not the header."""
    if frame.startswith(b"\xff\xd8"):
        declared = jpeg_frame(frame)
        size, channels, wavelets = (declared.height, declared.width), declared.channels, False
    elif (at := frame.find(_J2K_START, 0, 512)) >= 0:
        words = [int.from_bytes(frame[at + offset : at + offset + 4], "big") for offset in (8, 12, 16, 20)]
        size, wavelets = (words[1] - words[3], words[0] - words[2]), True
        channels = int.from_bytes(frame[at + 40 : at + 42], "big")
    else:
        return
    if size != (rows, columns):
        raise damaged("its picture has another size than its header declares")
    if channels != samples or wavelets != (syntax in _WAVELETS):
        raise damaged("its picture is coded otherwise than its header declares")
    if syntax in _JPEG_LS and not frame.rstrip(b"\0").endswith(b"\xff\xd9"):
        raise damaged("it ends too early")  # without an end CharLS looks for one for seconds


def _decompressed(dataset: pydicom.Dataset, syntax: uid.UID, frame: bytes) -> NDArray[Any]:
    failure: Exception | None = None
    for plugin in _PLUGINS[syntax]:
        try:
            pixels, _ = get_decoder(syntax).as_array(dataset, index=0, decoding_plugin=plugin)
            return pixels
        except MemoryError:
            raise
        except Exception as error:
            failure = error
    if syntax == uid.JPEGExtended12Bit:
        return _twelve_bit_jpeg(dataset, frame)
    raise failure if failure else damaged()


def _twelve_bit_jpeg(dataset: pydicom.Dataset, frame: bytes) -> NDArray[Any]:
    """Extended JPEG with 12-bit samples, which GDCM decodes though pydicom's plug-in for it declines to ask."""
    import gdcm

    rows, columns = whole_of(dataset, "Rows", 0), whole_of(dataset, "Columns", 0)
    if whole_of(dataset, "SamplesPerPixel", 1) != 1 or whole_of(dataset, "BitsAllocated", 16) != 16:
        raise damaged()
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(frame)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((columns, rows, 1))
    image.SetDataElement(element)
    photometric = gdcm.PhotometricInterpretation.GetPIType("MONOCHROME2")
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(photometric))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(str(uid.JPEGExtended12Bit))))
    image.SetPixelFormat(gdcm.PixelFormat(1, 16, 12, 11, 0))
    raw = image.GetBuffer().encode("utf-8", "surrogateescape")  # GDCM's wrapper hands bytes out as text
    return np.frombuffer(raw, "<u2").reshape(rows, columns)
