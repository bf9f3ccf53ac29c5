"""The app's addresses; they are stable, people bookmark them."""

from __future__ import annotations

from django.urls import path

from diagnosis import pages
from diagnosis.accounts import data_export, deletion, preferences
from diagnosis.api import tokens
from diagnosis.api import urls as api
from diagnosis.history import exports, live, saved
from diagnosis.history import views as history
from diagnosis.report.views import study_report
from diagnosis.reviews import performance
from diagnosis.reviews import views as reviews
from diagnosis.samples.views import sample
from diagnosis.studies import compare, images, selected
from diagnosis.studies import deletion as study_deletion
from diagnosis.studies import views as studies
from diagnosis.submission.views import studies_arrived, study_new
from diagnosis.webhooks import views as webhooks

urlpatterns = [  # tried in this order: what is asked for most comes first
    path("studies/", history.studies, name="studies"),
    path("studies/<uuid:pk>/", studies.study, name="study"),
    path("studies/<uuid:pk>/status/", studies.study_status, name="study_status"),
    path("studies/live/", live.studies_live, name="studies_live"),
    path("studies/<uuid:pk>/image/", images.study_image, name="study_image"),
    path("studies/<uuid:pk>/thumbnail/", images.study_thumbnail, name="study_thumbnail"),
    path("studies/selected/", selected.studies_selected, name="studies_selected"),
    path("studies/overview/", history.studies_overview, name="studies_overview"),
    path("studies/filters/", saved.filter_save, name="filter_save"),
    path("studies/filters/<int:pk>/delete/", saved.filter_delete, name="filter_delete"),
    path("studies/compare/", compare.studies_compare, name="studies_compare"),
    path("studies/export.csv", exports.studies_export, {"kind": "csv"}, name="studies_export_csv"),
    path("studies/export.json", exports.studies_export, {"kind": "json"}, name="studies_export_json"),
    path("studies/export/", exports.studies_export_columns, name="studies_export_columns"),
    path("studies/new/", study_new, name="study_new"),
    path("studies/arrived/", studies_arrived, name="studies_arrived"),
    path("studies/<uuid:pk>/again/", studies.study_again, name="study_again"),
    path("studies/<uuid:pk>/tags/", selected.study_tags, name="study_tags"),
    path("studies/<uuid:pk>/unread/next/", history.study_unread, {"way": "next"}, name="study_next_unread"),
    path("studies/<uuid:pk>/unread/previous/", history.study_unread, {"way": "previous"}, name="study_previous_unread"),
    path("studies/<uuid:pk>/label/", studies.study_label, name="study_label"),
    path("studies/<uuid:pk>/delete/", study_deletion.study_delete, name="study_delete"),
    path("studies/<uuid:pk>/review/", reviews.study_review, name="study_review"),
    path("studies/<uuid:pk>/reference/", reviews.study_reference, name="study_reference"),
    path("studies/<uuid:pk>/original/", images.study_original, name="study_original"),
    path("studies/<uuid:pk>/lungs/", images.study_lungs, name="study_lungs"),
    path("studies/<uuid:pk>/heatmap/", images.study_heatmap, name="study_heatmap"),
    path("studies/<uuid:pk>/report.pdf", study_report, name="study_report"),
    path("account/data.zip", data_export.account_export, name="account_export"),
    path("account/delete/", deletion.account_delete, name="account_delete"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("preferences/prevalence/", preferences.prevalence, name="preferences_prevalence"),
    path("performance/", performance.performance, name="performance"),
    path("sample/", sample, name="sample_first"),
    path("sample/<slug:name>/", sample, name="sample"),
    path("account/tokens/", tokens.tokens, name="tokens"),
    path("account/tokens/<int:pk>/revoke/", tokens.token_revoke, name="token_revoke"),
    path("account/webhooks/", webhooks.webhooks, name="webhooks"),
    path("account/webhooks/<int:pk>/", webhooks.webhook, name="webhook"),
    path("account/webhooks/<int:pk>/switch/", webhooks.webhook_switch, name="webhook_switch"),
    path("account/webhooks/<int:pk>/delete/", webhooks.webhook_delete, name="webhook_delete"),
    path("account/webhooks/<int:pk>/<uuid:delivery>/resend/", webhooks.delivery_resend, name="delivery_resend"),
    *pages.urlpatterns,
    *api.urlpatterns,
]
