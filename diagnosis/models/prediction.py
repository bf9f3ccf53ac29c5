"""Predictions: the answer of one model version to one study, kept for ever as it was given."""

from __future__ import annotations

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ModelVersion(models.Model):
    """What is served at a time: the sha256 of its networks and the version of its card, kept as it was published.

    One network may be published more than once, by another rule and with other figures; each is a version of its own.
    Of several networks, one for each population, the sha256 is over all of them
    (:mod:`ml.inference.cards.joined_card`).
    """

    sha256 = models.CharField(_("SHA-256"), max_length=64, editable=False)
    version = models.CharField(_("version"), max_length=40, editable=False)
    card = models.JSONField(_("card"), editable=False)
    active = models.BooleanField(_("active"), default=False, editable=False)
    registered_at = models.DateTimeField(_("registered"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("model version")
        verbose_name_plural = _("model versions")
        ordering = ("-registered_at",)
        constraints = (
            models.UniqueConstraint(fields=("active",), condition=Q(active=True), name="one_active_model_version"),
            # Also the index behind "is this artefact known already?".
            models.UniqueConstraint(fields=("sha256", "version"), name="one_row_per_artefact"),
        )

    def __str__(self) -> str:
        return f"{self.version} ({self.sha256[:8]})"

    def activate(self) -> None:
        """Make this the one version that predicts for new studies."""
        with transaction.atomic():
            ModelVersion.objects.filter(active=True).exclude(pk=self.pk).update(active=False)
            ModelVersion.objects.filter(pk=self.pk).update(active=True)
        self.active = True

    def deactivate(self) -> None:
        """Stop predicting with this version; with none active, studies wait."""
        ModelVersion.objects.filter(pk=self.pk).update(active=False)
        self.active = False


class Finding(models.TextChoices):
    """What the model says, in the words of the house."""

    PNEUMONIA = "pneumonia", _("Signs of pneumonia")
    NORMAL = "normal", _("No signs of pneumonia")
    INDETERMINATE = "indeterminate", _("Indeterminate")


class Prediction(models.Model):
    """What one model version predicted of one study, kept for ever as it was.

    ``rule_out`` and ``rule_in`` are the cuts in force (:func:`ml.decide`): the finding follows from them and
    the probability. Where the film belongs, and how it was put right, stands with the study.
    """

    study = models.ForeignKey(
        "diagnosis.Study", verbose_name=_("study"), on_delete=models.CASCADE, related_name="predictions"
    )
    model_version = models.ForeignKey(
        ModelVersion, verbose_name=_("model version"), on_delete=models.PROTECT, related_name="predictions"
    )
    attempt = models.PositiveIntegerField(_("attempt"))
    is_current = models.BooleanField(_("current"), default=True)
    finding = models.CharField(_("finding"), max_length=20, choices=Finding.choices)
    probability = models.FloatField(_("probability of pneumonia"))
    operating_point = models.CharField(_("operating point"), max_length=20)
    # No signs of pneumonia below the first, signs of pneumonia from the second upwards, indeterminate between them.
    rule_out = models.FloatField(_("rule-out cut"))
    rule_in = models.FloatField(_("rule-in cut"))
    # The network's logit, before calibration; null: predicted before it was kept.
    score = models.FloatField(_("score before calibration"), null=True)
    # A small grey PNG, the class activation map at the network's own resolution; a few hundred bytes.
    heatmap = models.BinaryField(_("heat map"), blank=True, default=bytes)
    # Where the lungs are, a small grey PNG of probabilities over the film as it is shown; empty: not looked for.
    lungs = models.BinaryField(_("lungs"), blank=True, default=bytes)
    warnings = models.JSONField(_("warnings"), default=list)
    milliseconds = models.FloatField(_("time the model took, ms"))
    created_at = models.DateTimeField(_("predicted at"), default=timezone.now)

    class Meta:
        verbose_name = _("prediction")
        verbose_name_plural = _("predictions")
        ordering = ("-created_at", "-id")
        constraints = (
            # Also the index behind "the current prediction of this study".
            models.UniqueConstraint(fields=("study",), condition=Q(is_current=True), name="one_current_prediction"),
            models.UniqueConstraint(fields=("study", "attempt"), name="one_prediction_per_attempt"),
            models.CheckConstraint(condition=Q(finding__in=Finding.values), name="prediction_finding_known"),
            # A model is never certain: neither 0 % nor 100 % can be stored.
            models.CheckConstraint(condition=Q(probability__gt=0, probability__lt=1), name="prediction_inside_0_1"),
            models.CheckConstraint(
                condition=Q(rule_out__gt=0, rule_out__lte=F("rule_in"), rule_in__lt=1), name="prediction_cuts_in_order"
            ),
            # What is shown is what the cuts say: recomputing every finding from the stored row gives the same.
            models.CheckConstraint(
                condition=Q(finding="normal", probability__lt=F("rule_out"))
                | Q(finding="pneumonia", probability__gte=F("rule_in"))
                | Q(finding="indeterminate", probability__gte=F("rule_out"), probability__lt=F("rule_in")),
                name="prediction_finding_follows_cuts",
            ),
            models.CheckConstraint(condition=Q(milliseconds__gte=0), name="prediction_took_time"),
        )

    def __str__(self) -> str:
        return f"{self.get_finding_display()} ({self.probability:.2f})"

    @property
    def percent(self) -> float:
        """The probability in percent."""
        return 100 * self.probability
