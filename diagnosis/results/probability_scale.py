"""Where things stand on the drawn scale of probability; templates/studies/_scale.html draws it."""

from __future__ import annotations

from dataclasses import dataclass

from diagnosis.models import OperatingPointName
from ml import ModelCard

LABEL_WIDTH = 0.36  # of a label, on the narrowest phone: labels closer than that go on different lines
LINE_HEIGHT = 20  # px
TRACK_BELOW_LABELS = 18  # px


@dataclass(frozen=True, slots=True)
class Cut:
    """One operating point's threshold and the place of its label."""

    label: str
    threshold: float
    used: bool
    anchor: str  # how the label stands to the line: SVG's text-anchor
    y: int


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale with all operating points and the indeterminate zone; y in px from the top."""

    probability: float
    cuts: tuple[Cut, ...]
    zone: tuple[float, float] | None
    track_y: int

    @classmethod
    def of(cls, card: ModelCard, used: str, probability: float) -> Scale:
        """Lay out a card's scale for a probability judged at the operating point ``used``."""
        lines: list[float] = []  # the right end of the last label on each line
        placed: list[tuple[str, float, str, int]] = []
        for name, point in card.operating_points.items():
            at = point.threshold
            anchor = "start" if at < LABEL_WIDTH / 2 else "end" if at > 1 - LABEL_WIDTH / 2 else "middle"
            left = at - {"start": 0.0, "middle": LABEL_WIDTH / 2, "end": LABEL_WIDTH}[anchor]
            line = next((i for i, end in enumerate(lines) if end <= left), len(lines))
            lines[line : line + 1] = [left + LABEL_WIDTH]
            placed.append((name, at, anchor, line))
        zone = card.indeterminate
        return cls(
            probability=probability,
            cuts=tuple(
                Cut(str(OperatingPointName(name).label), at, name == used, anchor, 14 + LINE_HEIGHT * line)
                for name, at, anchor, line in placed
            ),
            zone=(zone.low, zone.high) if zone.high > zone.low else None,
            track_y=LINE_HEIGHT * len(lines) + TRACK_BELOW_LABELS,
        )

    @property
    def height(self) -> int:
        """Of the whole drawing, with the axis below the track."""
        return self.track_y + 40
