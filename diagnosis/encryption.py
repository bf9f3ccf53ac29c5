"""Secrets that must be read again, encrypted at rest: a copy of the database alone opens nothing."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


@lru_cache(maxsize=8)
def _cipher(purpose: str, keys: tuple[str, ...]) -> MultiFernet:
    # Here, because the library is large and most workers never need it.
    from cryptography.fernet import Fernet, MultiFernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    def derived(key: str) -> Fernet:
        made = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"pneumoweb {purpose}".encode()).derive(key.encode())
        return Fernet(base64.urlsafe_b64encode(made))

    return MultiFernet([derived(key) for key in keys])


def cipher(purpose: str) -> MultiFernet:
    """Encrypts by ``SECRET_KEY``; decrypts by ``SECRET_KEY_FALLBACKS`` too.

    Args:
        purpose: What the secrets are for; those of one purpose cannot be read as those of another.
    """
    return _cipher(purpose, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))
