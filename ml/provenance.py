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


def commit() -> str:
    """The commit this code stands at; empty outside a checkout.

    With ``-dirty`` where the code of ``ml/`` differs from it, the input gate's left out: no training uses it.
    """
    git = shutil.which("git")
    if git is None:
        return ""

    def ask(*words: str) -> str:
        answer = subprocess.run(  # noqa: S603
            [git, *words], cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False
        )
        return answer.stdout.strip()

    found = ask("rev-parse", "HEAD")
    changed = found and ask("status", "--porcelain", "--", ".", ":!artifacts", ":!gate_training", ":!train_gate.py")
    return f"{found}-dirty" if changed else found


def versions(*packages: str) -> dict[str, str]:
    """Versions of Python and of those packages that are installed."""
    found = {"python": platform.python_version()}
    for package in packages:
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def command_line(module: str, arguments: Sequence[str] | None) -> str:
    """The command as it can be given to a shell again.

    Args:
        module: ``"train"`` for ``python -m ml.train``.
        arguments: As ``main`` was given them; None stands for those of the process.
    """
    return shlex.join(["python", "-m", f"ml.{module}", *(sys.argv[1:] if arguments is None else arguments)])
