"""The films that everything is measured on: real ones where the folder of them is there, drawn ones elsewhere."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from ml import phantom

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "fullsize"


@lru_cache(maxsize=1)
def films() -> tuple[str, list[bytes]]:
    """All films as published (300 kB on average), and where they come from."""
    real = sorted(REAL.glob("*/*.jpeg"))
    if real:
        return f"{len(real)} real films, full size", [path.read_bytes() for path in real]
    drawn = [phantom.jpeg(phantom.film(seed, width=1400, height=1000), quality=90) for seed in range(20)]
    return f"20 drawn films, 1400 × 1000 (there are no real ones in {REAL})", drawn


@lru_cache(maxsize=1)
def large_films() -> tuple[str, list[bytes]]:
    """Films of about 600 kB."""
    _source, all_films = films()
    near = [film for film in all_films if 450_000 <= len(film) <= 800_000]
    if len(near) >= 5:
        mean = sum(map(len, near)) / len(near)
        return f"{len(near)} real films of 450 to 800 kB (mean {mean / 1000:.0f} kB)", near
    drawn = [phantom.jpeg(phantom.film(seed, width=2000, height=1600), quality=90) for seed in range(8)]
    mean = sum(map(len, drawn)) / len(drawn)
    return f"8 drawn films, 2000 × 1600 (mean {mean / 1000:.0f} kB; there are no real ones of 450 to 800 kB)", drawn
