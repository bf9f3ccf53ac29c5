"""A table of careless files: each kind of fault that readers were reported for, with its siblings and the right film.

A module for each kind gives its cases; tests.ml.intake.test_siblings reads them all, and
``python -m tests.ml.intake.siblings`` prints the table with what was wanted and what was found.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml import IntakeError, read_radiograph

Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One file.

    Attributes:
        kind: The kind of fault, by its module.
        name: What is special about this sibling.
        data: The file.
        wanted: The right picture; or the refusal's code and a word of its text.
        within: Mean difference in grey levels that the coding's loss and rounding explain.
        notice: Code of the notice that must come along; empty for none of DEPTH_UNSURE and POLARITY_UNSURE.
    """

    kind: str
    name: str
    data: bytes
    wanted: Grey | tuple[str, str]
    within: float = 0.6
    notice: str = ""

    def found(self) -> tuple[bool, str]:
        """Whether the file is read as wanted, and what was found, for the table."""
        try:
            film = read_radiograph(self.data)
        except IntakeError as error:
            right = isinstance(self.wanted, tuple) and error.code == self.wanted[0] and self.wanted[1] in str(error)
            return right, f"{error.code}: {error}"
        if isinstance(self.wanted, tuple):
            return False, "a film"
        if film.pixels.shape != self.wanted.shape:
            return False, f"shape {film.pixels.shape}"
        apart = float(np.abs(film.pixels - self.wanted.astype(float)).mean())
        noticed = {notice.code for notice in film.notices} & {"DEPTH_UNSURE", "POLARITY_UNSURE"}
        right = apart <= self.within and noticed == ({self.notice} if self.notice else set())
        return right, f"{apart:.2f} levels apart{', ' + ', '.join(noticed) if noticed else ''}"


KINDS = tuple(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def cases(kind: str) -> Iterator[Case]:
    """All of one kind."""
    yield from importlib.import_module(f"{__name__}.{kind}").cases()
