"""A running site tells a receiver of a film that was submitted, and what the documents say verifies it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from tests.diagnosis.webhooks.receiver import receiving
from tests.places import ROOT
from tests.running_site import RunningSite, wait_until
from tests.studies import drawn_film

MAKE = """
import sys
from django.contrib.auth.models import User
from diagnosis.models import ApiToken, Webhook
user = User.objects.create_user("told", password="a drawn phantom 7")
print(ApiToken.issue(user=user, name="client", may_submit=True)[1], Webhook.make(user=user, url="{url}")[1])
"""


def documented() -> Any:
    """The function that docs/api.md shows."""
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "api.md").read_text(), re.DOTALL)
    found: dict[str, Any] = {}
    exec(block, found)  # noqa: S102  (our own document)
    return found["verified"]


@pytest.mark.slow
def test_a_film_that_was_submitted_is_told_and_verified_as_the_documents_say(one_site: RunningSite) -> None:
    site = one_site.ready()
    with receiving() as receiver:
        receiver.status = 503  # it is not up yet
        token, secret = site.manage("shell", "-c", MAKE.format(url=receiver.url)).split()[-2:]
        answer = requests.post(
            f"{site.url}/api/v1/studies/", {"intended_use": "true"}, timeout=60,
            files={"films": drawn_film(1)}, headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip
        (outcome,) = answer.json()["outcomes"]
        wait_until(lambda: len(receiver.got) == 1, 60, "a first try")
        receiver.status = 200
        wait_until(lambda: len(receiver.got) == 2, 60, "a second try")
    verified = documented()
    for headers, body in receiver.got:
        message = verified(secret, headers, body)
        assert message["data"]["id"] == outcome["study"]["id"]
        assert message["data"]["state"] in {"done", "rejected"}
        for wrong in (
            (secret[:-4] + "AAA=", headers, body),
            (secret, headers, body.replace(b"done", b"none").replace(b"rejected", b"accepted")),
            (secret, {**headers, "webhook-timestamp": "1795917600"}, body),
            (secret, {**headers, "webhook-id": "another"}, body),
        ):
            with pytest.raises(ValueError, match=r"PneumoWeb|too old"):
                verified(*wrong)
