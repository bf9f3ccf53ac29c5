"""``Idempotency-Key``: a request that is repeated, because its answer was lost, acts once and is answered alike.

After the expired draft of the IETF's HTTPAPI group, whose meaning clients know: the same key with another body is 422,
the same key while the first request still runs is 409.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from diagnosis.access import person
from diagnosis.api.problems import Problem
from diagnosis.models import IdempotentRequest

RUNNING = dt.timedelta(minutes=5)  # a request that has not answered by then has lost its process: another may begin
NAMESPACE = uuid.UUID("6a0b3d6e-5c0b-4c57-9a55-1f6f0b6c2f0e")


def fingerprint(request: Request) -> str:
    """SHA-256 over method, path, fields and files; not over the raw body, whose boundary differs each time."""
    sha = hashlib.sha256(f"{request.method} {request.path}\n".encode())
    fields = {name: request.POST.getlist(name) for name in sorted(request.POST)}
    sha.update(json.dumps(fields or _json(request), sort_keys=True, default=str).encode("utf-8", "surrogatepass"))
    for name in sorted(request.FILES):
        for file in request.FILES.getlist(name):
            sha.update(f"\n{name}:{file.name}:{file.size}\n".encode("utf-8", "surrogatepass"))
            for chunk in file.chunks():
                sha.update(chunk)
            file.seek(0)
    return sha.hexdigest()


def _json(request: Request) -> Any:
    return request.data if isinstance(request.data, dict) else {}


def submission_token(request: Request) -> uuid.UUID:
    """The token of this submission: from the key, so that even a repetition after a lost process makes no second."""
    key = request.headers.get("Idempotency-Key")
    return uuid.uuid5(NAMESPACE, f"{request.user.pk}:{key}") if key else uuid.uuid4()


def once(request: Request, act: Callable[[], Response]) -> Response:
    """Act, unless this person's request with the same key has been answered already.

    Raises:
        Problem: 400 the key is not usable; 409 the first request still runs; 422 the key came with another body.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return act()
    if not (1 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        raise Problem(400, "BAD_IDEMPOTENCY_KEY", _("Idempotency-Key must be 1 to 255 printable ASCII characters."))
    mark = fingerprint(request)
    user = person(request._request)
    mine = IdempotentRequest.objects.filter(user=user, key=key)
    mine.filter(created_at__lt=timezone.now() - IdempotentRequest.KEPT).delete()
    try:
        with transaction.atomic():
            IdempotentRequest.objects.create(user=user, key=key, fingerprint=mark)
    except IntegrityError:
        known = mine.get()
        if known.fingerprint != mark:
            text = _("This Idempotency-Key was used for another request. Use a new one for each request.")
            raise Problem(422, "IDEMPOTENCY_KEY_REUSED", text) from None
        if known.status is not None:
            return Response(known.body, status=known.status, headers={"Idempotency-Replayed": "true"})
        # Take it over if its process is gone; one conditional UPDATE, so that one of two wins.
        stale = mine.filter(status__isnull=True, created_at__lt=timezone.now() - RUNNING)
        if not stale.update(created_at=timezone.now()):
            text = _("The first request with this Idempotency-Key is still being answered.")
            raise Problem(409, "STILL_RUNNING", text, headers={"Retry-After": "2"}) from None
    try:
        response = act()
    except BaseException:
        mine.filter(status__isnull=True).delete()  # nothing was answered: the same key may try again
        raise
    mine.update(status=response.status_code, body=json.loads(json.dumps(response.data, default=str)))
    return response
