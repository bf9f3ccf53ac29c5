"""gunicorn's configuration: the web server of `manage.py serve`. The figures come from settings.py."""

import os
from pathlib import Path

from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pneumoweb.settings")

bind = f"[{settings.HOST}]:{settings.PORT}" if ":" in settings.HOST else f"{settings.HOST}:{settings.PORT}"
worker_class = "gthread"
workers = settings.WEB_WORKERS
threads = settings.WEB_THREADS
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  (only a heartbeat; never on disk)
timeout = 60
graceful_timeout = 4  # Ctrl-C ends within seconds; an upload under way is cut and the person tries again
keepalive = 20
umask = 0o077
loglevel = "warning" if settings.LOG_LEVEL == "INFO" else settings.LOG_LEVEL.lower()
# The path without its query: a search for a label must not end up in a log.
accesslog = "-" if settings.ACCESS_LOG else None
access_log_format = "%(m)s %(U)s %(s)s %(B)s bytes %(D)s µs"
# Believe in a proxy's headers only when there is said to be one; Django then reads them itself.
forwarded_allow_ips = "*" if settings.TRUST_PROXY else ""
