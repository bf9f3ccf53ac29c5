"""Values out of a DICOM header, however carelessly they are written, and the few fields of it that are kept.

Everything here works on a parsed data set and returns values from closed vocabularies or numbers, so that free text,
in which names turn up, has no way out.
"""

from __future__ import annotations

import datetime
import hashlib
import math
import re
from typing import Any

from ml.intake.radiograph import Header

Dataset = Any  # pydicom.Dataset; pydicom is loaded only where a DICOM file is read

MODALITIES = {"CR", "DX", "RG", "DR", "OT", "SC", ""}  # "" in files that say nothing; DR and SC are vendors' own


_VIEWS = {
    "AP", "PA", "LL", "RL", "LLD", "RLD", "LLO", "RLO", "LPO", "RPO", "LAO", "RAO", "AXIAL", "LATERAL", "LAT", "OBL",
}  # fmt: skip
# View codes (SNOMED RT and CT) of DX objects, which leave ViewPosition out more often than not.
_VIEW_CODES = {
    "R-10206": "AP", "399348003": "AP", "R-10214": "PA", "399148005": "PA", "R-10202": "LL", "R-10236": "LL",
    "399173006": "LL", "R-10232": "RL", "399198007": "RL", "R-10241": "LLD", "R-10244": "RLD",
}  # fmt: skip
_BODY_PARTS = {
    "CHEST", "THORAX", "LUNG", "RIB", "RIBS", "STERNUM", "HEART", "ABDOMEN", "CHESTABDOMEN", "BABYGRAM",
    "PELVIS", "HIP", "SPINE", "CSPINE", "TSPINE", "LSPINE", "SSPINE", "COCCYX", "SACRUM", "SKULL", "HEAD",
    "FACE", "JAW", "NECK", "ORBIT", "SINUS", "NOSE", "SHOULDER", "CLAVICLE", "SCAPULA", "HUMERUS", "UPPERARM",
    "ELBOW", "FOREARM", "ARM", "WRIST", "HAND", "FINGER", "THUMB", "EXTREMITY", "FEMUR", "THIGH", "KNEE",
    "PATELLA", "LEG", "TIBIA", "FIBULA", "LOWERLEG", "ANKLE", "FOOT", "CALCANEUS", "HEEL", "TOE", "BREAST",
    "KIDNEY", "BLADDER", "WHOLEBODY",
}  # fmt: skip


def text_of(data: Dataset, keyword: str) -> str:
    """A short coded string, upper case; empty when it is missing, several, or unreadable."""
    try:
        value = data.get(keyword)
    except Exception:
        return ""
    return value.strip(" \0").upper() if isinstance(value, str) else ""


def number_of(data: Dataset, keyword: str, index: int = 0) -> float | None:
    """One number out of an element, ``None`` when it is missing, unreadable or not finite."""
    try:
        value = data.get(keyword)
        if value is None:
            return None
        if not isinstance(value, (str, bytes)) and hasattr(value, "__getitem__"):
            value = value[index]
        elif index:
            return None
        number = float(value)
    except Exception:
        found = numbers_of(data, keyword)
        return found[index] if index < len(found) else None
    return number if math.isfinite(number) else None


def numbers_of(data: Dataset, keyword: str) -> list[float | None]:
    """All numbers of a decimal string, ``None`` where one is missing or unreadable; a comma may stand for the point.

    One bad value makes pydicom give up the whole element, so the text itself is read.
    """
    try:
        element = data.get_item(keyword)
        value = None if element is None else element.value
        if isinstance(value, bytes) and (element.VR is None or element.VR in _TEXT_VRS):
            parts: list[Any] = value.decode("latin-1").split("\\")
        else:
            value = data.get(keyword)
            several = hasattr(value, "__iter__") and not isinstance(value, (str, bytes))
            parts = list(value) if several else [value]
    except Exception:
        return []
    return [_number(part) for part in parts]


def _number(written: Any) -> float | None:
    try:
        number = float(written.strip(" \0").replace(",", ".") if isinstance(written, str) else written)
    except Exception:
        return None
    return number if math.isfinite(number) else None


_TEXT_VRS = {"DS", "IS", "LO", "SH", "CS", "ST", "LT", "UN", "UT"}


def whole_of(data: Dataset, keyword: str, default: int) -> int:
    """One whole number, ``default`` when it is missing or makes no sense."""
    number = number_of(data, keyword)
    return int(number) if number is not None else default


def kept_header(data: Dataset, salt: bytes) -> Header:
    """The fields we keep, each from a closed vocabulary, a number, or a salted hash."""
    modality, body = text_of(data, "Modality"), re.sub(r"[^A-Z]", "", text_of(data, "BodyPartExamined"))
    return Header(
        modality=modality if modality in MODALITIES else "",
        view_position=_view(data),
        body_part=body if body in _BODY_PARTS else "",
        age_years=_age(data),
        pixel_spacing_mm=_spacing(data),
        uid_hash=_uid_hash(data, salt),
    )


def _view(data: Dataset) -> str:
    view = text_of(data, "ViewPosition")
    if view in _VIEWS:
        return view
    try:
        code = str(data.ViewCodeSequence[0].CodeValue).strip()
    except Exception:
        return ""
    return _VIEW_CODES.get(code, "")


def _age(data: Dataset) -> float | None:
    """PatientAge, or birth date to study date; in years, never an impossible one."""
    written = re.fullmatch(r"(\d{1,3})([DWMY]?)", text_of(data, "PatientAge"))
    if written:
        # Some archives write the bare number; they mean years.
        years = int(written[1]) / {"D": 365.25, "W": 365.25 / 7, "M": 12.0, "Y": 1.0, "": 1.0}[written[2]]
        return round(years, 2) if years <= 120 else None
    born = _date(data, "PatientBirthDate")
    for keyword in ("StudyDate", "AcquisitionDate", "SeriesDate", "ContentDate"):
        taken = _date(data, keyword)
        if born and taken:
            years = taken.year - born.year - ((taken.month, taken.day) < (born.month, born.day))
            since = (taken - born).days - years * 365.2425
            # Completed years and tenths: no more than is needed, and too little to find the birthday by.
            return years + min(9, max(0, int(since / 36.525))) / 10 if 0 <= years <= 120 else None
    return None


def _date(data: Dataset, keyword: str) -> datetime.date | None:
    digits = re.sub(r"[^0-9]", "", text_of(data, keyword))[:8]
    try:
        return datetime.datetime.strptime(digits, "%Y%m%d").date()
    except ValueError:
        return None


def _spacing(data: Dataset) -> float | None:
    for keyword in ("ImagerPixelSpacing", "PixelSpacing"):
        spacing = number_of(data, keyword, 1)
        if spacing is not None and 0.01 <= spacing <= 10.0:
            return spacing
    return None


def _uid_hash(data: Dataset, salt: bytes) -> str:
    uids = [text_of(data, keyword) for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")]
    if not any(uids):
        return ""
    return hashlib.sha256(salt + b"|" + "|".join(uids).encode("utf-8", "replace")).hexdigest()
