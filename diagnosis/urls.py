"""The app's addresses; they are stable, people bookmark them."""

from __future__ import annotations

from django.urls import path

from diagnosis import film_views, pages, views

urlpatterns = [
    *pages.urlpatterns,
    path("studies/", views.studies, name="studies"),
    path("studies/new/", views.study_new, name="study_new"),
    path("studies/<uuid:pk>/", views.study, name="study"),
    path("studies/<uuid:pk>/status/", views.study_status, name="study_status"),
    path("studies/<uuid:pk>/delete/", views.study_delete, name="study_delete"),
    path("studies/<uuid:pk>/image/", film_views.study_image, name="study_image"),
    path("studies/<uuid:pk>/thumbnail/", film_views.study_thumbnail, name="study_thumbnail"),
    path("studies/<uuid:pk>/heatmap/", film_views.study_heatmap, name="study_heatmap"),
]
