"""Short messages to the next page, in a cookie that is named as the others are."""

from __future__ import annotations

from django.conf import settings
from django.contrib.messages.storage.base import BaseStorage
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage
from django.core.signing import Signer, get_cookie_signer
from django.http import HttpRequest
from django.utils.functional import cached_property


class _Cookie(CookieStorage):
    """Its signer is made when a message is written or read: few pages have one."""

    cookie_name = f"{settings.COOKIE_PREFIX}messages"

    def __init__(self, request: HttpRequest) -> None:
        BaseStorage.__init__(self, request)

    @cached_property
    def signer(self) -> Signer:
        """As Django's."""
        return get_cookie_signer(salt=self.key_salt)


class Messages(FallbackStorage):
    """Django's own: in a cookie, in the session where that is too small."""

    storage_classes = (_Cookie, SessionStorage)
