"""Drawn chest films, for tests, demonstrations and pictures in the documentation. No patient is behind any of them.

Everything is an attenuation added to or taken from a sum, as in a real projection: soft tissue, lungs, ribs, spine,
heart, diaphragm. The word SYNTHETIC is drawn into every film. The same seed always gives the same film.

``python -m ml.phantom OUT_DIR`` writes a few, in several formats.
"""

from __future__ import annotations

import argparse
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

MARK = "SYNTHETIC"
_GRID = 512  # longest side at which the anatomy is drawn; noise and letters are drawn at full size
Float = NDArray[np.float32]


def film(
    seed: int = 0, *, opacity: bool = False, width: int = 1024, height: int = 840, bits: int = 8
) -> NDArray[np.uint8 | np.uint16]:
    """Draw one frontal chest film.

    Args:
        seed: Decides build, rotation of the heart, vessels, noise and where an opacity lies.
        opacity: Draw a patch of consolidation into one lung.
        width: Pixels across; any size down to about 64 still shows lungs.
        height: Pixels down.
        bits: 8 to 16; the film fills that range, black = 0.

    Returns:
        ``(height, width)``, uint8 for 8 bits, uint16 above.
    """
    if not 8 <= bits <= 16:
        raise ValueError("bits must lie between 8 and 16")
    rng = np.random.default_rng([seed, 20_261])
    scale = _GRID / max(width, height)
    grid = (max(48, round(width * scale)), max(48, round(height * scale)))
    patch = np.random.default_rng([seed, 3]) if opacity else None  # apart, so that nothing else of the film changes
    anatomy = Image.fromarray(_anatomy(rng, grid[0], grid[1], patch))
    full = np.asarray(anatomy.resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32)
    grain = rng.standard_normal((height, width), dtype=np.float32)
    full = full + grain * (0.008 + 0.012 * np.clip(1.0 - full, 0.0, 1.0))
    full = np.maximum(np.clip(full, 0.0, 1.0), _letters(width, height))
    top = float(2**bits - 1)
    return np.asarray(np.rint(full * top), dtype=np.uint8 if bits == 8 else np.uint16)


def _anatomy(rng: np.random.Generator, width: int, height: int, opacity: np.random.Generator | None) -> Float:
    """The film without grain and letters: ``(height, width)`` float32 in about 0…1, bright where much is absorbed.

    ``x`` is one row and ``y`` one column until a shape needs both: what only one of them decides is computed once.
    """
    x = np.linspace(-1.0, 1.0, width, dtype=np.float32)[None, :]
    y = np.linspace(0.0, 1.0, height, dtype=np.float32)[:, None]
    x = x - np.float32(rng.uniform(-0.04, 0.04))
    ax = np.abs(x)
    build = np.float32(rng.uniform(0.94, 1.06))

    neck = np.float32(0.22)
    shoulders = neck + (1.02 - neck) * _rise(y, 0.10, 0.022)
    trunk = np.where(y < 0.24, shoulders, 1.02 - (1.02 - 0.86 * build) * _rise(y, 0.30, 0.03))
    body = np.sqrt(np.clip(1.0 - (ax / trunk) ** 2, 0.0, 1.0))
    total = 0.05 + 0.50 * np.clip(body * 1.1, 0.0, 1.0) * (0.65 + 0.40 * y)

    dome = _diaphragm(x, build, rng)
    lungs, inside = _lungs(x, y, build, dome)
    total -= 0.30 * lungs
    total += 0.10 * _vessels(rng, x, y, inside)
    total += _bones(x, y, ax, build, inside)

    lean = np.float32(rng.uniform(0.10, 0.15))
    heart = _blob(x, y, lean, 0.585, 0.30 * build, 0.185, tilt=0.35)
    total += 0.30 * _rise(heart, 0.45, 0.10) * (1.0 - _rise(y - dome, 0.03, 0.02))
    stem = 0.5 + 0.5 * np.tanh((0.125 - ax + 0.02 * np.sin(y * 9.0)) / 0.045)
    total += 0.20 * stem * _rise(y, 0.12, 0.03)
    trachea = np.exp(-(((x + 0.012) / 0.045) ** 2)) * (1.0 - _rise(y, 0.36, 0.02)) * _rise(y, 0.02, 0.02)
    total -= 0.12 * trachea
    below = _rise(y - dome, 0.0, 0.006)
    total += 0.16 * below * body
    total -= 0.16 * _rise(_blob(x, y, 0.40, 0.90, 0.13, 0.05), 0.5, 0.08) * below

    if opacity:
        lung = np.float32(opacity.choice([-1.0, 1.0]))
        place = (lung * np.float32(opacity.uniform(0.36, 0.46)), np.float32(opacity.uniform(0.40, 0.62)))
        patch = _blob(x, y, place[0], place[1], opacity.uniform(0.20, 0.27), opacity.uniform(0.11, 0.16))
        mottle = 0.75 + 0.25 * _cloud(opacity, total.shape, 24)
        total += 0.34 * np.clip(_rise(patch, 0.42, 0.12) * mottle, 0.0, 1.0) * inside

    total += 0.025 * _cloud(rng, total.shape, 5) * body
    air = 1.0 - np.clip(body * 6.0, 0.0, 1.0)
    # The shoulder of a film's characteristic curve: dense parts keep their detail instead of running into white.
    exposed = np.tanh(1.25 * np.clip(total, 0.0, None) ** 0.85)
    return np.asarray(exposed * (1.0 - air) + 0.03 * air, dtype=np.float32)


