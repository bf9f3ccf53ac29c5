"""What is kept. These modules import each other and, of the app, nothing but its encryption (rule of the house)."""

from diagnosis.models.api import ApiToken, DailyUse, IdempotentRequest
from diagnosis.models.prediction import Finding, ModelVersion, Prediction
from diagnosis.models.preferences import PREVALENCE_MAX, PREVALENCE_MIN, OperatingPointName, Preferences
from diagnosis.models.review import Agreement, Certainty, Diagnosis, OwnFinding, Reference, Review, Source
from diagnosis.models.state import PENDING, State, max_attempts
from diagnosis.models.study import PATIENT_CODE, STATED, KnownBy, Population, Study, StudyQuerySet
from diagnosis.models.webhook import Delivery, Webhook
from diagnosis.models.worklist import SavedFilter, StudyTag, Tag, TagNames

__all__ = [
    "PATIENT_CODE",
    "PENDING",
    "PREVALENCE_MAX",
    "PREVALENCE_MIN",
    "STATED",
    "Agreement",
    "ApiToken",
    "Certainty",
    "DailyUse",
    "Delivery",
    "Diagnosis",
    "Finding",
    "IdempotentRequest",
    "KnownBy",
    "ModelVersion",
    "OperatingPointName",
    "OwnFinding",
    "Population",
    "Prediction",
    "Preferences",
    "Reference",
    "Review",
    "SavedFilter",
    "Source",
    "State",
    "Study",
    "StudyQuerySet",
    "StudyTag",
    "Tag",
    "TagNames",
    "Webhook",
    "max_attempts",
]
