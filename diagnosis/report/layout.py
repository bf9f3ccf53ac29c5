"""How the report looks: A4, calm, one column, both disclaimers and the page number at the foot of every page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import IO, Any
from xml.sax.saxutils import escape

from django.utils.translation import gettext as _
from PIL import Image as Pillow
from reportlab import rl_config
from reportlab.lib.colors import Color, HexColor
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

from diagnosis.report.drawing import COLOURS, INK, LINE, MARGIN, QUIET, CountingCanvas, Scale
from diagnosis.report.images import as_jpeg

# Pictures as bytes, not as text (ASCII85): a quarter smaller, and two thirds of the time were spent on encoding them.
rl_config.useA85 = 0

HEAD, FOOT = 24 * mm, 40 * mm
WIDTH = A4[0] - 2 * MARGIN
WARN, WARN_SOFT = HexColor("#744d00"), HexColor("#fbf1d9")
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

    def quote(self, name: str, text: str) -> None:
        """What somebody wrote; however long, it runs over as many pages as it needs. Rows of empty lines become one."""
        self._parts.append(_paragraph(name, ParagraphStyle("name", BODY, textColor=QUIET, spaceAfter=0)))
        indented = ParagraphStyle("quote", BODY, leftIndent=4 * mm, splitLongWords=1)
        for part in re.split(r"\n\s*\n", text.strip()):
            self._parts.append(_paragraph(part, indented))

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
            inside.append(Scale(probability, points, zone, strong, WIDTH - 10 * mm))
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
        document.build(self._parts, canvasmaker=CountingCanvas)

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
