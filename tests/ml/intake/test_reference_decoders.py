"""Real files come out as DCMTK and GDCM read them: stored values, shades of grey, and every coding DCMTK can write."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.encaps import encapsulate, get_frame

from ml.intake.dicom.pixel_data import split_file
from ml.intake.dicom.pixels import read_samples, transfer_syntax_of
from ml.intake.read import read_radiograph
from tests.places import SHARED_DATA

FOLDER = SHARED_DATA / "dicom"
FILES = sorted(FOLDER.glob("*.dcm")) or [Path("none")]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="the shared radiographs are not on this machine"),
    pytest.mark.skipif(shutil.which("dcmj2pnm") is None, reason="DCMTK (Debian's dcmtk) is not installed"),
    pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem[-16:]),
]
LOSSLESS = {"JPEG lossless": ("dcmcjpeg", "+e1"), "JPEG-LS": ("dcmcjpls",), "run lengths": ("dcmcrle",)}


def stored(data: bytes) -> NDArray[Any]:
    """Our stored values."""
    parts = split_file(data)
    assert parts.element is not None
    parts.header.file_meta.TransferSyntaxUID = transfer_syntax_of(parts.header, parts.element)
    return read_samples(parts.header, parts.element, parts.header.Rows, parts.header.Columns).values


def run(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True)


def folder() -> Path:
    """A new folder for what several tests read."""
    made = tempfile.mkdtemp(prefix="pneumoweb-decoders-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)


@cache
def uncompressed(path: Path) -> Path:
    """The same object with native pixels and file meta information, as GDCM decodes it; do not change it."""
    plain = folder() / "plain.dcm"
    run(sys.executable, "-m", "tests.ml.intake.gdcm_decoder", path, plain)
    return plain


@cache
def plain_values(path: Path) -> NDArray[Any]:
    """Our stored values of :func:`uncompressed`; do not change them."""
    return stored(uncompressed(path).read_bytes())


@cache
def as_jpeg_ls(path: Path, loss: tuple[str, ...]) -> tuple[Path, NDArray[Any]]:
    """What DCMTK makes of the object as JPEG-LS, and the values that it decodes from that; do not change them."""
    made = folder()
    coded, decoded = made / "coded.dcm", made / "decoded.dcm"
    run("dcmcjpls", *loss, uncompressed(path), coded)
    run("dcmdjpls", coded, decoded)
    return coded, stored(decoded.read_bytes())


def is_native(path: Path) -> bool:
    syntax = pydicom.dcmread(path, force=True, stop_before_pixels=True).file_meta.get("TransferSyntaxUID")
    return syntax is None or not syntax.is_compressed


def test_stored_values_are_those_of_gdcm(path: Path) -> None:
    reference = pydicom.dcmread(uncompressed(path), force=True)
    values = np.frombuffer(reference.PixelData, "<u2" if reference.BitsAllocated == 16 else "u1")
    ours = stored(path.read_bytes())
    np.testing.assert_array_equal(ours, values[: ours.size].reshape(ours.shape))


def test_shades_of_grey_are_those_of_dcmtk(path: Path, tmp_path: Path) -> None:
    # DCMTK reads no JPEG 2000; of a file without meta information GDCM loses what its window is.
    plain, picture = path if is_native(path) else uncompressed(path), tmp_path / "grey.pgm"
    windowed = "WindowCenter" in pydicom.dcmread(plain, force=True, stop_before_pixels=True)
    run("dcmj2pnm", "+op", "-S", *(["+Wi", "1"] if windowed else []), plain, picture)
    reference = np.asarray(Image.open(picture)).astype(int)
    ours = read_radiograph(path.read_bytes()).pixels
    if not windowed:  # DCMTK takes the range that is used; ours may be the declared one: the same film all the same
        assert np.corrcoef(ours.ravel(), reference.ravel())[0, 1] > 0.9999
        return
    assert np.abs(ours - reference).max() <= 1


@pytest.mark.parametrize("coding", LOSSLESS)
def test_what_dcmtk_codes_without_loss_is_read_without_loss(coding: str, path: Path, tmp_path: Path) -> None:
    coded = tmp_path / "coded.dcm"
    run(*LOSSLESS[coding], uncompressed(path), coded)
    np.testing.assert_array_equal(stored(coded.read_bytes()), plain_values(path))


@pytest.mark.parametrize("filling", [b"\xff", b"\xff\xff\xff", b"\0"], ids=["FF", "FF FF FF", "00"])
@pytest.mark.parametrize("loss", [(), ("+en", "+md", "3")], ids=["JLSL", "JLSN"])
def test_jpeg_ls_filled_up_as_in_the_files_of_nema_is_read(
    loss: tuple[str, ...], filling: bytes, path: Path, tmp_path: Path
) -> None:
    """RG2_JLSL, RG2_JLSN and their like end in FF or have a zero before the end marker; DCMTK decodes the unfilled."""
    (coded, values), filled = as_jpeg_ls(path, loss), tmp_path / "filled.dcm"
    data = pydicom.dcmread(coded)
    frame = get_frame(data.PixelData, 0, number_of_frames=1).rstrip(b"\0").removesuffix(b"\xff\xd9")
    frame += (filling if filling == b"\0" else b"") + b"\xff\xd9" + (filling if filling != b"\0" else b"")
    data.PixelData = encapsulate([frame])
    data.save_as(filled)
    np.testing.assert_array_equal(stored(filled.read_bytes()), values)


@pytest.mark.parametrize("process", ["+eb", "+ee", "+ep"], ids=["baseline", "extended", "progressive"])
def test_lossy_jpeg_is_decoded_as_dcmtk_decodes_it(process: str, path: Path, tmp_path: Path) -> None:
    plain, coded, decoded = uncompressed(path), tmp_path / "coded.dcm", tmp_path / "decoded.dcm"
    run("dcmcjpeg", process, "+q", "90", plain, coded)
    run("dcmdjpeg", coded, decoded)
    apart = np.abs(stored(coded.read_bytes()).astype(int) - stored(decoded.read_bytes()).astype(int))
    assert apart.max() <= 1  # the inverse cosine transform may be rounded either way
