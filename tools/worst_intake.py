"""Time and memory of the largest files that intake takes: ``python -m tools.worst_intake``.

Films of 50 million pixels, the most that is allowed, in every coding; each read in a fresh process and a fresh helper.
Where a coding makes more than 50 MB of them, the door would refuse it by its size; it is read all the same.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom import uid

from ml import phantom
from ml.errors import IntakeError
from ml.intake import sandbox
from ml.intake.radiograph import Limits
from ml.intake.read import read_radiograph
from tests.dicom_files import dicom_bytes

FILM_SIZE = 7071
ANY_SIZE = Limits(max_bytes=100_000_000)


def worst() -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each."""
    deep = np.asarray(Image.fromarray(phantom.film(1, width=FILM_SIZE // 3, height=FILM_SIZE // 3, bits=12)))
    deep = np.ascontiguousarray(np.tile(deep, (3, 3)))
    grey = (deep >> 4).astype(np.uint8)
    colour = np.dstack([grey] * 3)
    yield "JPEG grey", _saved(grey, "JPEG", quality=90)
    yield "JPEG grey progressive", _saved(grey, "JPEG", quality=90, progressive=True)
    yield "JPEG colour progressive", _saved(colour, "JPEG", quality=90, progressive=True)
    yield "PNG grey", phantom.png(grey)
    yield "PNG 16 bit", phantom.png(deep)
    yield "PNG colour with alpha", _saved(np.dstack([colour, np.full_like(grey, 254)]), "PNG", compress_level=1)
    yield "TIFF 16 bit deflated", _saved(deep, "TIFF", compression="tiff_deflate")
    yield "WebP lossless", _saved(colour, "WEBP", lossless=True, method=0, quality=0)
    yield "JPEG 2000 16 bit", _saved(deep, "JPEG2000", quality_mode="rates", quality_layers=[4])
    for syntax in (uid.DeflatedExplicitVRLittleEndian, uid.RLELossless, uid.JPEGLosslessSV1, uid.JPEGLSLossless,
                   uid.JPEG2000Lossless):  # fmt: skip
        yield f"DICOM {uid.UID(syntax).keyword}", dicom_bytes(deep, 12, syntax)


def _saved(pixels: np.ndarray, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind, **options)
    return out.getvalue()


def peak(process: int | str) -> float:
    """Peak resident memory of a running process in MB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def processor_seconds(process: int) -> float:
    """Processor time that a running process has used so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(path: Path) -> None:
    """Read one file and tell what it took, as JSON."""
    data = path.read_bytes()
    began, busy = time.monotonic(), time.process_time()
    try:
        film = read_radiograph(data, limits=ANY_SIZE)
        result = f"{film.width} × {film.height}"
    except IntakeError as error:
        result = error.code
    took, work = time.monotonic() - began, time.process_time() - busy
    pid = sandbox._helper._process.pid if sandbox._helper else 0
    helper = peak(pid) if pid else 0.0
    print(json.dumps([result, took, work + (processor_seconds(pid) if pid else 0.0), peak("self"), helper]))


def main() -> None:
    """Print a table."""
    print(f"{'50 million pixels':34}{'MB':>6}{'seconds':>9}{'of work':>9}{'here, MB':>10}{'helper, MB':>12}  result")
    with tempfile.TemporaryDirectory() as folder:
        for name, data in worst():
            path = Path(folder) / "film"
            path.write_bytes(data)
            command = [sys.executable, "-m", "tools.worst_intake", str(path)]
            output = subprocess.run(command, capture_output=True, check=True, text=True).stdout
            result, took, work, here, helper = json.loads(output)
            print(
                f"{name:34}{len(data) / 1e6:6.1f}{took:9.2f}{work:9.2f}{here:10.0f}{helper:12.0f}  {result}",
                flush=True,
            )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(Path(sys.argv[1]))
    else:
        main()
