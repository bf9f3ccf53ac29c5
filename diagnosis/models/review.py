"""What people enter of a study: their reading of the film, and the diagnosis that was confirmed later.

Nothing is overwritten: each save adds a row and makes it the current one.
"""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from diagnosis.models.prediction import Finding, Prediction


class Entry(models.Model):
    """What one person entered of one study; the newest is current, the older ones are its history."""

    is_current = models.BooleanField(_("current"), default=True, editable=False)
    created_at = models.DateTimeField(_("written at"), default=timezone.now, editable=False)

    class Meta:
        abstract = True

    @classmethod
    def record(cls, *, study: Any, author: Any, **values: Any) -> Self:
        """Add a row and make it the current one. The study's row is locked meanwhile: two saves at once take turns."""
        with transaction.atomic():
            type(study)._default_manager.select_for_update().filter(pk=study.pk).first()
            cls._default_manager.filter(study=study, author=author, is_current=True).update(is_current=False)
            return cls._default_manager.create(study=study, author=author, **values)


class Agreement(models.TextChoices):
    """What a person thinks of the model's answer."""

    AGREE = "agree", _("Agree")
    DISAGREE = "disagree", _("Disagree")
    UNSURE = "unsure", _("Unsure")


class OwnFinding(models.TextChoices):
    """What a person sees on the film; the values are those of ``Finding``, the words are a reader's."""

    PNEUMONIA = "pneumonia", _("Signs of pneumonia")
    NORMAL = "normal", _("No signs of pneumonia")
    INDETERMINATE = "indeterminate", _("I cannot tell")


class Certainty(models.TextChoices):
    """How sure a person is of their own finding."""

    LOW = "low", _("Low")
    MEDIUM = "medium", _("Medium")
    HIGH = "high", _("High")


class Review(Entry):
    """A person's reading of a film, given before the model's answer was shown to them or after."""

    study = models.ForeignKey(
        "diagnosis.Study", verbose_name=_("study"), on_delete=models.CASCADE, related_name="reviews"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("reader"), on_delete=models.CASCADE, related_name="reviews"
    )
    # The answer that was there when the person read; "analyse again" may have brought another since.
    prediction = models.ForeignKey(
        Prediction, verbose_name=_("prediction"), on_delete=models.CASCADE, related_name="reviews"
    )
    before_answer = models.BooleanField(_("given before the answer was shown"), default=False)
    agreement = models.CharField(_("agreement"), max_length=10, choices=Agreement.choices, blank=True)
    finding = models.CharField(_("own finding"), max_length=20, choices=OwnFinding.choices)
    certainty = models.CharField(_("certainty"), max_length=10, choices=Certainty.choices)
    comment = models.TextField(_("comment"), max_length=2000, blank=True)
    # Boxes and arrows drawn by the reader (diagnosis.reviews.marks), in pixels of the radiograph as it is shown.
    marks = models.JSONField(_("marks"), default=list, blank=True)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ("-created_at", "-id")
        constraints = (
            # Also the index behind "has this person read this film?".
            models.UniqueConstraint(
                fields=("study", "author"), condition=Q(is_current=True), name="one_current_review_each"
            ),
            # A reading given blind cannot agree with what was not shown; any other says whether it does.
            models.CheckConstraint(
                condition=Q(before_answer=True, agreement="") | Q(before_answer=False, agreement__in=Agreement.values),
                name="review_agrees_iff_answer_shown",
            ),
            models.CheckConstraint(condition=Q(finding__in=Finding.values), name="review_finding_known"),
            models.CheckConstraint(condition=Q(certainty__in=Certainty.values), name="review_certainty_known"),
        )
        indexes = (
            # A person's readings in order of time, for their performance.
            models.Index(fields=("author", "created_at"), name="review_by_author"),
        )

    def __str__(self) -> str:
        return self.get_finding_display()


class Source(models.TextChoices):
    """What confirmed a diagnosis."""

    RADIOLOGIST = "radiologist", _("Radiologist’s report")
    CT = "ct", _("CT")
    FOLLOW_UP = "follow_up", _("Clinical follow-up")
    LABORATORY = "laboratory", _("Laboratory")


class Diagnosis(models.TextChoices):
    """What it turned out to be."""

    PNEUMONIA = "pneumonia", _("Pneumonia")
    NORMAL = "normal", _("No pneumonia")


class Reference(Entry):
    """The diagnosis that was confirmed later, and by what: the yardstick for person and model alike."""

    study = models.ForeignKey(
        "diagnosis.Study", verbose_name=_("study"), on_delete=models.CASCADE, related_name="references"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("entered by"), on_delete=models.CASCADE, related_name="references"
    )
    diagnosis = models.CharField(_("diagnosis"), max_length=10, choices=Diagnosis.choices)
    source = models.CharField(_("source"), max_length=20, choices=Source.choices)

    class Meta:
        verbose_name = _("confirmed diagnosis")
        verbose_name_plural = _("confirmed diagnoses")
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("study", "author"), condition=Q(is_current=True), name="one_current_reference_each"
            ),
            models.CheckConstraint(condition=Q(diagnosis__in=Diagnosis.values), name="reference_diagnosis_known"),
            models.CheckConstraint(condition=Q(source__in=Source.values), name="reference_source_known"),
        )

    def __str__(self) -> str:
        return self.get_diagnosis_display()