def _rise(value: Any, at: float, width: float) -> Any:
    """A smooth step from 0 to 1 around ``at``."""
    return 0.5 + 0.5 * np.tanh((value - at) / width)


def _blob(x: Float, y: Float, cx: Any, cy: Any, a: Any, b: Any, tilt: float = 0.0) -> Float:
    """A bell over an ellipse: 1 in its centre, 0.5 on its rim."""
    dx, dy = x - cx, y - cy
    u = dx * np.cos(tilt) + dy * np.sin(tilt) * 1.6
    v = dy * np.cos(tilt) - dx * np.sin(tilt) / 1.6
    return np.asarray(np.exp2(-((u / a) ** 2 + (v / b) ** 2)), dtype=np.float32)


def _diaphragm(x: Float, build: Any, rng: np.random.Generator) -> Float:
    """Height of the two domes for every column, the patient's right (left in the picture) a little higher."""
    low = np.float32(rng.uniform(0.78, 0.83))
    right = low - 0.02 + 0.42 * (x + 0.40 * build) ** 2
    left = low + 0.01 + 0.42 * (x - 0.42 * build) ** 2
    return np.asarray(np.where(x < 0, right, left), dtype=np.float32)


def _lungs(x: Float, y: Float, build: Any, dome: Float) -> tuple[Float, Float]:
    """How much air lies in the way, and where the lung fields are, both 0…1."""
    ax = np.abs(x)
    outer = build * (0.80 - 0.58 * np.clip((0.50 - y) / 0.40, 0.0, 1.0) ** 2.4)
    inner = 0.10 + 0.03 * np.sin(y * 7.0)
    across = np.clip((ax - inner) / np.maximum(outer - inner, 0.01), 0.0, 1.0)
    chord = np.clip(4.2 * across * (1.0 - across), 0.0, 1.0) ** 0.42
    field = _rise(y, 0.125, 0.012) * (1.0 - _rise(y - dome, 0.0, 0.008))
    return np.asarray(chord * field, dtype=np.float32), np.asarray(np.clip(chord * 1.3, 0, 1) * field, dtype=np.float32)


