"""The parts of a report in order, set by Typst as ``report.typ`` says.

Typst shapes every script, knows which side it is read from, embeds what it uses and keeps the text readable for
machines; docs/decisions.md says what else was weighed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typst
from django.conf import settings
from django.utils.translation import gettext as _
from PIL import Image

from diagnosis.report.images import as_jpeg
from diagnosis.report.scripts import as_set, font_folders
from ml import Cuts

TEMPLATE = Path(__file__).with_name("report.typ")
PICTURE = (84.5, 92.0)  # mm: half the column, and the tallest that leaves room for text


@cache
def _fonts() -> typst.Fonts:
    """Found once for each process; their letters are read when a report first needs them."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=font_folders())


class Report:
    """Collects the parts of a report in order, then sets it."""

    def __init__(self, *, title: str, subject: str, made: str) -> None:
        self._words = {"title": title, "subject": subject, "made": made}
        self._parts: list[dict[str, Any]] = []
        self._pictures: list[Image.Image] = []

    def _add(self, what: str, **part: Any) -> None:
        self._parts.append({"is": what, **part})

    def heading(self, text: str) -> None:
        """A heading; it never stands alone at the foot of a page."""
        self._add("heading", words=as_set(text))

    def text(self, text: str) -> None:
        """A paragraph."""
        self._add("text", words=as_set(text))

    def quote(self, name: str, text: str) -> None:
        """What somebody wrote; however long, it runs over as many pages as it needs. Rows of empty lines become one."""
        parts = re.split(r"\n\s*\n", text.strip())
        self._add("quote", name=as_set(name), words=[as_set(part) for part in parts])

    def bullets(self, texts: Sequence[str]) -> None:
        """A list."""
        self._add("bullets", words=[as_set(text) for text in texts])

    def facts(self, pairs: Sequence[tuple[str, Any]]) -> None:
        """Names and values in two columns."""
        self._add("facts", pairs=[(as_set(name), as_set(value)) for name, value in pairs])

    def finding(
        self, kind: str, words: str, probability_words: str, *, probability: float | None = None,
        points: Sequence[tuple[Any, Cuts, bool]] = (), cuts: Cuts | None = None,
    ) -> None:  # fmt: skip
        """The finding in words, then the probability, then where it stands between the cuts of the operating points."""
        self._add(
            "finding", kind=kind, words=as_set(words), probability_words=as_set(probability_words),
            probability=probability, used=None if cuts is None else [cuts.rule_out, cuts.rule_in],
            points=[
                {"name": str(name), "rule_out": own.rule_out, "rule_in": own.rule_in, "used": used}
                for name, own, used in points
            ],
        )  # fmt: skip

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """A small table: names in the first column, the first row as its head."""
        self._add("table", columns=len(rows[0]) - 1, rows=[[as_set(cell) for cell in row] for row in rows])

    def warning(self, message: str, advice: str) -> None:
        """Something the reader must know."""
        self._add("warning", words=as_set(message), advice=as_set(advice))

    def pictures(self, pictures: Sequence[tuple[Image.Image, str]]) -> None:
        """Pictures of one size side by side, each with its caption."""
        shown = []
        for picture, caption in pictures:
            width = min(PICTURE[0], PICTURE[1] * picture.width / picture.height)
            shown.append({"file": f"{len(self._pictures)}.jpeg", "width": width, "caption": as_set(caption)})
            self._pictures.append(picture)
        self._add("pictures", pictures=shown)

    @property
    def as_data(self) -> dict[str, Any]:
        """What ``report.typ`` sets."""
        return {**{name: as_set(text) for name, text in self._words.items()}, "parts": self._parts}

    @property
    def shown(self) -> list[Image.Image]:
        """Its pictures, in the order of their names."""
        return self._pictures


def as_one_pdf(reports: Sequence[Report]) -> bytes:
    """Lay out the pages, each report on its own. The pictures lie in the data folder for as long as that takes."""
    page = _("Page %(number)d of %(all)d").replace("%(number)d", "{number}").replace("%(all)d", "{all}")
    disclaimers = [[as_set(text) for text in pair] for pair in _disclaimers()]
    data = {
        "lang": _("en-GB")[:2],
        "page": page,
        "disclaimers": disclaimers,
        "reports": [report.as_data for report in reports],
    }
    with TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR, prefix="report-") as name:
        folder = Path(name)
        source = folder / TEMPLATE.name
        source.write_bytes(TEMPLATE.read_bytes())
        for place, report in enumerate(reports):
            for number, picture in enumerate(report.shown):
                (folder / f"{place}-{number}.jpeg").write_bytes(as_jpeg(picture).getvalue())
        inputs = {"report": json.dumps(data)}
        pdf: bytes = typst.compile(
            source, root=folder, font_paths=_fonts(), ignore_system_fonts=True, sys_inputs=inputs
        )
    return pdf


def _disclaimers() -> list[tuple[str, str]]:
    return [
        (_("Accuracy."), _(
            "The model is wrong on some radiographs: it misses pneumonia and it raises false alarms. How often is "
            "measured and stated with the model, on radiographs like those it learned from; on other radiographs it "
            "can be wrong far more often."
        )),
        (_("Not medical advice."), _(
            "This result is not a diagnosis and not a medical device’s output. It must not be the reason to start, "
            "change or withhold treatment. A clinician who knows the patient decides; if someone is unwell, seek "
            "medical help."
        )),
    ]  # fmt: skip
