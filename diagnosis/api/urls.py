"""The API's addresses."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.urls import path, re_path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from diagnosis.api import about, pictures, reviews, studies, webhooks

# REST framework's views are closed by its permissions, which answer programs in JSON. The page for people is closed as
# every other page is: by the way to the sign-in page.
docs = login_required(SpectacularSwaggerSplitView.as_view(url_name="api_schema"))

urlpatterns = [
    path("api/v1/me/", about.Me.as_view(), name="api_me"),
    path("api/v1/models/", about.Models.as_view(), name="api_models"),
    path("api/v1/models/<slug:sha256>/", about.OneModel.as_view(), name="api_model"),
    path("api/v1/studies/", studies.Studies.as_view(), name="api_studies"),
    path("api/v1/studies/<uuid:pk>/", studies.OneStudy.as_view(), name="api_study"),
    path("api/v1/studies/<uuid:pk>/reanalyse/", studies.Reanalysis.as_view(), name="api_reanalyse"),
    path("api/v1/studies/<uuid:pk>/reviews/", reviews.Reviews.as_view(), name="api_reviews"),
    path("api/v1/studies/<uuid:pk>/image/", pictures.study_image, name="api_image"),
    path("api/v1/studies/<uuid:pk>/thumbnail/", pictures.study_thumbnail, name="api_thumbnail"),
    path("api/v1/studies/<uuid:pk>/heatmap/", pictures.study_heatmap, name="api_heatmap"),
    path("api/v1/studies/<uuid:pk>/lungs/", pictures.study_lungs, name="api_lungs"),
    path("api/v1/studies/<uuid:pk>/report.pdf", pictures.StudyReport.as_view(), name="api_report"),
    path("api/v1/webhooks/", webhooks.Webhooks.as_view(), name="api_webhooks"),
    path("api/v1/webhooks/<int:pk>/deliveries/", webhooks.Deliveries.as_view(), name="api_deliveries"),
    path(
        "api/v1/webhooks/<int:pk>/deliveries/<uuid:delivery>/resend/", webhooks.Resending.as_view(), name="api_resend"
    ),
    path("api/v1/schema/", SpectacularJSONAPIView.as_view(), name="api_schema"),
    path("api/docs/", docs, name="api_docs"),
    re_path(r"^api/v1/", about.Nowhere.as_view(), name="api_nowhere"),
]