def _bones(x: Float, y: Float, ax: Float, build: Any, inside: Float) -> Float:
    """Posterior and anterior ribs, collar bones, shoulder blades, vertebrae."""
    total = np.zeros_like(inside)
    for pair in range(10):
        root = 0.135 + 0.068 * pair
        reach = build * (0.42 + 0.42 * min(1.0, (pair + 1) / 4.0))
        along = np.clip(ax / reach, 0.0, 1.3)
        behind = root - 0.030 * np.sin(np.pi * np.clip(along * 1.5, 0, 1)) + 0.15 * along**2.3
        rows, ends = _rows_near(y, behind, 0.0145), 1.0 - _rise(along, 1.0, 0.015)
        total[rows] += 0.105 * _band(y[rows] - behind, 0.0145) * _rise(ax, 0.09, 0.01) * ends
        if pair < 7:
            front = root + 0.30 - 0.20 * along**1.5
            rows, ends = _rows_near(y, front, 0.017), 1.0 - _rise(along, 1.0, 0.02)
            total[rows] += 0.045 * _band(y[rows] - front, 0.017) * _rise(along, 0.45, 0.05) * ends
    total *= 0.45 + 0.55 * inside
    collar = 0.205 - 0.115 * np.clip((ax - 0.07) / 0.55, 0.0, 1.2) ** 0.8
    rows = _rows_near(y, collar, 0.016)
    total[rows] += 0.14 * _band(y[rows] - collar, 0.016) * _rise(ax, 0.08, 0.012) * (1.0 - _rise(ax, 0.66, 0.02))
    blade = _blob(ax, y, 0.80, 0.27, 0.13, 0.13, tilt=-0.5)
    total += 0.07 * _rise(blade, 0.5, 0.05)
    arm = _band(ax - (0.90 + 0.10 * y), 0.045) * _rise(y, 0.16, 0.02)
    total += 0.10 * arm
    discs = 0.5 + 0.5 * np.cos(2.0 * np.pi * y / 0.052)
    total += (0.07 + 0.05 * discs) * (1.0 - _rise(ax, 0.075, 0.012)) * (0.55 + 0.3 * y)
    return np.asarray(total, dtype=np.float32)


def _band(distance: Any, half: float) -> Any:
    """Cross-section of a bone: flat, with a slightly brighter rim."""
    t = np.abs(distance) / half
    return np.exp(-(t**4)) * (0.75 + 0.35 * np.clip(t, 0.0, 1.0) ** 2)


def _rows_near(y: Float, middle: Float, half: float) -> slice:
    """The rows in which a bone can be seen: :func:`_band` is exactly 0 four half widths away from its middle."""
    first, last = np.searchsorted(y[:, 0], [middle.min() - 4.0 * half, middle.max() + 4.0 * half])
    return slice(int(first), int(last) + 1)


def _vessels(rng: np.random.Generator, x: Float, y: Float, inside: Float) -> Float:
    """Hila and the vessels that leave them, thinning outwards."""
    lit = inside > 0  # everywhere else it is 0 in the end
    rows, columns = np.nonzero(lit)
    x, y = x[0, columns], y[rows, 0]
    total = np.zeros_like(x)
    for lung in (-1.0, 1.0):
        hilum = (lung * 0.17, 0.44)
        total += 1.3 * _blob(x, y, hilum[0], hilum[1], 0.075, 0.075)
        dx, dy = lung * (x - hilum[0]), (y - hilum[1]) * 1.3
        for angle in rng.uniform(-1.35, 1.35, 11).tolist():
            along = dx * math.cos(angle) + dy * math.sin(angle)
            apart = dy * math.cos(angle) - dx * math.sin(angle)
            # It bends by at most 0.16 × 0.55 and is at most 0.018 thick: farther away it is 0.
            near = np.flatnonzero((along > 0) & (along < 0.55) & (np.abs(apart) < 0.3))
            along, apart = along[near], apart[near]
            apart = apart + 0.16 * np.sin(along * 8.0 + angle * 5.0) * along
            thick = np.clip(0.018 - 0.030 * along, 0.004, None)
            total[near] += np.exp(-((apart / thick) ** 2)) * np.clip(1.0 - along / 0.55, 0.0, 1.0)
    drawn = np.zeros_like(inside)
    drawn[lit] = np.clip(total, 0.0, 1.6) * inside[lit]
    return drawn


def _cloud(rng: np.random.Generator, shape: tuple[int, ...], cells: int) -> Float:
    """Smooth random field of mean 0 and about unit spread, ``cells`` bumps across."""
    seeds = Image.fromarray(rng.standard_normal((cells, cells), dtype=np.float32))
    return np.asarray(seeds.resize((shape[1], shape[0]), Image.Resampling.BICUBIC), dtype=np.float32)


def _letters(width: int, height: int) -> Float:
    """The side marker and the word that tells this film from a patient's, white on nothing."""
    picture = Image.new("L", (width, height), 0)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(max(8.0, min(width, height) * 0.05))
    pen.text((width * 0.97, height * 0.985), MARK, fill=235, font=font, anchor="rd")
    pen.text((width * 0.05, height * 0.04), "R", fill=235, font=font, anchor="la")
    return np.asarray(picture, dtype=np.float32) / 255.0


