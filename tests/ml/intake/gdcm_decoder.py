"""DICOM files to ones with native pixels, by GDCM, in a process of its own; see test_reference_decoders."""

from __future__ import annotations

import os
import sys

import gdcm


def decode(source: str, target: str) -> bool:
    """Decode with GDCM; false where it cannot."""
    reader = gdcm.ImageReader()
    reader.SetFileName(source)
    if not reader.Read():
        return False
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.ExplicitVRLittleEndian))
    change.SetForce(True)
    change.SetInput(reader.GetImage())
    if not change.Change():
        return False
    writer = gdcm.ImageWriter()
    writer.SetFileName(target)
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    return bool(writer.Write())


if __name__ == "__main__":
    sources, targets = sys.argv[1::2], sys.argv[2::2]
    for number, paths in enumerate(zip(sources, targets, strict=True), start=1):
        if not decode(*paths):
            os._exit(number)
    os._exit(0)  # without freeing anything
