"""Studies: submit, list, retrieve and wait, relabel, review, reanalyse, delete; their images and report."""

from __future__ import annotations

import time
from threading import BoundedSemaphore
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from diagnosis import storage
from diagnosis.access import person, study_or_404
from diagnosis.api import idempotency
from diagnosis.api.conventions import PROBLEM, refuse_unknown
from diagnosis.api.problems import Problem, coded
from diagnosis.api.serializers import (
    OutcomesSerializer,
    PageSerializer,
    RelabelSerializer,
    StudySerializer,
    SubmissionSerializer,
)
from diagnosis.history import keyset
from diagnosis.history.counts import forget
from diagnosis.history.exports import with_all
from diagnosis.history.filters import StudyFilter
from diagnosis.history.live import poll_seconds
from diagnosis.models import Preferences, Study
from diagnosis.submission import quota
from diagnosis.submission.submit import QUOTA_SPENT, Outcome, Ticket
from diagnosis.submission.uploads import submit_files
from diagnosis.worker.reanalysis import reanalyse_for_owner

MOST_WAIT = 20  # seconds
POLL_SECONDS = 0.25
# Who waits holds a thread. A quarter of a process's threads may do so; everybody else is answered at once and told
# when to come back.
_waiting = BoundedSemaphore(max(1, settings.WEB_THREADS // 4))
WAIT = OpenApiParameter(
    "wait",
    {"type": "integer", "minimum": 0, "maximum": MOST_WAIT, "default": 0},
    description=f"Seconds to wait for an answer, at most {MOST_WAIT}.",
)


def _as_seen(request: Request, pk: UUID) -> Study:
    study_or_404(request._request, pk, with_hidden=False)
    return with_all(Study.objects.filter(pk=pk), person(request._request)).get()


def _shown(request: Request, study: Study) -> Any:
    return StudySerializer(study, context={"request": request}).data


class Studies(APIView):
    """The collection."""

    parser_classes = (MultiPartParser,)

    @extend_schema(
        operation_id="list_studies",
        parameters=[
            OpenApiParameter("q", str, description="Text in the label."),
            OpenApiParameter("finding", str, enum=["pneumonia", "normal", "indeterminate"]),
            OpenApiParameter("state", str, enum=["done", "pending", "rejected", "failed"]),
            OpenApiParameter("since", OpenApiTypes.DATE),
            OpenApiParameter("until", OpenApiTypes.DATE),
            OpenApiParameter("review", str, enum=["none", "any", "agree", "disagree", "unsure", "blind"]),
            OpenApiParameter("tag", str, description="One of your own tags."),
            OpenApiParameter("model", str, description="First 12 digits of a model's SHA-256."),
            OpenApiParameter("sort", str, enum=["newest", "oldest", "highest", "lowest", "label", "label_last"]),
            OpenApiParameter("size", int, enum=[25, 50, 100]),
            OpenApiParameter("after", str, description="Cursor; follow `next` instead of making one."),
            OpenApiParameter("before", str, description="Cursor; follow `previous`."),
        ],
        responses={200: PageSerializer, 400: PROBLEM, 401: PROBLEM, 403: PROBLEM},
    )
    def get(self, request: Request) -> Response:
        """List studies. Yours alone, with the history's own filters and orders, page by page."""
        http = request._request
        chosen = StudyFilter(http.GET, Study.objects.visible_to(request.user), request=http)
        refuse_unknown(request, *chosen.filters, "after", "before")
        if chosen.errors:
            errors = [
                {"field": name, "code": str(error.code or "invalid").upper(), "detail": str(error.messages[0])}
                for name, found in chosen.form.errors.as_data().items()
                for error in found
            ]
            raise Problem(400, "INVALID", _("The address holds values that cannot be used."), errors)
        rows, order = chosen.rows()
        places = {name: request.query_params.get(name, "") for name in ("after", "before")}
        for name, text in places.items():
            if text and keyset.Cursor.decode(text, order) is None:
                errors = [{"field": name, "code": "BAD_CURSOR", "detail": _("This is no place in this list.")}]
                raise Problem(400, "INVALID", _("The address holds values that cannot be used."), errors)
        page = keyset.page(with_all(rows, person(http)), order, chosen.page_size, **places)
        address = {
            "next": _turned(request, after=page.next) if page.next else None,
            "previous": _turned(request, before=page.previous) if page.previous else None,
        }
        return Response({**address, "results": [_shown(request, study) for study in page.rows]})

    @extend_schema(
        operation_id="submit_studies",
        request={"multipart/form-data": SubmissionSerializer},
        parameters=[
            OpenApiParameter(
                "Idempotency-Key", str, OpenApiParameter.HEADER,
                description="1 to 255 printable ASCII characters of your own: a repetition then acts no second time.",
            )
        ],
        responses={
            200: OpenApiResponse(OutcomesSerializer, description="All of it was known already."),
            201: OutcomesSerializer,
            400: PROBLEM, 401: PROBLEM, 403: PROBLEM, 409: PROBLEM, 413: PROBLEM, 415: PROBLEM, 422: PROBLEM,
            429: PROBLEM,
        },
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Submit radiographs. Each file is taken or refused for itself; 422 when none was taken."""
        refuse_unknown(request)
        return idempotency.once(request, lambda: self._submit(request))

    def _submit(self, request: Request) -> Response:
        form = SubmissionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        most = settings.MAX_FILES_PER_SUBMISSION
        if len(given["films"]) > most:
            text = _("At most %(most)d files are taken at once. Nothing was submitted.") % {"most": most}
            raise Problem(413, "TOO_MANY_FILES", text)
        ticket = Ticket(
            owner=person(request._request),
            token=idempotency.submission_token(request),
            confirmed_at=timezone.now(),
            label=given["label"].strip(),
            population=given["population"],
            again=given["again"],
            operating_point=Preferences.of(request.user).operating_point,
        )
        outcomes = submit_files(ticket, given["films"])
        if not any(outcome.study for outcome in outcomes):
            errors = [{"file": one.name, **coded(one.error)} for one in outcomes if one.error is not None]
            if all(error["code"] == QUOTA_SPENT for error in errors):
                headers = {"Retry-After": str(quota.seconds_to_midnight())}
                raise Problem(429, QUOTA_SPENT, errors[0]["detail"], errors, headers)
            raise Problem(422, "NO_FILE_TAKEN", _("None of the files was taken."), errors)
        forget(request.user.pk)
        ids = [one.study.pk for one in outcomes if one.study]
        now = with_all(Study.objects.filter(pk__in=ids), person(request._request)).in_bulk()
        fresh = any(one.study and not one.already_known for one in outcomes)
        body = {"outcomes": [self._outcome(request, one, now) for one in outcomes]}
        left = quota.rest(person(request._request))
        headers = {"Quota-Films-Left": str(left.films), "Quota-Bytes-Left": str(left.bytes)}
        return Response(body, status=201 if fresh else 200, headers=headers)

    def _outcome(self, request: Request, outcome: Outcome, now: dict[UUID, Study]) -> dict[str, Any]:
        study = now.get(outcome.study.pk) if outcome.study else None
        return {
            "name": outcome.name,
            "study": _shown(request, study) if study else None,
            "already_known": outcome.already_known,
            "error": coded(outcome.error) if outcome.error else None,
        }


def _turned(request: Request, **place: str) -> str:
    query = request._request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    for name, value in place.items():
        query[name] = value
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


class OneStudy(APIView):
    """One study."""

    parser_classes = (JSONParser,)

    @extend_schema(
        operation_id="get_study", parameters=[WAIT],
        responses={200: StudySerializer, 400: PROBLEM, 401: PROBLEM, 403: PROBLEM, 404: PROBLEM},
    )  # fmt: skip
    def get(self, request: Request, pk: UUID) -> Response:
        """Retrieve a study. With `wait`, the answer comes as soon as there is a result, or when the time is over.

        A site under load may answer before that; `Retry-After` says when to ask next.
        """
        refuse_unknown(request, "wait")
        text = request.query_params.get("wait", "0")
        if not (text.isascii() and text.isdecimal() and int(text) <= MOST_WAIT):
            detail = _("A whole number of seconds from 0 to %(most)d.") % {"most": MOST_WAIT}
            raise Problem(
                400, "INVALID", _("The address holds values that cannot be used."),
                [{"field": "wait", "code": "INVALID", "detail": detail}],
            )  # fmt: skip
        study = _as_seen(request, pk)
        if study.is_pending and int(text) and _waiting.acquire(blocking=False):
            try:
                study = self._wait(request, study, time.monotonic() + int(text))
            finally:
                _waiting.release()
        headers = {"Retry-After": str(max(2, poll_seconds(study)))} if study.is_pending else None
        return Response(_shown(request, study), headers=headers)

    def _wait(self, request: Request, study: Study, until: float) -> Study:
        rows = Study.objects.filter(pk=study.pk)
        while time.monotonic() < until and rows.pending().exists():
            time.sleep(POLL_SECONDS)
        return _as_seen(request, study.pk)

    @extend_schema(
        operation_id="relabel_study", request=RelabelSerializer,
        responses={200: StudySerializer, 400: PROBLEM, 401: PROBLEM, 403: PROBLEM, 404: PROBLEM, 415: PROBLEM},
    )  # fmt: skip
    def patch(self, request: Request, pk: UUID) -> Response:
        """Relabel a study."""
        refuse_unknown(request)
        study = study_or_404(request._request, pk)
        form = RelabelSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        code = form.validated_data.get("patient_code", study.patient_code)
        study.relabel(form.validated_data["label"].strip(), code.strip())
        return Response(_shown(request, _as_seen(request, pk)))

    @extend_schema(
        operation_id="delete_study",
        responses={204: None, 400: PROBLEM, 401: PROBLEM, 403: PROBLEM, 404: PROBLEM},
    )
    def delete(self, request: Request, pk: UUID) -> Response:
        """Delete a study. Its radiograph, its predictions and its reviews go with it, for good."""
        refuse_unknown(request)
        study = study_or_404(request._request, pk, with_hidden=False)
        storage.delete_studies(Study.objects.filter(pk=study.pk))
        forget(request.user.pk)
        return Response(status=204)


class Reanalysis(APIView):
    """Have a study without an answer analysed once more."""

    parser_classes = (JSONParser,)

    @extend_schema(
        operation_id="reanalyse_study", request=None,
        responses={202: StudySerializer, 400: PROBLEM, 401: PROBLEM, 403: PROBLEM, 404: PROBLEM, 409: PROBLEM},
    )  # fmt: skip
    def post(self, request: Request, pk: UUID) -> Response:
        """Reanalyse a study. It must have failed, or been refused by an image check that has been replaced since."""
        refuse_unknown(request)
        study = study_or_404(request._request, pk)
        if not reanalyse_for_owner(study):
            raise Problem(
                409, "CANNOT_REANALYSE", _("This study has an answer, waits for one, or was tried too often.")
            )
        forget(request.user.pk)
        return Response(_shown(request, _as_seen(request, pk)), status=202)