def png(pixels: NDArray[Any]) -> bytes:
    """The film as PNG: 8 bit for uint8, 16 bit (values unchanged) for uint16."""
    return _saved(pixels, "PNG", compress_level=1)


def jpeg(pixels: NDArray[Any], quality: int = 92) -> bytes:
    """The film as 8-bit grey JPEG."""
    if pixels.dtype != np.uint8:
        raise ValueError("JPEG holds 8 bit; draw the film with bits=8")
    return _saved(pixels, "JPEG", quality=quality)


def _saved(pixels: NDArray[Any], kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind, **options)
    return out.getvalue()


def dicom(
    pixels: NDArray[Any], *, bits: int = 12, photometric: str = "MONOCHROME2", age: str = "003Y", seed: int = 0
) -> bytes:
    """The film as a CR object, explicit little endian.

    Args:
        pixels: From :func:`film` with the same ``bits``, black = 0; turned round here for MONOCHROME1.
        bits: Bits stored, 8 to 16.
        photometric: ``"MONOCHROME1"`` or ``"MONOCHROME2"``.
        age: PatientAge as DICOM writes it, e.g. ``"003Y"``; empty leaves it out.
        seed: Makes the UIDs.
    """
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

    stored = pixels.astype(np.uint16 if bits > 8 else np.uint8)
    if photometric == "MONOCHROME1":
        stored = (2**bits - 1 - stored).astype(stored.dtype)
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = ComputedRadiographyImageStorage
    data.StudyInstanceUID = generate_uid(entropy_srcs=["phantom study", str(seed)])
    data.SeriesInstanceUID = generate_uid(entropy_srcs=["phantom series", str(seed)])
    data.SOPInstanceUID = generate_uid(entropy_srcs=["phantom film", str(seed), photometric, str(bits)])
    data.Modality, data.BodyPartExamined, data.ViewPosition = "CR", "CHEST", "AP"
    data.PatientName, data.PatientID = "Phantom^Drawn", f"PHANTOM-{seed}"
    if age:
        data.PatientAge = age
    data.ImageComments = "Synthetic film, drawn by a program"
    data.ImagerPixelSpacing = [0.2, 0.2]
    data.Rows, data.Columns = (int(n) for n in stored.shape)
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, photometric
    data.BitsAllocated, data.BitsStored = (16 if bits > 8 else 8), bits
    data.HighBit, data.PixelRepresentation = bits - 1, 0
    data.WindowCenter, data.WindowWidth = 2 ** (bits - 1), 2**bits
    raw = stored.tobytes()
    data.PixelData = raw + b"\0" * (len(raw) % 2)
    data["PixelData"].VR = "OW" if bits > 8 else "OB"
    out = io.BytesIO()
    data.save_as(out, enforce_file_format=True)
    return out.getvalue()


def main(arguments: list[str] | None = None) -> None:
    """Write a few films, with and without an opacity, as PNG, JPEG and DICOM."""
    parser = argparse.ArgumentParser(prog="python -m ml.phantom", description="Draw synthetic chest films.")
    parser.add_argument("out", type=Path, help="folder to write into; made if missing")
    parser.add_argument("--count", type=int, default=2, help="films of each kind")
    chosen = parser.parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    for seed in range(chosen.count):
        for opacity in (False, True):
            name = f"phantom-{seed}-{'opacity' if opacity else 'clear'}"
            shallow, deep = film(seed, opacity=opacity), film(seed, opacity=opacity, bits=12)
            for suffix, content in {
                ".jpeg": jpeg(shallow),
                ".png": png(shallow),
                "-12bit.png": png(deep),
                "-mono1.dcm": dicom(deep, photometric="MONOCHROME1", seed=seed),
                "-mono2.dcm": dicom(deep, photometric="MONOCHROME2", seed=seed),
            }.items():
                (chosen.out / (name + suffix)).write_bytes(content)
    print(f"{len(list(chosen.out.iterdir()))} files in {chosen.out}")


if __name__ == "__main__":
    main()
