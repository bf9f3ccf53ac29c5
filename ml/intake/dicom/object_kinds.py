"""Which DICOM objects are radiographs, and what the others are called."""

from __future__ import annotations

from typing import Any

from ml.errors import IntakeError, gettext_noop
from ml.intake.dicom.header import MODALITIES, text_of, whole_of

Dataset = Any  # pydicom.Dataset

_IMAGE = "1.2.840.10008.5.1.4.1.1."
_RADIOGRAPHS = {_IMAGE + "1", _IMAGE + "1.1"}  # CR, DX for presentation
_RAW_DX = _IMAGE + "1.1.1"
_SECONDARY = {_IMAGE + "7", _IMAGE + "7.2", _IMAGE + "7.3", _IMAGE + "7.4"}
PIXEL_DATA = 0x7FE00010
_DIRECTORY = "1.2.840.10008.1.3.10"
# SOP class (start of the UID below the storage root) -> what a person calls it. Longer starts stand first.
_NAMES: tuple[tuple[str, str], ...] = (
    ("1.2.", gettext_noop("a mammogram")),
    ("1.3", gettext_noop("a dental radiograph")),
    ("104.1", gettext_noop("a PDF document")),
    ("104.", gettext_noop("a document")),
    ("128", gettext_noop("a PET image")),
    ("130", gettext_noop("a PET image")),
    ("12.1", gettext_noop("an angiogram")),
    ("12.2", gettext_noop("a fluoroscopy series")),
    ("12.", gettext_noop("an angiogram")),
    ("13.1.3", gettext_noop("a tomosynthesis series")),
    ("13.", gettext_noop("a rotational X-ray series")),
    ("20", gettext_noop("a nuclear medicine image")),
    ("2", gettext_noop("a CT image")),
    ("3", gettext_noop("an ultrasound series")),
    ("4", gettext_noop("an MR image")),
    ("481.1", gettext_noop("a radiotherapy image")),
    ("481.2", gettext_noop("a radiotherapy dose")),
    ("481.3", gettext_noop("a radiotherapy structure set")),
    ("481.5", gettext_noop("a radiotherapy plan")),
    ("481.", gettext_noop("a radiotherapy object")),
    ("6", gettext_noop("an ultrasound image")),
    ("66.4", gettext_noop("a segmentation")),
    ("66.", gettext_noop("a registration or raw data object")),
    ("67", gettext_noop("a parameter map")),
    ("68", gettext_noop("a surface")),
    ("77.1.5", gettext_noop("a picture of the eye")),
    ("77", gettext_noop("a photograph or microscope image")),
    ("78", gettext_noop("an eye measurement")),
    ("88", gettext_noop("a structured report")),
    ("9", gettext_noop("a curve or waveform")),
    ("11", gettext_noop("a presentation state")),
    ("7.1", gettext_noop("a black-and-white scan")),
    ("30", gettext_noop("a parameter map")),
)
_MODALITY_NAMES = {
    "CT": gettext_noop("a CT image"),
    "MR": gettext_noop("an MR image"),
    "US": gettext_noop("an ultrasound image"),
    "PT": gettext_noop("a PET image"),
    "NM": gettext_noop("a nuclear medicine image"),
    "MG": gettext_noop("a mammogram"),
    "XA": gettext_noop("an angiogram"),
    "RF": gettext_noop("a fluoroscopy image"),
    "IO": gettext_noop("a dental radiograph"),
    "PX": gettext_noop("a dental radiograph"),
    "ES": gettext_noop("an endoscopy picture"),
    "XC": gettext_noop("a photograph"),
    "GM": gettext_noop("a microscope image"),
    "SM": gettext_noop("a microscope image"),
    "OP": gettext_noop("a picture of the eye"),
    "SR": gettext_noop("a structured report"),
    "SEG": gettext_noop("a segmentation"),
    "PR": gettext_noop("a presentation state"),
    "DOC": gettext_noop("a document"),
    "RTIMAGE": gettext_noop("a radiotherapy image"),
    "RTDOSE": gettext_noop("a radiotherapy dose"),
    "RTSTRUCT": gettext_noop("a radiotherapy structure set"),
    "RTPLAN": gettext_noop("a radiotherapy plan"),
    "ECG": gettext_noop("an electrocardiogram"),
    "BMD": gettext_noop("a bone density measurement"),
}


def check_object(data: Dataset, pixel_tag: int | None) -> None:
    """Refuse by name what is no single radiograph.

    Args:
        data: The header.
        pixel_tag: Tag of the pixel data that follow it: integers, floats, or none.

    Raises:
        IntakeError: ``WRONG_DICOM_OBJECT``, ``RAW_DETECTOR_DATA``, ``MULTIPLE_IMAGES`` or ``NO_PIXEL_DATA``.
    """
    sop_class, modality = text_of(data, "SOPClassUID"), text_of(data, "Modality")
    if (
        "DirectoryRecordSequence" in data
        or text_of(data.get("_meta", {}), "x") == _DIRECTORY
        or sop_class == _DIRECTORY
    ):
        raise _wrong(gettext_noop("a DICOMDIR, the table of contents of a disc"))
    if sop_class == _RAW_DX or (
        sop_class in _RADIOGRAPHS and text_of(data, "PresentationIntentType") == "FOR PROCESSING"
    ):
        raise IntakeError(
            "RAW_DETECTOR_DATA",
            gettext_noop("This DICOM file holds the detector's raw data, not the radiograph as it is read."),
            gettext_noop("Submit the image “for presentation” of the same exposure."),
        )
    if sop_class and sop_class not in _RADIOGRAPHS | _SECONDARY:
        raise _wrong(_name_of_class(sop_class, modality))
    # Vendors invent modalities ("DR"); where the SOP class is a radiograph's, only a known other one is believed.
    if modality in _MODALITY_NAMES or (modality not in MODALITIES and sop_class not in _RADIOGRAPHS):
        raise _wrong(_MODALITY_NAMES.get(modality, gettext_noop("an object of another kind")))
    if pixel_tag is None:
        raise IntakeError(
            "NO_PIXEL_DATA",
            gettext_noop("This DICOM file holds no image."),
            gettext_noop("Export the radiograph again, with its pixel data."),
        )
    if pixel_tag != PIXEL_DATA:
        raise _wrong(gettext_noop("a map of measured numbers"))
    frames = whole_of(data, "NumberOfFrames", 1)
    if frames > 1:
        raise IntakeError(
            "MULTIPLE_IMAGES",
            gettext_noop("This DICOM file holds %(images)d images."),
            gettext_noop("Submit one single radiograph, one file for each."),
            images=frames,
        )


def _wrong(name: str) -> IntakeError:
    return IntakeError(
        "WRONG_DICOM_OBJECT",
        gettext_noop("This DICOM file is %(kind)s, not a radiograph."),
        gettext_noop("Submit the radiograph itself: an object of kind CR, DX or RG."),
        kind=name,
    )


def _name_of_class(sop_class: str, modality: str) -> str:
    if sop_class == _DIRECTORY:
        return gettext_noop("a DICOMDIR, the table of contents of a disc")
    if sop_class.startswith(_IMAGE):
        rest = sop_class.removeprefix(_IMAGE)
        for start, name in _NAMES:
            if rest == start.rstrip(".") or rest.startswith(start.rstrip(".") + "."):
                return name
    return _MODALITY_NAMES.get(modality, gettext_noop("an object of another kind"))
