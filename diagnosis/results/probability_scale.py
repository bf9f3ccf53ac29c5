"""Where things stand on the drawn scale of probability; templates/studies/_scale.html draws it."""

from __future__ import annotations

from dataclasses import dataclass

from diagnosis.models import OperatingPointName, Prediction
from ml import PopulationCard

LABEL_WIDTH = 0.36  # of a label, on the narrowest phone
ROW_HEIGHT = 24  # px
TRACK_BELOW_ROWS = 16  # px


@dataclass(frozen=True, slots=True)
class Band:
    """One operating point's pair of cuts: what lies between them it leaves open."""

    label: str
    rule_out: float
    rule_in: float
    used: bool
    anchor: str  # how the label stands to the band: SVG's text-anchor
    label_at: float
    y: int


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale with a band for each operating point, the one in force last; y in px from the top."""

    probability: float
    bands: tuple[Band, ...]
    rule_out: float
    rule_in: float
    track_y: int

    @classmethod
    def of(cls, card: PopulationCard, prediction: Prediction) -> Scale:
        """Lay out a population's scale for a prediction; the pair in force is the one that was stored with it."""
        bands = []
        for row, (name, point) in enumerate(card.operating_points.items()):
            used = name == prediction.operating_point
            cuts = (prediction.rule_out, prediction.rule_in) if used else (point.cuts.rule_out, point.cuts.rule_in)
            right = cuts[1] + LABEL_WIDTH <= 1
            bands.append(
                Band(
                    str(OperatingPointName(name).label), *cuts, used,
                    "start" if right else "end", cuts[1] + 0.015 if right else cuts[0] - 0.015, 12 + ROW_HEIGHT * row,
                )
            )  # fmt: skip
        return cls(
            probability=prediction.probability,
            bands=tuple(bands),
            rule_out=prediction.rule_out,
            rule_in=prediction.rule_in,
            track_y=ROW_HEIGHT * len(bands) + TRACK_BELOW_ROWS,
        )

    @property
    def height(self) -> int:
        """Of the whole drawing, with the axis below the track."""
        return self.track_y + 40
