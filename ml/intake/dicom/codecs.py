"""One coded picture out of a DICOM file to its samples, by what the coding says of itself rather than by the header.

Decoders, all permissively licensed (docs/decisions.md): Pillow (8-bit JPEG), GDCM (JPEG of 12 bits and lossless JPEG),
pyjpegls (JPEG-LS), openjpeg (JPEG 2000, HTJ2K), pydicom (run lengths).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import JpegImagePlugin
from pydicom import uid
from pydicom.pixels.decoders.rle import _rle_decode_segment, _rle_parse_header

from ml.errors import cut_off, damaged
from ml.intake.dicom.pixel_data import begins_rle
from ml.intake.jpeg import JPEG_LS, JpegFrame, decoded_without_end, jpeg_frame, picture_only
from ml.intake.jpeg2000 import j2k_is_lossy, j2k_size, j2k_whole

_LOSSLESS = 0xC3
_HUFFMAN_DCT = (0xC0, 0xC1, 0xC2)


@dataclass(frozen=True, slots=True)
class Samples:
    """What a picture holds before its header's meaning is put on it.

    Attributes:
        values: ``(rows, columns)``, or ``(rows, columns, 3)`` for three components as they are coded (no change of
            colour space except the one that JPEG 2000 names itself); an integer type.
        bits: Bits of one sample as the coding declares them, 1 to 16.
        signed: Whether the coding declares signed samples; ``None`` for words whose sign the header alone knows.
        lossy: The coding may have moved values beyond their range.
        coded: A codestream says all this; False for native pixels and run lengths, which are words of whole bytes.
    """

    values: NDArray[Any]
    bits: int
    signed: bool | None = None
    lossy: bool = False
    coded: bool = True


@dataclass(frozen=True, slots=True)
class Coding:
    """How a codestream is coded: its family, and what it declares."""

    family: str
    rows: int
    columns: int
    channels: int
    frame: JpegFrame | None = None


def coding_of(codestream: bytes) -> Coding | None:
    """The coding's own word on what it is; ``None`` for what begins like none."""
    if codestream.startswith(b"\xff\xd8"):
        frame = jpeg_frame(codestream)
        return Coding("JPEG", frame.height, frame.width, frame.channels, frame)
    if (size := j2k_size(codestream)) is not None:
        return Coding("JPEG 2000", size.height, size.width, size.channels)
    return None


def decode(codestream: bytes, coding: Coding | None, rows: int, columns: int, samples: int) -> Samples:
    """All samples of one picture whose size and components are known to agree with the header.

    Raises:
        IntakeError: ``DAMAGED``. Decoders' own exceptions pass through.
    """
    if coding is None:
        if begins_rle(codestream):
            return _run_lengths(codestream, rows, columns, samples)
        raise damaged()
    if coding.family == "JPEG 2000":
        return _jpeg_2000(codestream)
    frame = coding.frame
    if frame is None:
        raise damaged()
    if frame.marker == JPEG_LS:
        return _jpeg_ls(codestream, frame)
    if frame.bits == 8 and frame.marker in _HUFFMAN_DCT:
        return Samples(decoded_without_end(_by_pillow, codestream), 8, lossy=True)
    syntax, bits = uid.JPEGLosslessSV1, frame.bits
    if frame.marker != _LOSSLESS:
        syntax, bits = uid.JPEGExtended12Bit, min(frame.bits, 12)

    def by_gdcm(data: bytes) -> NDArray[Any]:
        return _by_gdcm(data, str(syntax), rows, columns, samples, bits)

    return Samples(decoded_without_end(by_gdcm, codestream), bits, lossy=frame.marker != _LOSSLESS)


def _by_pillow(codestream: bytes) -> NDArray[np.uint8]:
    """8-bit JPEG; three components are left in the colour space that they are coded in."""
    with JpegImagePlugin.JpegImageFile(io.BytesIO(picture_only(codestream))) as picture:
        if picture.mode == "RGB":
            picture.tile = [tile._replace(args=("RGB", "RGB")) for tile in picture.tile]
        return np.asarray(picture)


