"""What people are told when the database or the disk is in trouble: that it is passing, with 503, and not "a fault"."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils.translation import gettext as _
from django.views.defaults import server_error

from diagnosis.health import healthz, readyz
from diagnosis.problems import is_for_programs, plain_answer
from diagnosis.storage import is_full

logger = logging.getLogger(__name__)
RETRY_SECONDS = 10
PROBES = {"/healthz": healthz, "/readyz": readyz}


def answer_probes(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer those who ask after the site's health before anything looks for a session in the database."""

    def answer(request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path)
        return probe(request) if probe else get_response(request)

    return answer


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def handle_error(request: HttpRequest) -> HttpResponse:
    """Django's handler of status 500: passing trouble is 503, whatever else is a fault of ours."""
    causes = [*_causes(sys.exc_info()[1])]
    full = any(is_full(error) for error in causes)
    if not full and not any(isinstance(error, (OperationalError, InterfaceError)) for error in causes):
        return server_error(request)
    if full:
        text = _("The disk of this site is full. Studies can still be deleted; the people who run it must make room.")
    else:
        text = _("The database of this site does not answer at the moment. Nothing is lost; try again soon.")
    if is_for_programs(request):
        response: HttpResponse = plain_answer(503, "UNAVAILABLE", text)
    else:
        response = HttpResponse(loader.render_to_string("503.html", {"text": text}), status=503)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response
