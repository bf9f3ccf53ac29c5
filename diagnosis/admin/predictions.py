"""Predictions, reviews and confirmed diagnoses in the admin, read-only, and the versions that predicted."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from diagnosis.models import ModelVersion, Prediction, Reference, Review
from diagnosis.results.context import CARD_ERRORS
from diagnosis.results.error_rates import consequences
from diagnosis.results.formatting import figure, percent
from ml import ModelCard, parse_card


class ReadOnly:
    """Predictions and reviews stay as they are: nobody adds, changes or deletes one by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never; deleting a study takes its predictions along."""
        return False


@admin.register(Prediction)
class PredictionAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """What the model predicted, read-only."""

    list_display = (
        "study",
        "finding",
        "calibrated",
        "warned",
        "operating_point",
        "model_version",
        "is_current",
        "created_at",
    )
    list_filter = ("finding", "is_current", "operating_point", "model_version")
    list_select_related = ("study", "model_version")
    show_full_result_count = False
    exclude = ("heatmap", "lungs")

    @admin.display(description=_("probability of pneumonia"), ordering="probability")
    def calibrated(self, prediction: Prediction) -> str:
        """As it was calibrated, in percent."""
        return percent(prediction.probability, 1)

    @admin.display(description=_("with warnings"), boolean=True)
    def warned(self, prediction: Prediction) -> bool:
        """Whether warnings go with it."""
        return bool(prediction.warnings)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Prediction]:
        """Without the bytes of the heat maps and the text of the cards."""
        return super().get_queryset(request).defer("heatmap", "lungs", "model_version__card")


@admin.register(Review)
class ReviewAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """People's reviews of films and answers, read-only."""

    list_display = ("study", "author", "finding", "certainty", "agreement", "before_answer", "created_at")
    list_filter = ("finding", "agreement", "before_answer", "is_current")
    list_select_related = ("study", "author")
    show_full_result_count = False
    raw_id_fields = ("study", "author", "prediction")


@admin.register(Reference)
class ReferenceAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """Diagnoses that were confirmed later, read-only."""

    list_display = ("study", "author", "diagnosis", "source", "is_current", "created_at")
    list_filter = ("diagnosis", "source", "is_current")
    list_select_related = ("study", "author")
    show_full_result_count = False
    raw_id_fields = ("study", "author")


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """Model versions: exactly one is active, or none while analysis is paused."""

    list_display = ("version", "sha256", "active", "registered_at")
    actions = ("activate", "deactivate")
    fieldsets = (
        (None, {"fields": ("version", "sha256", "active", "registered_at", "made")}),
        (_("From its card"), {"fields": ("measured_on", "auc", "points", "population")}),
    )

    @admin.display(description=_("predictions"))
    def made(self, version: ModelVersion) -> SafeString:
        """Its predictions, a link away."""
        address = f"{reverse('admin:diagnosis_prediction_changelist')}?model_version__id__exact={version.pk}"
        return format_html('<a href="{}">{}</a>', address, _("Show its predictions"))

    @admin.display(description=_("measured on"))
    def measured_on(self, version: ModelVersion) -> str:
        """The films and people behind the figures."""
        plain = _plain(version)
        if not plain:
            return "–"
        return _("%(films)s radiographs of %(patients)s patients on whom nothing was chosen") % plain

    @admin.display(description=_("area under the ROC curve"))
    def auc(self, version: ModelVersion) -> str:
        """With its interval."""
        return figure(_plain(version).get("auc"))

    @admin.display(description=_("operating points"))
    def points(self, version: ModelVersion) -> SafeString | str:
        """Each with its pair of cuts and its errors, population by population."""
        card = _card(version)
        if card is None:
            return "–"
        lines = [
            (
                name,
                _("%(name)s, normal below %(low)s, pneumonia from %(high)s")
                % {
                    "name": rule.name,
                    "low": percent(rule.point.cuts.rule_out, 1),
                    "high": percent(rule.point.cuts.rule_in, 1),
                },
                _("missed %(missed)s, false alarms %(alarms)s, of 100 each")
                % {"missed": rule.missed.of_100, "alarms": rule.false_alarms.of_100}
                if rule.rows
                else _("errors of this rule were not measured"),
            )
            for name, population in card.populations.items()
            for rule in (consequences(population, point) for point in population.operating_points)
        ]
        return format_html_join("", "<div>{}: <strong>{}</strong>: {}</div>", lines)

    @admin.display(description=_("population"))
    def population(self, version: ModelVersion) -> str:
        """Whose films it learned from, as the card says it."""
        card = _card(version)
        return " ".join(population.description for population in card.populations.values()) if card else "–"

    @admin.action(description=_("Activate: use this version for new studies"))
    def activate(self, request: HttpRequest, queryset: QuerySet[ModelVersion]) -> None:
        """Make one version the active one."""
        if not request.user.has_perm("diagnosis.change_modelversion"):
            raise PermissionDenied
        chosen = list(queryset[:2])
        if len(chosen) != 1:
            messages.error(request, _("Choose exactly one version to activate."))
            return
        chosen[0].activate()
        messages.success(request, _("Version %s predicts from now on.") % chosen[0])

    @admin.action(description=_("Deactivate: studies wait until a version is active"))
    def deactivate(self, request: HttpRequest, queryset: QuerySet[ModelVersion]) -> None:
        """Pause analysis."""
        if not request.user.has_perm("diagnosis.change_modelversion"):
            raise PermissionDenied
        for version in queryset.filter(active=True):
            version.deactivate()
            messages.warning(request, _("Version %s is no longer used; new studies wait.") % version)


def _card(version: ModelVersion) -> ModelCard | None:
    """The card as it was published; ``None`` where it cannot be read."""
    try:
        return parse_card(version.card)
    except CARD_ERRORS:
        return None


def _plain(version: ModelVersion) -> dict[str, Any]:
    """The figures on the films as they are."""
    card = _card(version)
    return dict(card.first.metrics.get("internal_test", {})) if card else {}