def _jpeg_2000(codestream: bytes) -> Samples:
    from openjpeg.utils import decode as by_openjpeg

    size = j2k_size(codestream)
    if size is None or not 1 <= size.bits <= 16:
        raise damaged()
    whole = j2k_whole(codestream)
    if whole is None:
        raise cut_off()
    values = by_openjpeg(whole)
    return Samples(values, size.bits, signed=size.signed, lossy=j2k_is_lossy(codestream))


def _jpeg_ls(codestream: bytes, frame: JpegFrame) -> Samples:
    """CharLS takes one spelling of the end only: neither zeros nor filling before the marker, and never none."""
    import jpeg_ls

    scan = codestream.find(b"\xff\xda")
    end = codestream.find(b"\xff\xd9", max(scan, 0))  # coded data never hold these two bytes
    body = codestream[:end] if end >= 0 else codestream
    failure: Exception = damaged()
    bodies = (body, body.rstrip(b"\xff"), body[:-1], body.rstrip(b"\0"), body.rstrip(b"\0\xff"))
    for candidate in dict.fromkeys(bodies):
        try:
            raw, _ = jpeg_ls.decode_buffer(candidate + b"\xff\xd9")
        except MemoryError:
            raise
        except Exception as error:
            failure = error
            continue
        return _ls_samples(codestream, raw, frame)
    raise failure if end >= 0 else cut_off()


def _ls_samples(codestream: bytes, raw: bytes, frame: JpegFrame) -> Samples:
    values = np.frombuffer(raw, "<u2" if frame.bits > 8 else "u1")
    scan = codestream.find(b"\xff\xda")
    # The last three bytes of a scan's header: near-lossless bound, interleaving, point transform.
    stop = scan + 2 + int.from_bytes(codestream[scan + 2 : scan + 4], "big")
    near, interleaved = codestream[stop - 3], codestream[stop - 2]
    shaped: NDArray[Any]
    if frame.channels == 1:
        shaped = values.reshape(frame.height, frame.width)
    elif interleaved == 0:
        shaped = np.moveaxis(values.reshape(frame.channels, frame.height, frame.width), 0, -1)
    else:
        shaped = values.reshape(frame.height, frame.width, frame.channels)
    return Samples(shaped, frame.bits, lossy=near > 0)


def _run_lengths(codestream: bytes, rows: int, columns: int, samples: int) -> Samples:
    """As many segments as there are bytes in a pixel, the highest byte of each sample first."""
    starts = _rle_parse_header(codestream[:64])
    if len(starts) % samples or len(starts) // samples not in (1, 2):
        raise damaged()
    deep = len(starts) // samples
    planes = np.zeros((samples, deep, rows * columns), np.uint8)
    for number, (start, stop) in enumerate(zip(starts, [*starts[1:], len(codestream)], strict=True)):
        plane = np.frombuffer(_rle_decode_segment(codestream[start:stop]), np.uint8)[: rows * columns]
        if plane.size < rows * columns:
            raise cut_off()
        planes[number // deep, number % deep] = plane
    words = planes[:, 0] if deep == 1 else planes[:, 0].astype(np.uint16) << 8 | planes[:, 1]
    shaped = words.reshape(samples, rows, columns)
    return Samples(shaped[0] if samples == 1 else np.moveaxis(shaped, 0, -1), 8 * deep, coded=False)


def _by_gdcm(frame: bytes, syntax: str, rows: int, columns: int, samples: int, bits: int) -> NDArray[Any]:
    """JPEG of more than 8 bits and lossless JPEG, which nothing else with a free licence reads."""
    import gdcm

    if samples not in (1, 3):
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
    photometric = gdcm.PhotometricInterpretation.GetPIType("MONOCHROME2" if samples == 1 else "RGB")
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(photometric))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(syntax)))
    image.SetPixelFormat(gdcm.PixelFormat(samples, 16 if bits > 8 else 8, bits, bits - 1, 0))
    text = image.GetBuffer()  # GDCM's wrapper hands bytes out as text, and nothing where it failed
    if text is None:
        raise OSError("GDCM cannot decode this")
    values = np.frombuffer(text.encode("utf-8", "surrogateescape"), "<u2" if bits > 8 else "u1")
    return values.reshape((rows, columns) if samples == 1 else (rows, columns, samples))
