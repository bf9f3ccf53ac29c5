"""The sample radiographs and what the model answered of them: kept beside the pictures by ``tools/keep_samples.py``."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

logger = logging.getLogger(__name__)

DRAWN: dict[str, tuple[Promise, Promise]] = {
    "opacity": (_("With a patch"), _("A bright patch was drawn into the lung at the left of the picture.")),
    "clear": (_("Without a patch"), _("The same drawing without the patch: nothing is wrong with these lungs.")),
    "dark": (
        _("Dark, with wide borders"),
        _("Another drawing without a patch, exposed darker, submitted as an adult’s."),
    ),
    "adult": (
        _("An adult’s, with little contrast"),
        _("Without a patch, grey and a little unsharp, submitted as an adult’s."),
    ),
    "half": (_("Half a chest"), _("The second drawing, cut in half.")),
}
"""Of each drawing its name and what was drawn."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One drawn radiograph and its answer: a finding, or a refusal of the image check (``refused``, its code)."""

    name: str
    width: int
    height: int
    finding: str = ""
    probability: float = 0.0
    operating_point: str = ""
    rule_out: float = 0.0
    rule_in: float = 0.0
    population: str = ""
    warnings: list[dict[str, Any]] = field(default_factory=list)
    milliseconds: float = 0.0
    refused: str = ""
    message: str = ""
    advice: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> Promise:
        """Its name on the page."""
        return DRAWN[self.name][0]

    @property
    def drawn(self) -> Promise:
        """What was drawn: the truth that the answer can be held against."""
        return DRAWN[self.name][1]

    @property
    def picture(self) -> str:
        """Name of its file among the static ones."""
        return f"img/samples/{self.name}.webp"

    @property
    def heatmap(self) -> str:
        """Of the file that is laid over it; empty where there is none."""
        return "" if self.refused else f"img/samples/{self.name}-heat.webp"

    @property
    def missed(self) -> bool:
        """Whether the answer says no to what was drawn."""
        return self.name == "opacity" and self.finding == "normal"

    @property
    def false_alarm(self) -> bool:
        """Whether the answer sees what was not drawn."""
        return self.name != "opacity" and self.finding == "pneumonia"


@dataclass(frozen=True, slots=True)
class Kept:
    """All samples, and the version of the model whose answers these are."""

    version: str
    sha256: str
    samples: dict[str, Sample]


def kept() -> Kept | None:
    """The samples for the populations this site answers for; ``None`` where there are none, and the page says so."""
    found = read_samples()
    if found is None:
        return None
    here = {name: one for name, one in found.samples.items() if one.population in ("", *settings.POPULATIONS)}
    return replace(found, samples=here) if here else None


@cache
def read_samples() -> Kept | None:
    """What is kept; ``None`` where the file is missing or damaged."""
    try:
        found = finders.find("img/samples/samples.json")
        told = json.loads(Path(found or "").read_text(encoding="utf-8"))
        samples = [Sample(**answered) for answered in told["samples"]]
        return Kept(told["version"], told["sha256"], {sample.name: sample for sample in samples})
    except (OSError, ValueError, KeyError, TypeError):
        logger.exception("The sample radiographs cannot be read.")
        return None
