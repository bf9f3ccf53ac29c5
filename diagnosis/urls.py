"""The app's addresses; they are stable, people bookmark them."""

from __future__ import annotations

from django.urls import path

from diagnosis import pages
from diagnosis.accounts import data_export, deletion, preferences
from diagnosis.history import exports, live
from diagnosis.history import views as history
from diagnosis.report import content
from diagnosis.reviews import performance
from diagnosis.reviews import views as review_views
from diagnosis.studies import images as film_views
from diagnosis.studies import views

urlpatterns = [
    *pages.urlpatterns,
    path("studies/", history.studies, name="studies"),
    path("studies/live/", live.studies_live, name="studies_live"),
    path("studies/selected/", history.studies_selected, name="studies_selected"),
    path("studies/compare/", history.studies_compare, name="studies_compare"),
    path("studies/export.csv", exports.studies_export, {"kind": "csv"}, name="studies_export_csv"),
    path("studies/export.json", exports.studies_export, {"kind": "json"}, name="studies_export_json"),
    path("studies/export/", exports.studies_export_columns, name="studies_export_columns"),
    path("studies/new/", views.study_new, name="study_new"),
    path("studies/<uuid:pk>/", views.study, name="study"),
    path("studies/<uuid:pk>/status/", views.study_status, name="study_status"),
    path("studies/<uuid:pk>/again/", views.study_again, name="study_again"),
    path("studies/<uuid:pk>/label/", views.study_label, name="study_label"),
    path("studies/<uuid:pk>/delete/", views.study_delete, name="study_delete"),
    path("studies/<uuid:pk>/review/", review_views.study_review, name="study_review"),
    path("studies/<uuid:pk>/reference/", review_views.study_reference, name="study_reference"),
    path("studies/<uuid:pk>/image/", film_views.study_image, name="study_image"),
    path("studies/<uuid:pk>/original/", film_views.study_original, name="study_original"),
    path("studies/<uuid:pk>/thumbnail/", film_views.study_thumbnail, name="study_thumbnail"),
    path("studies/<uuid:pk>/heatmap/", film_views.study_heatmap, name="study_heatmap"),
    path("studies/<uuid:pk>/report.pdf", content.study_report, name="study_report"),
    path("account/data.zip", data_export.account_export, name="account_export"),
    path("account/delete/", deletion.account_delete, name="account_delete"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("preferences/prevalence/", preferences.prevalence, name="preferences_prevalence"),
    path("performance/", performance.performance, name="performance"),
]
