"""What is kept. The modules of this package import each other and nothing else of the app (rule of the house)."""

from diagnosis.models.prediction import Finding, ModelVersion, Prediction
from diagnosis.models.study import PENDING, State, Study, StudyQuerySet, max_attempts

__all__ = [
    "PENDING",
    "Finding",
    "ModelVersion",
    "Prediction",
    "State",
    "Study",
    "StudyQuerySet",
    "max_attempts",
]
