"""Studies: what was submitted, and who may see it."""

from __future__ import annotations

import uuid
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from diagnosis.models.collation import CollationKey, collation_key
from diagnosis.models.prediction import Finding, Prediction
from diagnosis.models.preferences import Preferences
from diagnosis.models.review import Review
from diagnosis.models.state import PENDING, HasState, State


class Population(models.TextChoices):
    """Whose film it is. A model answers for some of these; outside and unknown it never does."""

    CHILD = "child", _("Child, 1 to 5 years")
    ADULT = "adult", _("Adult")
    OUTSIDE = "outside", _("Neither: an infant, or 6 to 17 years")
    UNKNOWN = "unknown", _("Not known")


class KnownBy(models.TextChoices):
    """How the population is known; the first that says anything wins."""

    HEADER = "header", _("age in the DICOM header")
    STATED = "stated", _("stated on submission")
    IMAGE = "image", _("estimated by the image check")


PATIENT_CODE = 40
"""Longest code of a patient."""
STATED = (("child", Population.CHILD.label), ("adult", Population.ADULT.label), ("", Population.UNKNOWN.label))
"""What a person may state for a submission."""


class StudyQuerySet(models.QuerySet["Study"]):
    """The one place that knows who may see what."""

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Studies this person may see: their own. Staff look through the admin, with a permission of its own."""
        return self.filter(owner_id=user.pk) if user.is_authenticated else self.none()

    def update(self, **changes: Any) -> int:
        """As Django's; a new label brings its key."""
        if "label" in changes:
            changes["label_key"] = collation_key(changes["label"])
        return super().update(**changes)

    def labelled(self, text: str) -> Self:
        """Studies with this text in their label, whatever its case and accents."""
        return self.filter(label_key__contains=collation_key(text))

    def pending(self) -> Self:
        """Studies without an answer yet."""
        return self.filter(state__in=PENDING)

    def with_current_prediction(self, *, pictures: bool = False) -> Self:
        """Fetch each study's current prediction in one further query; its pictures only if they are wanted."""
        current = Prediction.objects.filter(is_current=True).select_related("model_version")
        current = current.defer("model_version__card", *(() if pictures else ("heatmap", "lungs")))
        return self.prefetch_related(models.Prefetch("predictions", queryset=current, to_attr="current_predictions"))

    def with_hidden(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Annotate ``answer_hidden``: this person reads first, and has not read this film yet.

        Only films submitted since they chose so are hidden: they may have seen the answers to the earlier ones.
        """
        known = user._state.fields_cache.get("preferences", ...) if isinstance(user, models.Model) else ...
        if known is None or (isinstance(known, Preferences) and not known.reader_first):  # nothing to look up
            return self.annotate(answer_hidden=models.Value(False, output_field=models.BooleanField()))
        reads_first = Preferences.objects.filter(user=user.pk, reader_first_since__lte=OuterRef("created_at"))
        has_read = Review.objects.filter(author_id=user.pk, study=OuterRef("pk"), is_current=True)
        hidden = Q(state=State.DONE) & Exists(reads_first) & ~Exists(has_read)
        return self.annotate(answer_hidden=models.ExpressionWrapper(hidden, output_field=models.BooleanField()))

    def answers_shown_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Leave out what ``with_hidden`` hides; a filter by finding would tell the answer too."""
        return self.with_hidden(user).filter(answer_hidden=False)

    def unread_by(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """What ``with_hidden`` hides: this person reads first, and has these still to read."""
        return self.visible_to(user).with_hidden(user).filter(answer_hidden=True)


class Study(HasState):
    """One submitted radiograph and its state. Its files lie in a folder named by its id (``diagnosis.storage``)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("owner"), on_delete=models.CASCADE, related_name="studies"
    )
    label = models.CharField(_("label"), max_length=120, blank=True)
    label_key = CollationKey(of="label")  # found and sorted by
    # Whose radiograph it is, in the person's own code (never a name): studies over time belong together by it.
    patient_code = models.CharField(_("patient code"), max_length=PATIENT_CODE, blank=True)
    created_at = models.DateTimeField(_("submitted"), default=timezone.now, editable=False)
    # One submission is one press of the button: a second press with the same token finds what the first one made.
    submission = models.UUIDField(default=uuid.uuid4, editable=False)
    position = models.PositiveSmallIntegerField(default=0, editable=False)
    intended_use_version = models.CharField(_("intended use read, version"), max_length=20, editable=False)
    intended_use_at = models.DateTimeField(_("intended use read, at"), editable=False)

    operating_point = models.CharField(_("operating point"), max_length=20, default="balanced", editable=False)
    # Stated for the submission; whose film it turned out to be, and how that is known. The latter two are
    # empty until the film is analysed, and where it was analysed before they were kept.
    stated_population = models.CharField(
        _("population as stated"), max_length=10, choices=STATED[:2], blank=True, editable=False
    )
    population = models.CharField(
        _("population"), max_length=10, choices=Population.choices, blank=True, editable=False
    )
    population_known_by = models.CharField(
        _("population known by"), max_length=10, choices=KnownBy.choices, blank=True, editable=False
    )
    # How the image check put the film right, quarter turns counter-clockwise and then black for white: it is shown so.
    quarter_turns = models.PositiveSmallIntegerField(_("quarter turns"), default=0, editable=False)
    inverted = models.BooleanField(_("black and white exchanged"), default=False, editable=False)
    # What intake read: facts of the picture, never of the person: names, dates and identifiers are not kept.
    width = models.PositiveIntegerField(_("width"), editable=False)
    height = models.PositiveIntegerField(_("height"), editable=False)
    source_format = models.CharField(_("format"), max_length=20, editable=False)
    pixel_hash = models.CharField(_("hash of the pixels"), max_length=64, editable=False)
    # Of a DICOM file's study, series and instance UIDs, with the site's secret: two films of one image can be told,
    # and nothing else. In a column of its own, beside the other facts of the header, for its index.
    uid_hash = models.CharField(_("salted hash of the UIDs"), max_length=64, blank=True, editable=False)
    header = models.JSONField(_("facts from the header"), default=dict, editable=False)
    notices = models.JSONField(_("notices"), default=list, editable=False)

    objects = StudyQuerySet.as_manager()
    answer_hidden: bool  # set by with_hidden()

    class Meta:
        verbose_name = _("study")
        verbose_name_plural = _("studies")
        ordering = ("-created_at", "-id")
        permissions = (("view_film", _("Can look at other people's films")),)
        indexes = (
            # A person's history, newest first, page by page.
            models.Index(fields=("owner", "-created_at", "-id"), name="study_history"),
            # The same, of one state or finding only; also covers the counts by state and finding above the history.
            models.Index(fields=("owner", "state", "finding", "-created_at", "-id"), name="study_history_by_answer"),
            # The same, predicted by one model version.
            models.Index(fields=("owner", "predicted_by", "-created_at", "-id"), name="study_history_by_model"),
            # A person's history, only findings that carry a warning.
            models.Index(
                fields=("owner", "-created_at", "-id"), condition=Q(warned=True), name="study_history_with_warnings"
            ),
            # A person's history by probability.
            models.Index(fields=("owner", "-probability", "-id"), name="study_by_probability"),
            # A person's history by label; the search for a text in it reads this index alone.
            models.Index(fields=("owner", "label_key", "id"), name="study_by_label_key"),
            # A person's studies of one patient, over time.
            models.Index(
                fields=("owner", "patient_code", "-created_at"), condition=~Q(patient_code=""), name="study_of_patient"
            ),
            # Has this person submitted these pixels before?
            models.Index(fields=("owner", "pixel_hash"), name="study_same_pixels"),
            # Has this person submitted this DICOM image before?
            models.Index(fields=("owner", "uid_hash"), name="study_same_image"),
            # The sweeper and the waiting counts: only what is not finished, so it stays tiny.
            models.Index(
                fields=("state", "created_at"), condition=Q(state__in=("queued", "running")), name="study_pending"
            ),
            # The admin's list, newest first, and its count by state.
            models.Index(fields=("-created_at", "-id"), name="study_newest"),
            models.Index(fields=("state",), name="study_by_state"),
        )
        constraints = (
            models.UniqueConstraint(fields=("owner", "submission", "position"), name="study_submitted_once"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="study_state_known"),
            models.CheckConstraint(condition=Q(width__gt=0, height__gt=0), name="study_has_pixels"),
            models.CheckConstraint(
                condition=Q(stated_population__in=("", "child", "adult"))
                & Q(population__in=("", *Population.values))
                & Q(population_known_by__in=("", *KnownBy.values)),
                name="study_population_known",
            ),
            # Outside all populations no finding can be stored, whatever went wrong before.
            models.CheckConstraint(
                condition=~Q(state="done") | ~Q(population__in=("outside", "unknown")),
                name="study_answer_for_a_population",
            ),
            models.CheckConstraint(condition=Q(quarter_turns__lte=3), name="study_turned_by_quarters"),
            models.CheckConstraint(condition=Q(warned=False) | Q(state="done"), name="study_warned_only_if_done"),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(started_at__isnull=False), name="study_running_has_started"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("queued", "running"), finished_at__isnull=True)
                | Q(state__in=("done", "rejected", "failed"), finished_at__isnull=False),
                name="study_finished_iff_final",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("rejected", "failed")) | ~Q(reason_code=""), name="study_refusal_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(
                    state="done",
                    finding__in=Finding.values,
                    probability__gt=0,
                    probability__lt=1,
                    predicted_by__isnull=False,
                )
                | (~Q(state="done") & Q(finding="", probability__isnull=True, predicted_by__isnull=True)),
                name="study_answer_iff_done",
            ),
        )

    def __str__(self) -> str:
        return self.label or f"{self.pk!s:.8}"

    def get_absolute_url(self) -> str:
        """Address of the result page."""
        return reverse("study", args=[self.pk])

    @property
    def corrected(self) -> bool:
        """Whether the film is shown otherwise than it was submitted: turned upright, or black for white."""
        return bool(self.quarter_turns) or self.inverted

    @property
    def shown_size(self) -> tuple[int, int]:
        """Width and height as the film is shown."""
        return (self.height, self.width) if self.quarter_turns % 2 else (self.width, self.height)

    def same_image(self) -> StudyQuerySet:
        """Other studies of this owner that were made of the same DICOM image, whatever became of its grey values."""
        rows = Study.objects.filter(owner_id=self.owner_id, uid_hash=self.uid_hash).exclude(pk=self.pk)
        return rows if self.uid_hash else rows.none()

    def same_patient(self) -> StudyQuerySet:
        """Other studies of this owner under the same patient code, the newest first; none without a code."""
        rows = Study.objects.filter(owner_id=self.owner_id, patient_code=self.patient_code).exclude(pk=self.pk)
        return rows.order_by("-created_at", "-id") if self.patient_code else rows.none()

    def relabel(self, label: str, patient_code: str) -> None:
        """Give it another label and patient code, or none; one UPDATE of these columns."""
        Study.objects.filter(pk=self.pk).update(label=label, patient_code=patient_code)
        self.label, self.patient_code = label, patient_code
