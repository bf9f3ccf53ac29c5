"""How the report looks: A4, calm, one column, both disclaimers and the page number at the foot of every page."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import IO, Any
from xml.sax.saxutils import escape

from django.utils.translation import gettext as _
from PIL import Image as Pillow
from reportlab import rl_config
from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    Image,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)  # fmt: skip

from diagnosis.report_pictures import as_jpeg

# Pictures as bytes, not as text (ASCII85): a quarter smaller, and two thirds of the time were spent on encoding them.
rl_config.useA85 = 0

MARGIN, HEAD, FOOT = 18 * mm, 24 * mm, 40 * mm
WIDTH = A4[0] - 2 * MARGIN
INK, QUIET, LINE = HexColor("#14232a"), HexColor("#465d67"), HexColor("#b9c6cb")
WARN, WARN_SOFT = HexColor("#744d00"), HexColor("#fbf1d9")
# As on the pages (static/css/pneumoweb.css); "" is no answer.
COLOURS = {
    "pneumonia": (HexColor("#9c3705"), HexColor("#fcebe1")),
    "normal": (HexColor("#0a5596"), HexColor("#e2eefa")),
    "indeterminate": (HexColor("#48535a"), HexColor("#e8ecee")),
    "": (HexColor("#48535a"), HexColor("#e8ecee")),
}
BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=9.5, leading=13, textColor=INK, spaceAfter=4)
SMALL = ParagraphStyle("small", BODY, fontSize=8, leading=10.5, textColor=QUIET, spaceAfter=0)
FINE = ParagraphStyle("fine", BODY, fontSize=7.6, leading=9.6, spaceAfter=2)
TITLE = ParagraphStyle("title", BODY, fontName="Helvetica-Bold", fontSize=17, leading=21, spaceAfter=1)
HEADING = ParagraphStyle("heading", BODY, fontName="Helvetica-Bold", fontSize=11, leading=14, spaceBefore=8)
FINDING = ParagraphStyle("finding", BODY, fontName="Helvetica-Bold", fontSize=15, leading=19, spaceAfter=1)


@cache
def _wide_font() -> str:
    """A font for what Helvetica's Latin does not have (a label in Cyrillic, say): the machine's DejaVu, if it is there.

    Else the one that ReportLab brings, in which missing letters are boxes: nothing is lost but their looks.
    """
    for name in ("DejaVuSans", "Vera"):
        try:
            pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))
        except TTFError:
            continue
        return name
    return "Helvetica"


def _is_latin(text: str) -> bool:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _paragraph(text: Any, style: ParagraphStyle) -> Paragraph:
    """A paragraph of plain text: what looks like mark-up in a label or a comment stays text."""
    plain = str(text)
    if not _is_latin(plain):
        style = ParagraphStyle("wide", style, fontName=_wide_font())
    return Paragraph(escape(plain).replace("\n", "<br/>"), style)


class Report:
    """Collects the parts of a report in order, then writes it."""

    def __init__(self, *, title: str, subject: str, made: str) -> None:
        self._title, self._subject, self._made = title, subject, made
        self._parts: list[Flowable] = [_paragraph(subject, TITLE), Spacer(0, 2 * mm)]

    def heading(self, text: str) -> None:
        """A heading; it never stands alone at the foot of a page."""
        self._parts += [CondPageBreak(28 * mm), _paragraph(text, HEADING)]

    def text(self, text: str) -> None:
        """A paragraph."""
        self._parts.append(_paragraph(text, BODY))

    def bullets(self, texts: Sequence[str]) -> None:
        """A list."""
        style = ParagraphStyle("bullet", BODY, leftIndent=4 * mm, bulletIndent=0.5 * mm, spaceAfter=2)
        for text in texts:
            self._parts.append(Paragraph(escape(str(text)), style, bulletText="•"))

    def facts(self, pairs: Sequence[tuple[str, Any]]) -> None:
        """Names and values in two columns."""
        quiet = ParagraphStyle("name", BODY, textColor=QUIET, spaceAfter=0)
        plain = ParagraphStyle("value", BODY, spaceAfter=0, splitLongWords=1)
        rows = [[_paragraph(name, quiet), _paragraph(value, plain)] for name, value in pairs]
        table = Table(rows, colWidths=[WIDTH * 0.26, WIDTH * 0.74], hAlign="LEFT")
        table.setStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (0, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 1),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
            ]
        )
        self._parts += [table, Spacer(0, 2 * mm)]

    def finding(
        self, kind: str, words: str, probability_words: str, *, probability: float | None = None,
        points: Sequence[tuple[Any, float, bool]] = (), zone: tuple[float, float] | None = None,
    ) -> None:  # fmt: skip
        """The finding in words, then the probability, then where it stands among the operating points."""
        strong, soft = COLOURS[kind]
        inside: list[Flowable] = [
            _paragraph(words, ParagraphStyle("f", FINDING, textColor=strong)),
            _paragraph(probability_words, BODY),
        ]
        if probability is not None:
            inside.append(_Scale(probability, points, zone, strong, WIDTH - 10 * mm))
        self._parts += [_box(inside, strong, soft), Spacer(0, 3 * mm)]

    def warning(self, message: str, advice: str) -> None:
        """Something the reader must know."""
        bold = ParagraphStyle("warning", BODY, fontName="Helvetica-Bold", textColor=WARN, spaceAfter=0)
        inside: list[Flowable] = [_paragraph(message, bold)]
        if advice:
            inside.append(_paragraph(advice, ParagraphStyle("advice", BODY, spaceAfter=0)))
        self._parts += [_box(inside, WARN, WARN_SOFT), Spacer(0, 2 * mm)]

    def pictures(self, pictures: Sequence[tuple[Pillow.Image, str]]) -> None:
        """Pictures of one size side by side, each with its caption."""
        gap = 5 * mm
        width = (WIDTH - gap) / 2
        cells = []
        for picture, caption in pictures:
            scale = min(width / picture.width, 92 * mm / picture.height)
            image = Image(as_jpeg(picture), picture.width * scale, picture.height * scale)
            cells.append([image, Spacer(0, 1.5 * mm), _paragraph(caption, SMALL)])
        while len(cells) < 2:
            cells.append([])
        table = Table([cells], colWidths=[width + gap, width])
        table.setStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 0),
            ]
        )
        self._parts.append(KeepTogether([table]))

    def write(self, target: IO[bytes]) -> None:
        """Lay out the pages and write the PDF."""
        document = BaseDocTemplate(
            target, pagesize=A4, title=f"{self._title}: {self._subject}", author="PneumoWeb", subject=self._made,
            lang=_("en-GB"),
        )  # fmt: skip
        frame = Frame(MARGIN, FOOT, WIDTH, A4[1] - HEAD - FOOT, leftPadding=0, rightPadding=0, topPadding=0, id="body")
        document.addPageTemplates([PageTemplate("page", [frame], onPage=self._furniture)])
        document.build(self._parts, canvasmaker=_CountingCanvas)

    def _furniture(self, canvas: Canvas, _document: BaseDocTemplate) -> None:
        """Head and foot of every page."""
        canvas.saveState()
        top = A4[1] - 14 * mm
        canvas.setFillColor(INK)
        canvas.setFont("Helvetica-Bold", 10)
        canvas.drawString(MARGIN, top, "PneumoWeb")
        canvas.setFillColor(QUIET)
        canvas.setFont("Helvetica", 9)
        canvas.drawRightString(A4[0] - MARGIN, top, self._title)
        canvas.setStrokeColor(LINE)
        canvas.line(MARGIN, top - 2.5 * mm, A4[0] - MARGIN, top - 2.5 * mm)
        lines = [
            (_("Accuracy."), _(
                "The model is wrong on some films: it misses pneumonia and it raises false alarms. How often is "
                "measured and stated with the model, on films like those it learned from; on other films it can be "
                "wrong far more often."
            )),
            (_("Not medical advice."), _(
                "This result is not a diagnosis and not a medical device’s output. It must not be the reason to start, "
                "change or withhold treatment. A clinician who knows the patient decides; if someone is unwell, seek "
                "medical help."
            )),
        ]  # fmt: skip
        inside: list[Flowable] = [Paragraph(f"<b>{escape(word)}</b> {escape(text)}", FINE) for word, text in lines]
        box = _box(inside, WARN, WARN_SOFT)
        box.wrapOn(canvas, WIDTH, FOOT)
        box.drawOn(canvas, MARGIN, 15 * mm)
        made = _paragraph(self._made, SMALL)
        made.wrapOn(canvas, WIDTH - 30 * mm, 10 * mm)
        made.drawOn(canvas, MARGIN, 15 * mm - 5 * mm)
        canvas.restoreState()


def _box(inside: list[Flowable], strong: Color, soft: Color) -> Table:
    table = Table([[inside]], colWidths=[WIDTH])
    table.setStyle(
        [
            ("BACKGROUND", (0, 0), (-1, -1), soft),
            ("LINEBEFORE", (0, 0), (0, -1), 3, strong),
            ("LEFTPADDING", (0, 0), (-1, -1), 4 * mm),
            ("TOPPADDING", (0, 0), (-1, -1), 2 * mm),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2 * mm),
        ]
    )
    return table


class _Scale(Flowable):  # type: ignore[misc]  # ReportLab is not typed
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


class _CountingCanvas(Canvas):  # type: ignore[misc]
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
