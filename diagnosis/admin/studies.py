"""The admin, where staff work: studies. Their predictions are in ``diagnosis.admin.predictions``."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from diagnosis import storage
from diagnosis.admin.predictions import ReadOnly
from diagnosis.models import PENDING, Prediction, Reference, Review, State, Study
from diagnosis.results.context import stated_probability
from diagnosis.results.formatting import percent
from diagnosis.results.translation import translate
from diagnosis.studies.images import send_corrected
from diagnosis.worker import reanalysis

SEES_FILMS = "diagnosis.view_film"
BEGINNING_OF_AN_ID = re.compile(r"[0-9a-f]{4,32}")


class PredictionInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]  # not subscriptable at run time
    """All predictions of a study, the newest first."""

    model = Prediction
    fields = ("created_at", "finding", "probability", "operating_point", "cuts", "model_version", "is_current")
    readonly_fields = fields
    show_change_link = True

    @admin.display(description=_("normal below, pneumonia from"))
    def cuts(self, prediction: Prediction) -> str:
        """The pair of cuts in force, as people read it."""
        return f"{percent(prediction.rule_out, 1)}, {percent(prediction.rule_in, 1)}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Prediction]:
        """Without the bytes of the heat maps and the text of the cards."""
        return (
            super()
            .get_queryset(request)
            .select_related("model_version")
            .defer("heatmap", "lungs", "model_version__card")
        )


class ReviewInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]  # not subscriptable at run time
    """People's reviews of a study, the newest first; older versions of a reading stay."""

    model = Review
    fields = ("created_at", "author", "finding", "certainty", "agreement", "before_answer", "comment", "is_current")
    readonly_fields = fields
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Review]:
        """With the readers' names in the same query."""
        return super().get_queryset(request).select_related("author")


class ReferenceInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]  # not subscriptable at run time
    """What was confirmed later, the newest first."""

    model = Reference
    fields = ("created_at", "author", "diagnosis", "source", "is_current")
    readonly_fields = fields
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reference]:
        """With the readers' names in the same query."""
        return super().get_queryset(request).select_related("author")


class ReasonFilter(admin.SimpleListFilter):
    """By reason of refusal or failure; the reasons are looked up among those studies only, by index."""

    title = _("reason")
    parameter_name = "reason_code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The reasons there are."""
        refused = Study.objects.order_by().filter(state__in=(State.REJECTED, State.FAILED))
        return [(code, code) for code in refused.values_list("reason_code", flat=True).distinct()[:30]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Study]) -> QuerySet[Study]:
        """Studies with the chosen reason."""
        if not self.value():
            return queryset
        return queryset.filter(state__in=(State.REJECTED, State.FAILED), reason_code=self.value())


