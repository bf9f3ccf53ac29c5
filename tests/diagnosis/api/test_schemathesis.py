"""What the schema allows, and what it does not, called on a running site: never a 500, never an undocumented answer."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.running_site import RunningSite
from tests.studies import drawn_film

MAKE = """
from django.contrib.auth.models import User
from diagnosis.models import ApiToken, Webhook
user = User.objects.create_user("schema", password="a drawn phantom 7")
Webhook.make(user=user, url="https://127.0.0.1:9/")
print(ApiToken.issue(user=user, name="schemathesis", may_submit=True, may_delete=True)[1])
"""


@pytest.mark.slow
def test_every_operation_keeps_to_its_schema(one_site: RunningSite) -> None:
    site = one_site.ready()
    token = f"Bearer {site.manage('shell', '-c', MAKE).split()[-1]}"
    films = {"films": ("film.png", drawn_film(1), "image/png")}
    headers = {"Authorization": token}
    address = f"{site.url}/api/v1/studies/"
    assert requests.post(address, {"intended_use": "true"}, files=films, headers=headers, timeout=60).ok
    command = [
        shutil.which("schemathesis", path=Path(sys.executable).parent) or "schemathesis",
        *("--config-file", str(Path(__file__).with_name("schemathesis.toml")), "run"),
        *("--checks", "all", "--seed", "7", "-H", f"Authorization: {token}", f"{site.url}/api/v1/schema/"),
    ]
    outcome = subprocess.run(command, capture_output=True, text=True, cwd=site.data_dir.parent)
    assert outcome.returncode == 0, outcome.stdout[-6000:] + outcome.stderr[-2000:]
    assert "Tested: 19" in outcome.stdout
