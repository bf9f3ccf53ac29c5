"""How a person wants to work: operating point, prevalence, language, time zone, reading first."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class OperatingPointName(models.TextChoices):
    """The operating points every model card has, in rising order of their thresholds."""

    SCREENING = "screening", _("Screening")
    BALANCED = "balanced", _("Balanced")
    RULE_IN = "rule_in", _("Rule-in")


PREVALENCE_MIN, PREVALENCE_MAX = 0.001, 0.999


class Preferences(models.Model):
    """One person's choices; who has made none has no row and gets the defaults."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="preferences"
    )
    operating_point = models.CharField(
        _("operating point"), max_length=20, choices=OperatingPointName.choices, default=OperatingPointName.BALANCED
    )
    # Share of the films this person submits that show pneumonia, as far as they know; null: not stated.
    prevalence = models.FloatField(
        _("local prevalence"),
        null=True,
        blank=True,
        validators=[MinValueValidator(PREVALENCE_MIN), MaxValueValidator(PREVALENCE_MAX)],
    )
    # Null: off. Only films submitted since then are hidden; the answers to earlier ones may have been seen.
    reader_first_since = models.DateTimeField(_("reader-first mode since"), null=True, editable=False)
    # The version of the intended use that this person has confirmed, and when; a later one is to be confirmed too.
    intended_use_version = models.CharField(_("intended use read, version"), max_length=20, blank=True, editable=False)
    intended_use_at = models.DateTimeField(_("intended use read, at"), null=True, editable=False)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    language = models.CharField(_("language"), max_length=16, blank=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("preferences")
        verbose_name_plural = _("preferences")
        constraints = (
            models.CheckConstraint(
                condition=Q(operating_point__in=OperatingPointName.values), name="preferences_point_known"
            ),
            models.CheckConstraint(
                condition=Q(prevalence__isnull=True) | Q(prevalence__range=(PREVALENCE_MIN, PREVALENCE_MAX)),
                name="preferences_prevalence_possible",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id}"

    @classmethod
    def of(cls, user: Any) -> Preferences:
        """The saved preferences of a signed-in person, or unsaved defaults; asked for once per request's ``user``."""
        return getattr(user, "preferences", None) or cls(user=user)

    @property
    def reader_first(self) -> bool:
        """Whether the model's answer is hidden until this person has given theirs."""
        return self.reader_first_since is not None

    def confirm_intended_use(self, version: str) -> dt.datetime:
        """Keep that this person has confirmed this version, once; when they did."""
        if self.intended_use_version != version or self.intended_use_at is None:
            self.intended_use_version, self.intended_use_at = version, timezone.now()
            confirmed = {"intended_use_version": version, "intended_use_at": self.intended_use_at}
            Preferences.objects.update_or_create(user_id=self.user_id, defaults=confirmed)
        return self.intended_use_at

    def set_reader_first(self, on: bool) -> None:
        """Switch the mode; on stays on since it was switched on."""
        if on != self.reader_first:
            self.reader_first_since = timezone.now() if on else None
