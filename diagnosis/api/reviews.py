"""Readings of a study by program: the same form and rules as on the page."""

from __future__ import annotations

import json
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from diagnosis.access import person, study_or_404
from diagnosis.api.conventions import PROBLEM, refuse_unknown
from diagnosis.api.problems import Problem
from diagnosis.api.serializers import ReviewSerializer, WrittenReviewSerializer
from diagnosis.models import Review, State
from diagnosis.reviews.forms import ReviewForm
from diagnosis.reviews.readings import save_review


class Reviews(APIView):
    """A person's readings of one study."""

    parser_classes = (JSONParser,)

    @extend_schema(
        operation_id="list_reviews",
        responses={200: WrittenReviewSerializer(many=True), 401: PROBLEM, 403: PROBLEM, 404: PROBLEM},
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Your readings. The newest first; nothing is overwritten."""
        refuse_unknown(request)
        study = study_or_404(request._request, pk, with_hidden=False)
        rows = Review.objects.filter(study=study, author_id=request.user.pk).order_by("-created_at", "-pk")
        return Response(WrittenReviewSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="review_study", request=ReviewSerializer,
        responses={
            201: WrittenReviewSerializer, 400: PROBLEM, 401: PROBLEM, 403: PROBLEM, 404: PROBLEM, 409: PROBLEM,
            415: PROBLEM,
        },
    )  # fmt: skip
    def post(self, request: Request, pk: UUID) -> Response:
        """Give your reading. The study must be finished. In reader-first mode this reveals the model's answer."""
        refuse_unknown(request)
        study = study_or_404(request._request, pk)
        if study.state != State.DONE:
            raise Problem(409, "NOT_FINISHED", _("Only a study with a finding can be reviewed."))
        given = ReviewSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        if study.answer_hidden and "agreement" in given.validated_data:
            text = _("The model’s answer is still hidden: there is nothing to agree with.")
            raise Problem(400, "INVALID", text, [{"field": "agreement", "code": "ANSWER_HIDDEN", "detail": text}])
        prefix = ReviewForm.prefix
        values = {f"{prefix}-{name}": value for name, value in given.validated_data.items()}
        values[f"{prefix}-marks"] = json.dumps(given.validated_data.get("marks", []))  # as the viewer sends them
        form = ReviewForm(values, study=study, hidden=study.answer_hidden)
        if not form.is_valid():
            errors = [
                {"field": name, "code": "INVALID", "detail": str(text)}
                for name, found in form.errors.items()
                for text in found
            ]
            raise Problem(400, "INVALID", _("The request holds values that cannot be used."), errors)
        review = save_review(study, person(request._request), form)
        return Response(WrittenReviewSerializer(review).data, status=201)
