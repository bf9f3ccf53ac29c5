"""Studies that are analysed, hidden or reviewed, for the tests of the reading room."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.utils import timezone
from PIL import Image

from diagnosis.models import Preferences, Review, Study
from diagnosis.results.lungs_image import encode_lungs
from ml import Lungs
from tests.studies import analysed


def heat_map() -> bytes:
    """A heat map as a prediction keeps it: warm in one corner."""
    levels = np.zeros((7, 7), np.uint8)
    levels[1:3, 1:3] = 230
    buffer = io.BytesIO()
    Image.fromarray(levels).save(buffer, "PNG")
    return buffer.getvalue()


def two_lungs() -> bytes:
    """Lungs as a prediction keeps them: two upright ellipses."""
    down, across = np.mgrid[:144, :144]
    away = [((across - middle) / 25) ** 2 + ((down - 70) / 50) ** 2 for middle in (40, 104)]
    return encode_lungs(Lungs((np.minimum(*away) < 1).astype(np.float32)))


def with_heat(owner: User, seed: int = 0, **prediction: Any) -> Study:
    """An analysed study with a heat map, lungs and a warning that only the model could have given."""
    warning = {
        "code": "UNLIKE_TRAINING",
        "message": "Unlike the films it learned from.",
        "advice": "Trust it less.",
        "parameters": {},
    }
    return analysed(owner, seed, heatmap=heat_map(), lungs=two_lungs(), warnings=[warning], **prediction)


def read_first(person: User) -> Preferences:
    """Switch reader-first mode on, as of a minute ago, so that films submitted now are hidden."""
    mine = Preferences.of(person)
    mine.reader_first_since = timezone.now() - dt.timedelta(minutes=1)
    mine.save()
    return mine


def reading(study: Study, author: User, finding: str, **fields: Any) -> Review:
    """A review, blind unless an agreement is given."""
    fields.setdefault("before_answer", "agreement" not in fields)
    return Review.record(
        study=study, author=author, prediction=study.prediction, finding=finding, **{"certainty": "medium", **fields}
    )
