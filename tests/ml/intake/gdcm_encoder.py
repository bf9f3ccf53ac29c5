"""Stored values from standard input to one compressed frame on standard output; see tests.dicom_files."""

from __future__ import annotations

import os
import sys

import gdcm


def main(rows: int, columns: int, bits: int, signed: int, syntax: str) -> None:
    """Encode with GDCM and leave without freeing anything."""
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetByteStringValue(sys.stdin.buffer.read())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((columns, rows, 1))
    kind = gdcm.PhotometricInterpretation.GetPIType("MONOCHROME2")
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    image.SetPixelFormat(gdcm.PixelFormat(1, 16 if bits > 8 else 8, bits, bits - 1, signed))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.ExplicitVRLittleEndian))
    image.SetDataElement(element)
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(syntax)))
    change.SetForce(True)
    change.SetInput(image)
    if not change.Change():
        os._exit(1)
    output = change.GetOutput()
    changed = output.GetDataElement()
    fragments = changed.GetSequenceOfFragments()
    value = fragments.GetFragment(0).GetByteValue()
    sys.stdout.buffer.write(value.GetBuffer().encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()
    os._exit(0)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:5]), sys.argv[5])
