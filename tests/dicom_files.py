"""DICOM files of every make, written by our own code, for the tests of intake."""

from __future__ import annotations

import base64
import functools
import io
import subprocess
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate

from tests import phantoms

NATIVE = (uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian,
          uid.DeflatedExplicitVRLittleEndian)  # fmt: skip
LOSSLESS = (uid.RLELossless, uid.JPEGLossless, uid.JPEGLosslessSV1, uid.JPEGLSLossless, uid.JPEG2000Lossless)

# A slope of 48 × 40 pixels, value = 80 x + 7 y, in high-throughput JPEG 2000 (16 bit, reversible), written with
# OpenJPH: none of our own codecs can write this coding.
HTJ2K_SLOPE = base64.b64decode(
    "/0//UQApQAAAAAAwAAAAKAAAAAAAAAAAAAAAMAAAACgAAAAAAAAAAAABDwEB/1AACAACAAAACv9SAAwAAgABAAUEBEAB/1wAEyCIkJCQkJCQkJCQ"
    "kJCQiIiI/2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAANcAAf+TwAArAF0Akf7v6iPpAsM0AMAAE0AAEYC1tQELdAAKMwDAABVQAASA"
    "tKWNtoKP4ot2AEp3VADAABWwAAVg2LBhw4bt3II6cgJ3AL7v+770AN4AAb64AMAAFpwAAWkAZmZmZmZmZmZmZvP6enp6cYJ5AN7d3d3d3f9MHJ79"
    "8nv3yey8AMAALoYAAW8AHo/H4/F4PB6Px+PxeDwej8fz/X/Kenp6enp6enpxAn8ATJIkSZIkSZIk/31wEnv2Se/ZJ79knv2Se/ZJ7LUB/9k="
)


@functools.cache
def film_values(bits: int, *, signed: bool = False, width: int = 256, height: int = 240) -> NDArray[Any]:
    """A drawn film in stored values of ``bits`` bits; signed ones lie around zero."""
    values = phantoms.film(3, width=width, height=height, bits=max(bits, 8)).astype(np.int32) >> max(0, 8 - bits)
    if signed:
        return (values - 2 ** (bits - 1)).astype(np.int8 if bits <= 8 else np.int16)
    return values.astype(np.uint8 if bits <= 8 else np.uint16)


def film_object(values: NDArray[Any], bits: int, syntax: str = uid.ExplicitVRLittleEndian, **tags: Any) -> Dataset:
    """A CR object around stored values, in the given transfer syntax; ``tags`` come last and may overrule anything."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = uid.UID(syntax)
    data.SOPClassUID, data.SOPInstanceUID = uid.ComputedRadiographyImageStorage, "1.2.3.4.5"
    data.StudyInstanceUID, data.SeriesInstanceUID = "1.2.3", "1.2.3.4"
    data.Modality, data.PatientName, data.PatientID = "CR", "Doe^Jane", "MRN-12345"
    data.Rows, data.Columns = (int(length) for length in values.shape[:2])
    data.SamplesPerPixel = 1 if values.ndim == 2 else 3
    data.PhotometricInterpretation = "MONOCHROME2" if values.ndim == 2 else "RGB"
    if values.ndim == 3:
        data.PlanarConfiguration = 0
    data.BitsAllocated, data.BitsStored, data.HighBit = 8 * values.dtype.itemsize, bits, bits - 1
    data.PixelRepresentation = int(values.dtype.kind == "i")
    if syntax in NATIVE:
        order = ">" if syntax == uid.ExplicitVRBigEndian else "<"
        raw = values.astype(values.dtype.newbyteorder(order)).tobytes()
        data.PixelData = raw + b"\0" * (len(raw) % 2)
    else:
        data.PixelData = encapsulate([encoded(values, bits, syntax)])
        data["PixelData"].is_undefined_length = True
    data["PixelData"].VR = "OW" if values.dtype.itemsize == 2 else "OB"
    for keyword, value in tags.items():
        if value is None:
            del data[keyword]
        else:
            setattr(data, keyword, value)
    return data


def encoded(values: NDArray[Any], bits: int, syntax: str) -> bytes:
    """One frame in a compressed transfer syntax."""
    if syntax == uid.JPEGBaseline8Bit:
        out = io.BytesIO()
        Image.fromarray(values).save(out, "JPEG", quality=95)
        return out.getvalue()
    if syntax in (uid.JPEGExtended12Bit, uid.JPEGLossless, uid.JPEGLosslessSV1):
        return _by_gdcm(values, bits, syntax)
    holder = film_object(values, bits)
    holder.compress(uid.UID(syntax))
    from pydicom.encaps import get_frame

    return get_frame(holder.PixelData, 0, number_of_frames=1)


def _by_gdcm(values: NDArray[Any], bits: int, syntax: str) -> bytes:
    return _gdcm_frame(values.tobytes(), values.shape[0], values.shape[1], bits, int(values.dtype.kind == "i"), syntax)


@functools.cache
def _gdcm_frame(raw: bytes, rows: int, columns: int, bits: int, signed: int, syntax: str) -> bytes:
    """In a process of its own: GDCM aborts when its objects are freed in an order that it does not expect."""
    command = [
        sys.executable,
        "-m",
        "tests.ml.intake.gdcm_encoder",
        *map(str, (rows, columns, bits, signed)),
        str(syntax),
    ]
    return subprocess.run(command, input=raw, capture_output=True, check=True).stdout


def as_file(data: Dataset, *, preamble: bool = True) -> bytes:
    """The object's bytes; without ``preamble`` also without file meta information, as old archives write them."""
    out = io.BytesIO()
    if preamble:
        data.save_as(out, enforce_file_format=True)
        return out.getvalue()
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    syntax = data.file_meta.TransferSyntaxUID
    stream = DicomBytesIO()
    stream.is_implicit_VR, stream.is_little_endian = syntax.is_implicit_VR, syntax.is_little_endian
    bare = Dataset()
    bare.update(data)
    bare.set_original_encoding(syntax.is_implicit_VR, syntax.is_little_endian)
    write_dataset(stream, bare)
    return stream.getvalue()


def dicom_bytes(values: NDArray[Any], bits: int, syntax: str = uid.ExplicitVRLittleEndian, **tags: Any) -> bytes:
    """:func:`film_object`, written."""
    return as_file(film_object(values, bits, syntax, **tags))


def scaled(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """The reference: ``low`` to black, ``high`` to white, linearly, rounded to the nearest of 256 levels."""
    unit = (values.astype(np.float64) - float(low)) / (float(high) - float(low))
    return np.rint(np.clip(unit, 0, 1) * 255).astype(np.uint8)
