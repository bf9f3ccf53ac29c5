"""The artefact's folder, made beside the old one and put in its place as a whole."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ml.evaluation.run import say


@contextmanager
def staged(out: Path) -> Iterator[Path]:
    """An empty folder that takes the place of ``out`` when the block ends, and is gone where it ends in an error."""
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        yield folder
        _put_in_place(folder, out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put_in_place(folder: Path, out: Path) -> None:
    """Exchange the folders by two renames; what was there before comes back if the second fails."""
    folder.chmod(0o755)  # mkdtemp makes folders for their owner alone
    old = _old(out)
    if out.exists():
        out.rename(old)
    try:
        folder.rename(out)
    except OSError:
        if old.exists():
            old.rename(out)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _old(out: Path) -> Path:
    return out.with_name(f".{out.name}-old")


def bring_back(out: Path) -> None:
    """Undo what an earlier publication left that was cut off between its two renames, or after them."""
    old = _old(out)
    if old.exists() and not out.exists():
        old.rename(out)
        say(f"{out} is brought back as it was: an earlier publication was cut off")
    shutil.rmtree(old, ignore_errors=True)
