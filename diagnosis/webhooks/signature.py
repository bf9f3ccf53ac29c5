"""How a message is signed: Standard Webhooks 1.0, whose libraries exist for every language."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json

from diagnosis.models import Delivery

TYPE = "study.finished"


def body_of(delivery: Delivery) -> bytes:
    """The message: what happened, when, and of the study its id and state alone."""
    content = {
        "type": TYPE,
        "timestamp": delivery.created_at.astimezone(dt.UTC).isoformat(),
        "data": {"id": str(delivery.study_id), "state": delivery.state},
    }
    return json.dumps(content, separators=(",", ":")).encode()


def signed(delivery: Delivery, body: bytes, key: bytes, at: dt.datetime) -> dict[str, str]:
    """The headers that go with it: id, time in Unix seconds, and the HMAC-SHA256 of ``id.time.body`` in base64."""
    seconds = str(int(at.timestamp()))
    made = hmac.new(key, b".".join([str(delivery.pk).encode(), seconds.encode(), body]), hashlib.sha256).digest()
    return {
        "webhook-id": str(delivery.pk),
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{base64.b64encode(made).decode()}",
    }
