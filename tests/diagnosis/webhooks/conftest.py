"""The stage of webhooks: a receiver, and a site that sends to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from diagnosis.models import Webhook
from tests.diagnosis.webhooks.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


@pytest.fixture
def webhook(owner: User, receiver: Receiver, settings: Any) -> Webhook:
    """The owner's, told at the receiver, on a site that sends anywhere."""
    settings.WEBHOOKS = "anywhere"
    return Webhook.make(user=owner, url=receiver.url)[0]
