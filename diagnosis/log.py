"""What is added to log lines before they are written, and which are not."""

from __future__ import annotations

import logging
from http import HTTPStatus

from django.http import HttpRequest


class WithPerson(logging.Filter):
    """Adds to Django's lines on refused and failed requests whose they were, by number: to a 403 or 404 above all."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every line. Who has not been found out by then is not found out for a log line."""
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest) and isinstance(record.args, tuple):
            user = getattr(request, "_cached_user", None) or getattr(getattr(request, "api_token", None), "user", None)
            number = getattr(user, "pk", None) or "unknown"
            record.msg, record.args = f"{record.msg} (person %s)", (*record.args, number)
        return True


class NotReadyOnce(logging.Filter):
    """Leaves out Django's error on each 503 of /readyz: the view's own line says what is missing, as a warning."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every other line."""
        path = getattr(getattr(record, "request", None), "path_info", "")
        return path != "/readyz" or getattr(record, "status_code", 0) != HTTPStatus.SERVICE_UNAVAILABLE
