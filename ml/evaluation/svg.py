"""A small canvas for figures: axes, lines, bands and labels as plain SVG.

Each figure carries its own white paper, so that it reads on light and dark pages alike and needs no style sheet; it
holds a title and a description for people who cannot see it. Written here rather than with a plotting library because
six figures need some hundred lines, and their SVG stays a few kilobytes that differ only where figures do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

INK = "#14232a"
SOFT = "#465d67"
LINE = "#d2dcdf"
PNEUMONIA = "#b4480f"
NORMAL = "#0a5596"
PRIMARY = "#0b5c68"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif"


@dataclass(slots=True)
class Canvas:
    """SVG elements upon white paper, in pixels from the top left corner."""

    title: str
    description: str
    width: int = 640
    height: int = 480
    parts: list[str] = field(default_factory=list)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = 13,
        anchor: str = "start",
        fill: str = INK,
        bold: bool = False,
        turned: bool = False,
    ) -> None:
        weight = ' font-weight="600"' if bold else ""
        turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" fill="{fill}"{weight}{turn}>'
            f"{escape(words)}</text>"
        )

    def line(
        self, points: Iterable[tuple[float, float]], *, stroke: str = INK, width: float = 1.0, dash: str = ""
    ) -> None:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="{width:g}" '
            f'stroke-linejoin="round"{dashes}/>'
        )

    def area(self, points: Iterable[tuple[float, float]], *, fill: str, opacity: float = 0.15) -> None:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polygon points="{path}" fill="{fill}" fill-opacity="{opacity:g}"/>')

    def box(
        self, x: float, y: float, width: float, height: float, *, fill: str, opacity: float = 1.0, radius: float = 0
    ) -> None:
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}" fill="{fill}" '
            f'fill-opacity="{opacity:g}" rx="{radius:g}"/>'
        )

    def dot(self, x: float, y: float, radius: float, *, fill: str, hollow: bool = False) -> None:
        inside = "#ffffff" if hollow else fill
        self.parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{inside}" stroke="{fill}" stroke-width="2"/>'
        )

    def legend(self, x: float, y: float, entries: Sequence[tuple[str, str, str]]) -> None:
        """Explain lines: (words, colour, dash), one below the other, on a plate through which lines shine faintly."""
        longest = max(len(words) for words, _, _ in entries)
        self.box(x - 6, y - 13, 44 + 7 * longest, 20 * len(entries) + 6, fill="#ffffff", opacity=0.85, radius=4)
        for row, (words, colour, dash) in enumerate(entries):
            at = y + 20 * row
            self.line([(x, at), (x + 24, at)], stroke=colour, width=2.5, dash=dash)
            self.text(x + 32, at + 4.5, words)

    def svg(self) -> str:
        """The whole document."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
            f'width="{self.width}" height="{self.height}" role="img" font-family="{FONT}">\n'
            f"<title>{escape(self.title)}</title>\n<desc>{escape(self.description)}</desc>\n"
            f'<rect width="{self.width}" height="{self.height}" rx="8" fill="#ffffff"/>\n'
            + "\n".join(self.parts)
            + "\n</svg>\n"
        )


@dataclass(frozen=True, slots=True)
class Axes:
    """A frame on a canvas and the way from values to pixels."""

    canvas: Canvas
    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float] = (0.0, 1.0)
    y: tuple[float, float] = (0.0, 1.0)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The pixel of a value, kept inside the frame."""
        right = min(max((x - self.x[0]) / (self.x[1] - self.x[0]), 0), 1)
        up = min(max((y - self.y[0]) / (self.y[1] - self.y[0]), 0), 1)
        return self.left + right * self.width, self.top + (1 - up) * self.height

    def frame(
        self, xlabel: str, ylabel: str, xticks: Sequence[float], yticks: Sequence[float], form: str = "{:g}"
    ) -> None:
        """Draw grid, ticks and labels."""
        for tick in xticks:
            px, _ = self.at(tick, self.y[0])
            self.canvas.line([(px, self.top), (px, self.top + self.height)], stroke=LINE)
            self.canvas.text(px, self.top + self.height + 18, form.format(tick), size=12, anchor="middle", fill=SOFT)
        for tick in yticks:
            _, py = self.at(self.x[0], tick)
            self.canvas.line([(self.left, py), (self.left + self.width, py)], stroke=LINE)
            self.canvas.text(self.left - 8, py + 4, form.format(tick), size=12, anchor="end", fill=SOFT)
        middle = self.left + self.width / 2
        self.canvas.text(middle, self.top + self.height + 40, xlabel, anchor="middle")
        self.canvas.text(
            self.left - (44 if self.left < 80 else 60), self.top + self.height / 2, ylabel, anchor="middle", turned=True
        )

    def curve(self, x: Iterable[float], y: Iterable[float], *, stroke: str, width: float = 2.5, dash: str = "") -> None:
        self.canvas.line([self.at(a, b) for a, b in zip(x, y, strict=True)], stroke=stroke, width=width, dash=dash)
