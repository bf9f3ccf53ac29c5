"""Words for the groups and changes of the exams in the cards: what a clinician would call them, in their language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from diagnosis.results.intervals import Interval

GROUPS: dict[str, Promise] = {
    "frontal: children": _("children’s radiographs"),
    "frontal: covid": _("radiographs from reports on COVID-19, mostly of adults"),
    "frontal: nih": _("radiographs of NIH ChestX-ray14, mostly of adults"),
    "frontal, changed: JPEG quality 20": _("strongly compressed (JPEG, quality 20)"),
    "frontal, changed: gamma 0.5": _("made much brighter (gamma 0.5)"),
    "frontal, changed: gamma 2": _("made much darker (gamma 2)"),
    # xgettext:no-python-format
    "frontal, changed: a crop of 0.8": _("cropped to 80 % of each dimension"),
    "frontal, changed: black borders": _("with black borders"),
    "frontal, changed: white borders": _("with white borders"),
    "frontal, changed: tilt up to 12°": _("tilted by up to 12°"),
    "frontal, changed: 56 pixels": _("shrunk to 56 pixels"),
    "frontal, changed: noise": _("with noise added"),
    "frontal, turned by 90°, put right": _("turned by 90°, recognised and put right"),
    "frontal, turned by 180°, put right": _("turned by 180°, recognised and put right"),
    "frontal, turned by 270°, put right": _("turned by 270°, recognised and put right"),
    "frontal, inverted, put right": _("black and white exchanged, recognised and put right"),
    "frontal, turned by 90° and inverted, put right": _("turned by 90° and inverted, recognised and put right"),
    "drawn phantoms": _("drawn chest radiographs"),
    "real DICOM, chest": _("real DICOM files of the chest"),
    "real, not a frontal chest film, the network alone": _("real pictures that are no frontal chest radiograph"),
    "the same, inverted": _("the same, black and white exchanged"),
    "the same, turned by 90°": _("the same, turned by 90°"),
    "of these, stopped by intake before the gate": _("of these, refused already when submitted"),
    "radiograph: limb": _("radiograph of an arm or a leg (drawn)"),
    "radiograph: legs": _("radiograph of both legs (drawn)"),
    "radiograph: hand": _("radiograph of a hand or foot (drawn)"),
    "radiograph: skull": _("radiograph of the skull (drawn)"),
    "radiograph: spine": _("radiograph of the spine (drawn)"),
    "radiograph: pelvis": _("radiograph of the pelvis (drawn)"),
    "radiograph: abdomen": _("radiograph of the abdomen (drawn)"),
    "radiograph: teeth": _("dental radiograph (drawn)"),
    "radiograph: breast": _("mammogram (drawn)"),
    "radiograph: things": _("radiograph of things (drawn)"),
    "lateral: lateral": _("lateral chest radiograph (drawn)"),
    "lateral: side_view": _("lateral view made from a frontal radiograph"),
    "lateral: profile": _("lateral chest radiograph (drawn, another way)"),
    "other: ct_chest": _("CT slice of the chest (drawn)"),
    "other: ct_body": _("CT or MR slice of another part (drawn)"),
    "other: mr_sagittal": _("sagittal MR slice (drawn)"),
    "other: coronal": _("coronal CT or MR slice (drawn)"),
    "other: ultrasound": _("ultrasound picture (drawn)"),
    "other: angiogram": _("angiogram (drawn)"),
    "other: scope": _("endoscopy picture (drawn)"),
    "other: tissue": _("microscope picture (drawn)"),
    "other: scintigram": _("nuclear medicine picture (drawn)"),
    "other: page": _("page of text (drawn)"),
    "other: screen": _("picture of a screen (drawn)"),
    "other: plot": _("chart or ECG (drawn)"),
    "other: leaves": _("photograph of leaves or textures (drawn)"),
    "other: landscape": _("photograph of a landscape (drawn)"),
    "other: solid": _("photograph of an object (drawn)"),
    "other: face": _("portrait (drawn)"),
    "other: pattern": _("pattern (drawn)"),
    "other: noise": _("noise, or an empty field"),
    "other: sketch": _("line drawing (drawn)"),
    "other: shuffled": _("chest radiograph cut into tiles and shuffled"),
    "other: scrambled": _("tones of a chest radiograph without its anatomy"),
    "other: twisted": _("chest radiograph twisted beyond recognition"),
    "other: folded": _("chest radiograph put together of wrong halves"),
    "other: edges": _("outlines of a chest radiograph"),
    "other: pictured": _("chest radiograph on a poster or a screen"),
    "cropped: one_lung": _("one lung only"),
    "cropped: part": _("small part of a chest radiograph"),
    "cropped: edge_strip": _("strip from the edge of a chest radiograph"),
    "multiple: mosaic": _("several radiographs on one sheet"),
}
WANTED = {"pass": _("let through"), "refuse": _("turn away")}
CHANGES: dict[str, Promise] = {
    "resolution": _("fewer pixels"),
    "sharpening": _("sharpened"),
    "jpeg": _("JPEG compression"),
    "noise": _("noise"),
    "darker": _("darker"),
    "brighter": _("brighter"),
    "flat": _("less contrast"),
    "steep": _("more contrast"),
    "equalised": _("grey levels evened out"),
    "marker": _("letters written on it"),
    "tight": _("cropped"),
    "loose": _("wider borders"),
    "wide": _("stretched in width"),
    "tall": _("stretched in height"),
    "turned": _("tilted"),
    "moved": _("moved"),
}


@dataclass(frozen=True, slots=True)
class ExamRow:
    """What the gate did with one group of pictures."""

    group: str
    wanted: str
    right: int
    films: int
    share: Interval


def exams(card: Mapping[str, Any]) -> Iterator[tuple[str, list[ExamRow]]]:
    """The exams of a gate's card in words; a group without words of its own keeps what stands after its colon."""
    for exam, rows in card.get("exam", {}).items():
        yield (
            exam,
            [
                ExamRow(
                    group=str(GROUPS.get(row["group"], row["group"].rpartition(": ")[2].replace("_", " "))),
                    wanted=str(WANTED.get(row["wanted"], row["wanted"])),
                    right=row["right"],
                    films=row["films"],
                    share=Interval(row["right"] / row["films"], row["low"], row["high"]),
                )
                for row in rows
            ],
        )


def in_words(change: str) -> str:
    """A change that robustness was measured against."""
    return str(CHANGES.get(change, change))
