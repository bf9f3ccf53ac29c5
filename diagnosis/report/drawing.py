"""What the report draws itself: the scale of probability, and pages that know how many they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable

MARGIN = 18 * mm
INK, QUIET, LINE = HexColor("#14232a"), HexColor("#465d67"), HexColor("#b9c6cb")
# As on the pages (static/css/pneumoweb.css); "" is no answer.
COLOURS = {
    "pneumonia": (HexColor("#9c3705"), HexColor("#fcebe1")),
    "normal": (HexColor("#0a5596"), HexColor("#e2eefa")),
    "indeterminate": (HexColor("#48535a"), HexColor("#e8ecee")),
    "": (HexColor("#48535a"), HexColor("#e8ecee")),
}


class Scale(Flowable):  # type: ignore[misc]  # ReportLab is not typed
    """The probability on a line from 0 to 100 %, with the operating points above and the indeterminate zone on it."""

    def __init__(
        self, probability: float, points: Sequence[tuple[Any, float, bool]], zone: tuple[float, float] | None,
        colour: Color, width: float,
    ) -> None:  # fmt: skip
        super().__init__()
        self.width, self.height = width, 17 * mm
        self._probability, self._points, self._zone, self._colour = probability, points, zone, colour

    def draw(self) -> None:
        """Draw it from the left end of the line."""
        canvas, y = self.canv, 5 * mm
        canvas.setLineWidth(5)
        canvas.setStrokeColor(LINE)
        canvas.line(0, y, self.width, y)
        if self._zone:
            low, high = (edge * self.width for edge in self._zone)
            canvas.setStrokeColor(COLOURS["indeterminate"][0])
            canvas.setDash(2, 2)
            canvas.line(low, y, high, y)
            canvas.setDash()
        right_ends: list[float] = []  # of the last label on each line: labels that would meet go on lines of their own
        for name, threshold, used in self._points:
            font, text, at = "Helvetica-Bold" if used else "Helvetica", str(name), threshold * self.width
            length = pdfmetrics.stringWidth(text, font, 7.5)
            left = min(max(0.0, at - length / 2), self.width - length)
            line = next((i for i, end in enumerate(right_ends) if end + 4 < left), len(right_ends))
            right_ends[line : line + 1] = [left + length]
            canvas.setStrokeColor(INK)
            canvas.setLineWidth(1.6 if used else 0.7)
            canvas.line(at, y - 2 * mm, at, y + 3 * mm + line * 3.2 * mm)
            canvas.setFillColor(INK if used else QUIET)
            canvas.setFont(font, 7.5)
            canvas.drawString(left, y + 3.8 * mm + line * 3.2 * mm, text)
        canvas.setFillColor(self._colour)
        canvas.setStrokeColor(white)
        canvas.setLineWidth(1.5)
        canvas.circle(self._probability * self.width, y, 4.5, fill=1)
        canvas.setFillColor(QUIET)
        canvas.setFont("Helvetica", 7.5)
        canvas.drawString(0, 0, "0 %")
        canvas.drawCentredString(self.width / 2, 0, "50 %")
        canvas.drawRightString(self.width, 0, "100 %")


class CountingCanvas(Canvas):  # type: ignore[misc]  # ReportLab is not typed
    """Keeps the pages until all are there, so that each can say of how many it is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept: list[dict[str, Any]] = []

    def showPage(self) -> None:  # ReportLab's name
        """Keep the page."""
        self._kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Write all pages, each with its number."""
        for number, page in enumerate(self._kept, start=1):
            self.__dict__.update(page)
            self.setFillColor(QUIET)
            self.setFont("Helvetica", 8)
            words = _("Page %(number)d of %(all)d") % {"number": number, "all": len(self._kept)}
            self.drawRightString(A4[0] - MARGIN, 10.7 * mm, words)
            super().showPage()
        super().save()
