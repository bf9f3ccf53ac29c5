"""Secrets of the second step of signing in, encrypted at rest: a copy of the database alone opens no account."""

from __future__ import annotations

import base64
import logging
import secrets

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import InvalidToken

from diagnosis.encryption import cipher

logger = logging.getLogger(__name__)

# How every Fernet token begins (version 0x80, a time before 2106). What allauth stored in the clear never looks like
# it: keys of apps are capital letters and digits 2–7, seeds of recovery codes are hexadecimal.
TOKEN_BEGINS = "gAAAA"  # noqa: S105  (not a secret: what every token begins with)


PURPOSE = "second factors"


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth is not typed
    """allauth's hooks around what it stores."""

    def encrypt(self, text: str) -> str:
        """What goes into the database."""
        return cipher(PURPOSE).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """What came out of it; a secret of another key becomes one that no code fits, never an empty one."""
        if not encrypted_text.startswith(TOKEN_BEGINS):
            return encrypted_text
        try:
            return cipher(PURPOSE).decrypt(encrypted_text).decode()
        except InvalidToken:
            logger.error("A second factor was encrypted under another SECRET_KEY: its owner cannot use it any more.")
            return base64.b32encode(secrets.token_bytes(20)).decode()
