"""Is it alive, is it ready, how is it doing: three answers for the machines that look after this one."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from diagnosis.models import ModelVersion, State, Study
from diagnosis.worker.model_registry import shipped_card
from diagnosis.worker.queue import HEARTBEAT_TTL, check_room, queue_length, workers
from ml import ArtifactError

logger = logging.getLogger(__name__)


class NotReady(Exception):
    """Something that a person who submits a film needs is missing; the text says what."""


def _check_database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        raise NotReady("the database does not answer") from error


def _check_model() -> None:
    try:
        shipped_card()
    except ArtifactError as error:
        raise NotReady(str(error)) from error


def _check_broker() -> None:
    try:
        check_room()
        queue_length()
    except redis.OutOfMemoryError as error:
        raise NotReady("the broker is full; films wait") from error
    except redis.RedisError as error:
        raise NotReady("the broker does not answer; films wait") from error


def _check_worker() -> None:
    try:
        found = workers()
    except redis.RedisError as error:
        raise NotReady("unknown while the broker does not answer") from error
    if not found:
        raise NotReady(f"no worker was heard from in the last {HEARTBEAT_TTL} seconds; films wait")
    try:
        active = ModelVersion.objects.filter(active=True).defer("card").first()
    except DatabaseError as error:
        raise NotReady("unknown while the database does not answer") from error
    others = sorted(name for name, model in found.items() if model and active and model != active.sha256)
    if others:
        raise NotReady(f"another model than the active one ({active}) is loaded in {', '.join(others)}")


def _check_waiting() -> None:
    try:
        waited = oldest_wait()
    except DatabaseError as error:
        raise NotReady("unknown while the database does not answer") from error
    if waited > settings.READY_WAIT_SECONDS:
        raise NotReady(f"the film that has waited longest has done so for {waited:.0f} s")


def oldest_wait() -> float:
    """How long the study at the head of the queue has waited, in seconds; 0 when none waits. An import may wait."""
    oldest = Study.objects.filter(state=State.QUEUED, bulk=False).aggregate(oldest=Min("queued_at"))["oldest"]
    return max(0.0, (timezone.now() - oldest).total_seconds()) if oldest else 0.0


CHECKS: dict[str, Callable[[], None]] = {
    "database": _check_database,
    "model": _check_model,
    "broker": _check_broker,
    "worker": _check_worker,
    "waiting": _check_waiting,
}


@login_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Touches nothing else, so that a slow database does not get the web server restarted."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether a film submitted now would be analysed; 503 and which part is at fault when it would not.

    What exactly is wrong (a path, a machine's name) stands in the log, and is told to those who may read the metrics.
    """
    report = {}
    for name, check in CHECKS.items():
        try:
            check()
        except NotReady as error:
            report[name] = str(error)
        else:
            report[name] = "ok"
    wrong = [f"{name}: {state}" for name, state in report.items() if state != "ok"]
    if wrong:
        logger.warning("Not ready: %s", "; ".join(wrong))
    if not _may_read_metrics(request):
        report = {name: state if state == "ok" else "not ok" for name, state in report.items()}
    return JsonResponse({"ready": not wrong, **report}, status=503 if wrong else 200)


@login_not_required
@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Gauges in Prometheus' text format, for this machine itself or the holder of METRICS_TOKEN; 404 for others."""
    if not _may_read_metrics(request):
        raise Http404
    lines = [
        "# HELP pneumoweb_studies Studies by state.",
        "# TYPE pneumoweb_studies gauge",
    ]
    counted = dict(Study.objects.order_by().values_list("state").annotate(Count("pk")))
    lines += [f'pneumoweb_studies{{state="{state}"}} {counted.get(state, 0)}' for state in State.values]
    lines += _gauge("oldest_waiting_seconds", "How long the study at the head of the queue has waited.", oldest_wait())
    active = ModelVersion.objects.filter(active=True).count()
    lines += _gauge("model_active", "1 when a model version is active.", active)
    try:
        length, heard = queue_length(), len(workers())
    except redis.RedisError:
        lines += _gauge("broker_up", "1 when the broker answers.", 0)
    else:
        lines += _gauge("broker_up", "1 when the broker answers.", 1)
        lines += _gauge("queue_length", "Messages that wait for a worker.", length)
        lines += _gauge("workers", "Workers heard from lately.", heard)
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


def _gauge(name: str, text: str, value: float) -> list[str]:
    return [f"# HELP pneumoweb_{name} {text}", f"# TYPE pneumoweb_{name} gauge", f"pneumoweb_{name} {value}"]


def _may_read_metrics(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(sent.encode(), settings.METRICS_TOKEN.encode())
    # Without a token only this machine may ask, and a proxy's requests also come from this machine.
    return not settings.TRUST_PROXY and request.META.get("REMOTE_ADDR") in {"127.0.0.1", "::1"}
