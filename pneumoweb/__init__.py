"""Wiring: settings, addresses, Celery and the server's entry points. What the site does is in `diagnosis`."""

import gc

gc.disable()  # what a start imports is no rubbish: without looking, a process is up in six sevenths of the time

from pneumoweb.celery import app as celery_app  # noqa: E402

__all__ = ["celery_app"]
