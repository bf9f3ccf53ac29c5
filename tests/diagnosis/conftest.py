"""What tests of the app share: the site's own language to begin with, and a program with a token of the owner's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import translation

from diagnosis.models import ApiToken


@pytest.fixture(autouse=True)
def language() -> None:
    """Begin in the site's own language: a page leaves the one it was in to its thread, until the next page."""
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture
def program(owner: User) -> Callable[..., Client]:
    """Makes a client that sends a fresh token of the owner's; by default one that may do everything."""

    def with_token(user: User = owner, **scopes: Any) -> Client:
        allowed = {"may_read": True, "may_submit": True, "may_delete": True, **scopes}
        _token, text = ApiToken.issue(user=user, name="program", **allowed)
        return Client(headers={"Authorization": f"Bearer {text}"}, raise_request_exception=True)

    return with_token
