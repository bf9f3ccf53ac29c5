"""Pictures and the report of a study, for programs: the same bytes, ETags and rules of access as the pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from diagnosis.access import study_or_404
from diagnosis.api.conventions import PROBLEM
from diagnosis.api.problems import Problem
from diagnosis.report.views import study_report
from diagnosis.studies import images


class AnyAccept(DefaultContentNegotiation):
    """For answers of one kind whatever is asked for: pictures and PDF. Errors are JSON all the same."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """The first renderer."""
        return renderers[0], renderers[0].media_type


def _documented(operation: str, media_type: str) -> Any:
    found = OpenApiResponse(OpenApiTypes.BINARY)
    return extend_schema(
        operation_id=operation,
        responses={
            (200, media_type): found, 304: OpenApiResponse(description="You have it already (`If-None-Match`)."),
            401: PROBLEM, 403: PROBLEM, 404: PROBLEM,
        },
    )  # fmt: skip


def _picture(operation: str, media_type: str, page: Callable[..., HttpResponseBase], what: str) -> Any:
    """A view that answers with what ``page`` sends a person; ``what`` says in the schema what that is."""

    class Picture(APIView):
        content_negotiation_class = AnyAccept

        def get(self, request: Request, pk: UUID) -> HttpResponseBase:
            return page(request._request, pk)

    Picture.get.__doc__ = what
    Picture.get = _documented(operation, media_type)(Picture.get)  # type: ignore[method-assign]
    return Picture.as_view()


study_image = _picture(
    "get_image", "image/png", images.study_image,
    "Radiograph. Full size, lossless, without metadata; with an ETag.",
)  # fmt: skip
study_thumbnail = _picture("get_thumbnail", "image/jpeg", images.study_thumbnail, "Thumbnail. With an ETag.")
study_heatmap = _picture(
    "get_heatmap", "image/png", images.study_heatmap,
    "Heat map. A transparent overlay of the current prediction's; 404 while the answer is hidden.",
)  # fmt: skip
study_lungs = _picture(
    "get_lungs", "image/png", images.study_lungs,
    "Outline of the lungs. A transparent overlay; 404 where there is none, or while the answer is hidden.",
)  # fmt: skip


class StudyReport(APIView):
    """The report."""

    content_negotiation_class = AnyAccept

    @_documented("get_report", "application/pdf")
    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        """PDF report. Of a finished study; 409 while there is none."""
        study = study_or_404(request._request, pk)
        if study.is_pending:
            raise Problem(409, "NOT_FINISHED", _("There is no report yet."), headers={"Retry-After": "2"})
        if study.answer_hidden:
            raise Problem(409, "ANSWER_HIDDEN", _("Review the study first: the report contains the model’s answer."))
        return study_report(request._request, pk)