@admin.register(Study)
class StudyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """Studies of all people. The films themselves need a permission of their own."""

    list_display = (
        "id_short",
        "film",
        "owner",
        "state",
        "finding",
        "with_warnings",
        "percent",
        "population",
        "label",
        "created_at",
    )
    list_display_links = ("id_short",)
    view_on_site = False  # the result page is its owner's alone; staff would get 404
    list_filter = ("state", ReasonFilter, "finding", "warned", "population", "created_at", "predicted_by")
    search_fields = ("=id", "label", "owner__username", "owner__email")
    search_help_text = _("Id, label, or the owner's user name or e-mail")
    date_hierarchy = None  # it would count all rows by day on every page
    list_select_related = ("owner", "predicted_by")
    list_per_page = 50
    show_full_result_count = False  # a second count of all rows on every filtered page
    raw_id_fields = ("owner",)
    actions = ("reanalyse",)
    inlines = (PredictionInline, ReviewInline, ReferenceInline)
    readonly_fields = (
        "film_large",
        "explanation",
        *(field.name for field in Study._meta.fields if field.name != "label"),
    )
    fieldsets = (
        (None, {"fields": ("film_large", "id", "owner", "label", "created_at")}),
        (_("State"), {"fields": ("state", "reason_code", "explanation", "refused_by", "queued_at", "sent_at",
                                 "started_at", "finished_at", "attempt", "reanalyses")}),
        (_("Population"), {"fields": ("population", "population_known_by", "stated_population")}),
        (_("Radiograph"), {"fields": ("source_format", "width", "height", "quarter_turns", "inverted", "header",
                                      "notices", "pixel_hash", "uid_hash")}),
        (_("Intended use"), {"fields": ("intended_use_version", "intended_use_at", "operating_point")}),
    )  # fmt: skip

    @admin.display(description=_("explanation"))
    def explanation(self, study: Study) -> str:
        """What the person was told of the state, in the reader's language."""
        parts = (translate(part, study.reason_parameters) for part in (study.reason, study.advice))
        return " ".join(filter(None, parts)) or "–"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Films come in through intake, which verifies them; not by hand."""
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Study], search_term: str
    ) -> tuple[QuerySet[Study], bool]:
        """Find the beginning of an id, as the list shows it, by the primary key; anything else as Django does."""
        letters = search_term.strip().replace("-", "").lower()
        if BEGINNING_OF_AN_ID.fullmatch(letters):
            found = queryset.filter(pk__range=(UUID(letters.ljust(32, "0")), UUID(letters.ljust(32, "f"))))
            if found.exists():
                return found, False
        found, doubled = super().get_search_results(request, queryset, search_term)
        return found | queryset.filter(pk__in=Study.objects.labelled(search_term).values("pk")), doubled

    def get_inlines(self, request: HttpRequest, obj: Study | None) -> list[Any]:
        """Only tables that have rows: an empty one can be pushed sideways on a narrow screen, but not by keyboard."""
        return [inline for inline in self.inlines if inline.model._default_manager.filter(study=obj).exists()]

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Leave the thumbnails out for those who may not see films."""
        columns = tuple(self.list_display)
        return columns if request.user.has_perm(SEES_FILMS) else tuple(name for name in columns if name != "film")

    def get_fieldsets(self, request: HttpRequest, obj: Study | None = None) -> Any:
        """Leave the film out for those who may not see it."""
        if request.user.has_perm(SEES_FILMS):
            return self.fieldsets
        (title, options), *rest = self.fieldsets
        return ((title, {"fields": tuple(name for name in options["fields"] if name != "film_large")}), *rest)

    def get_urls(self) -> list[URLPattern]:
        """Add the guarded addresses of a study's pictures."""
        return [
            path(
                "<uuid:pk>/<str:kind>",
                self.admin_site.admin_view(self.send_picture),
                name="diagnosis_study_picture",
            ),
            *super().get_urls(),
        ]

    def send_picture(self, request: HttpRequest, pk: UUID, kind: str) -> HttpResponseBase:
        """Send film or thumbnail of anybody's study to staff who may see films.

        Raises:
            PermissionDenied: they may not.
        """
        if not request.user.has_perm(SEES_FILMS):
            raise PermissionDenied
        study = get_object_or_404(Study, pk=pk)
        return send_corrected(study, small=kind != "film")

    @admin.display(description=_("study"), ordering="created_at")
    def id_short(self, study: Study) -> str:
        """The first eight letters of the id."""
        return f"{study.pk!s:.8}"

    @admin.display(description=_("radiograph"))
    def film(self, study: Study) -> str:
        """The thumbnail."""
        address = reverse("admin:diagnosis_study_picture", args=[study.pk, "thumbnail"])
        return format_html('<img src="{}" alt="" height="48" loading="lazy">', address)

    @admin.display(description=_("radiograph"))
    def film_large(self, study: Study) -> str:
        """The film, as large as the form allows."""
        address = reverse("admin:diagnosis_study_picture", args=[study.pk, "film"])
        alt = _("The submitted radiograph")
        return format_html('<img src="{}" alt="{}" width="420">', address, alt)

    @admin.display(description=_("with warnings"), ordering="warned")
    def with_warnings(self, study: Study) -> str:
        """A word where the finding carries warnings."""
        return gettext("with warnings") if study.warned else "–"

    @admin.display(description=_("probability"), ordering="probability")
    def percent(self, study: Study) -> str:
        """The current probability as it was calibrated, or the interval that is supported where it falls."""
        return str(stated_probability(study) or "–")

    @admin.action(description=_("Reanalyse"), permissions=["change"])
    def reanalyse(self, request: HttpRequest, queryset: QuerySet[Study]) -> None:
        """Queue the chosen studies again; those that are waiting anyway are left alone."""
        finished = list(queryset.exclude(state__in=PENDING))
        queued = sum(reanalysis.reanalyse(study, bulk=len(finished) > 1) for study in finished)
        text = ngettext("%d study is queued for analysis.", "%d studies are queued for analysis.", queued) % queued
        messages.success(request, text)

    def delete_model(self, request: HttpRequest, obj: Study) -> None:
        """Delete one study with its files."""
        storage.delete_studies(Study.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Study]) -> None:
        """Delete studies with their files."""
        storage.delete_studies(Study.objects.filter(pk__in=queryset.values_list("pk", flat=True)))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """A study takes its predictions along, so deleting it needs no permission to delete those."""
        to_delete, counts, _missing, protected = super().get_deleted_objects(objs, request)
        return to_delete, counts, set(), protected
