"""System checks: settings that are legal one by one and wrong together, each with what to do about it."""

from __future__ import annotations

import stat
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register


@register(Tags.security)
def data_folder_is_private(**_kwargs: Any) -> list[CheckMessage]:
    """The data folder holds films and the secret key: nobody else on the machine may look inside."""
    mode = stat.S_IMODE(settings.DATA_DIR.stat().st_mode)
    if not mode & 0o077:
        return []
    return [
        Warning(
            f"The data folder {settings.DATA_DIR} is open to other users of this machine (mode {mode:03o}).",
            hint=f"chmod 700 {settings.DATA_DIR}",
            id="diagnosis.W001",
        )
    ]


@register(Tags.security, deploy=True)
def https_reaches_somebody(**_kwargs: Any) -> list[CheckMessage]:
    """HTTPS=1 redirects plain requests; without a trusted proxy in front every request looks plain, for ever."""
    if not settings.HTTPS or settings.TRUST_PROXY:
        return []
    return [
        Warning(
            "HTTPS is on but TRUST_PROXY is 0, so requests that a proxy took over TLS are redirected in a circle.",
            hint="Set TRUST_PROXY to the number of proxies in front of PneumoWeb (usually 1).",
            id="diagnosis.W002",
        )
    ]


@register(Tags.security)
def limits_fit_together(**_kwargs: Any) -> list[CheckMessage]:
    """One file of the largest size must fit into one request."""
    if settings.MAX_REQUEST_BYTES > settings.MAX_UPLOAD_BYTES:
        return []
    return [
        Error(
            "MAX_REQUEST_BYTES leaves no room for one file of MAX_UPLOAD_BYTES and the form around it.",
            hint="Raise MAX_REQUEST_BYTES or lower MAX_UPLOAD_BYTES.",
            id="diagnosis.E001",
        )
    ]
