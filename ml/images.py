"""The one way from a file's bytes to a radiograph, for training, evaluation and serving alike.

:func:`read_radiograph` takes what a person or a machine sent and gives back a decoded grey film or an
:class:`~ml.errors.IntakeError` whose text may be shown to that person. Names are never trusted, content is.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from ml.errors import IntakeError
from ml.film import SIDE, Header, Limits, ModelInput, Notice, Radiograph

__all__ = ["SIDE", "Header", "Limits", "ModelInput", "Notice", "Radiograph", "read_radiograph"]


def read_radiograph(
    data: bytes, *, limits: Limits = Limits(), salt: bytes = b"", for_model_only: bool = False
) -> Radiograph:
    """Read one film.

    Args:
        data: The file's bytes, whole.
        limits: Bounds, checked before decoding.
        salt: Secret mixed into ``Header.uid_hash``.
        for_model_only: Only :meth:`Radiograph.model_input` will be asked for; large JPEGs may then be decoded small.

    Raises:
        IntakeError: Not one readable radiograph; code, message and advice say why.
    """
    if not data:
        raise IntakeError("EMPTY_FILE", "The file is empty.", "Export the film again and submit the new file.")
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG", "PNG"]) as picture:
            size = picture.size
            if for_model_only and picture.format == "JPEG":
                picture.draft(None, (2 * SIDE, 2 * SIDE))
            pixels = np.asarray(picture.convert("L"))
            scaled = size if pixels.shape != (size[1], size[0]) else None
            return Radiograph(pixels, picture.format or "", scaled_from=scaled)
    except (OSError, SyntaxError, ValueError) as error:
        raise IntakeError(
            "DAMAGED", "The file is damaged.", "Export the film again and submit the new file."
        ) from error
