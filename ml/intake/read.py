"""The one way from a file's bytes to a radiograph, for training, evaluation and serving alike.

:func:`read_radiograph` takes what a person or a machine sent and gives back a decoded grey film or an
:class:`~ml.errors.IntakeError` whose text may be shown to that person. Names are never trusted, content is.
Importing this module costs numpy and Pillow; pydicom is loaded when a DICOM file comes, in a process apart.
"""

from __future__ import annotations

import dataclasses

from ml.errors import IntakeError, gettext_noop
from ml.intake.burned_in_text import burned_in_notice
from ml.intake.file_type import kind_of
from ml.intake.grayscale import check_exposure
from ml.intake.jpeg_png import declared_jpeg, declared_png
from ml.intake.radiograph import FILM_SIZE, Header, Limits, ModelInput, Notice, Radiograph, check_size
from ml.intake.raster import read_raster
from ml.intake.sandbox import read_apart

__all__ = ["FILM_SIZE", "Header", "Limits", "ModelInput", "Notice", "Radiograph", "read_here", "read_radiograph"]

_DEFAULTS = Limits()
# Samples (pixels times channels) that this process decodes itself; larger ones go where memory is bounded.
_MAX_SAMPLES_HERE = 48_000_000


def read_radiograph(
    data: bytes, *, limits: Limits = _DEFAULTS, salt: bytes = b"", for_model_only: bool = False
) -> Radiograph:
    """Read one film.

    Args:
        data: The file's bytes, whole.
        limits: Bounds, checked before decoding.
        salt: Secret mixed into ``Header.uid_hash``.
        for_model_only: Only :meth:`Radiograph.model_input` will be asked for; large JPEGs are then decoded small, and
            nobody looks for burned-in text.

    Raises:
        IntakeError: Not one readable radiograph; code, message and advice say why.
    """
    if not data:
        raise IntakeError(
            "EMPTY_FILE",
            gettext_noop("The file is empty."),
            gettext_noop("Export the radiograph again and submit the new file."),
        )
    if len(data) > limits.max_bytes:
        raise IntakeError(
            "TOO_LARGE",
            gettext_noop("The file is larger than %(megabytes)d MB."),
            gettext_noop("Export the radiograph at a smaller size, or compressed."),
            megabytes=round(limits.max_bytes / 1e6),
        )
    kind = kind_of(data)
    if _may_be_read_here(data, kind, limits):
        film = read_here(data, kind, limits, salt, for_model_only)
    else:
        film = read_apart(data, kind, limits, salt, for_model_only)
    check_exposure(film.pixels)
    if for_model_only:
        return film
    notice = burned_in_notice(film.pixels)
    if notice is None or any(known.code == notice.code for known in film.notices):
        return film
    return dataclasses.replace(film, notices=(*film.notices, notice))


def _may_be_read_here(data: bytes, kind: str, limits: Limits) -> bool:
    """An ordinary JPEG or PNG of allowed size; refuses by declared size at once."""
    match kind:
        case "JPEG":
            declared = declared_jpeg(data)
        case "PNG":
            declared = declared_png(data)
        case _:
            return False
    if declared.height:
        check_size(declared.width, declared.height, limits)
    return declared.plain and declared.width * declared.height * declared.channels <= _MAX_SAMPLES_HERE


def read_here(data: bytes, kind: str, limits: Limits, salt: bytes, for_model_only: bool) -> Radiograph:
    """Decode in this process a file whose ``kind`` is known; what :func:`read_radiograph` and its helper process share.

    Raises:
        IntakeError: As :func:`read_radiograph`.
    """
    if kind == "DICOM":
        from ml.intake.dicom.read import read_dicom

        return read_dicom(data, limits, salt)
    return read_raster(data, kind, limits, for_model_only)
