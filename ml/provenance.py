"""Where a file came from: commit, versions, command line."""

from __future__ import annotations

import contextlib
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

TRAINING_CODE = (
    "errors.py", "files.py", "phantom.py", "provenance.py", "train.py", "average.py", "train_lungs.py", "publish.py",
    "intake", "metrics", "inference", "data", "network", "evaluation", "training", "publishing",
)  # fmt: skip
"""What of ``ml/`` a trained classifier depends on: all but the image check's training and the other commands."""


def commit() -> str:
    """The commit this code stands at; empty outside a checkout. With ``-dirty`` where :data:`TRAINING_CODE` differs."""
    git = shutil.which("git")
    if git is None:
        return ""

    def output_of(*words: str) -> str:
        done = subprocess.run(  # noqa: S603
            [git, *words], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    found = output_of("rev-parse", "HEAD")
    changed = found and output_of("status", "--porcelain", "--", *TRAINING_CODE)
    return f"{found}-dirty" if changed else found


def versions(*packages: str) -> dict[str, str]:
    """Versions of Python and of those packages that are installed."""
    found = {"python": platform.python_version()}
    for package in packages:
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def command_line(module: str, arguments: Sequence[str] | None) -> str:
    """The command as it can be given to a shell again, but for folders above: paths are one machine's.

    Args:
        module: ``"train"`` for ``python -m ml.train``.
        arguments: As ``main`` was given them; None stands for those of the process.
    """
    words = sys.argv[1:] if arguments is None else arguments
    return shlex.join(["python", "-m", f"ml.{module}", *map(_without_folders_above, words)])


def _without_folders_above(word: str) -> str:
    name, equals, path = word.rpartition("=")
    return f"{name}{equals}{Path(path).name}" if path.startswith("/") else word
