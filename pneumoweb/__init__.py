"""Wiring: settings, addresses, Celery and the server's entry points. What the site does is in `diagnosis`."""

from pneumoweb.celery import app as celery_app

__all__ = ["celery_app"]
