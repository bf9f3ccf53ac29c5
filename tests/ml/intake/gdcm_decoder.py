"""One DICOM file to one with native pixels, by GDCM, in a process of its own; see test_reference_decoders."""

from __future__ import annotations

import os
import sys

import gdcm


def main(source: str, target: str) -> None:
    """Decode with GDCM and leave without freeing anything."""
    reader = gdcm.ImageReader()
    reader.SetFileName(source)
    if not reader.Read():
        os._exit(1)
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.ExplicitVRLittleEndian))
    change.SetForce(True)
    change.SetInput(reader.GetImage())
    if not change.Change():
        os._exit(2)
    writer = gdcm.ImageWriter()
    writer.SetFileName(target)
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    os._exit(0 if writer.Write() else 3)


if __name__ == "__main__":
    main(*sys.argv[1:])
