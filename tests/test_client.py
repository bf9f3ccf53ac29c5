"""The Python client against a running site: a folder becomes a CSV, lost answers are asked for once more."""

from __future__ import annotations

import csv
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import requests

from tests.places import ROOT
from tests.running_site import RunningSite
from tests.studies import drawn_film

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def module() -> ModuleType:
    """The client, which is no part of the site's packages."""
    path = ROOT / "clients" / "python" / "pneumoweb_client.py"
    spec = importlib.util.spec_from_file_location("pneumoweb_client", path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules["pneumoweb_client"] = found
    spec.loader.exec_module(found)
    return found


MAKE = """
from django.contrib.auth.models import User
from diagnosis.models import ApiToken
user = User.objects.create_user("clara", password="a drawn phantom 7")
print(ApiToken.issue(user=user, name="client", may_submit=True, may_delete=True)[1])
"""


@pytest.fixture(scope="module")
def site(one_site: RunningSite) -> RunningSite:
    return one_site.ready()


@pytest.fixture(scope="module")
def client(module: ModuleType, site: RunningSite) -> Any:
    token = site.manage("shell", "-c", MAKE).split()[-1]
    return module.Client(site.url, token)


def test_a_folder_becomes_a_table_of_results(module: ModuleType, client: Any, tmp_path: Path) -> None:
    folder = tmp_path / "ward"
    folder.mkdir()
    for seed in (1, 2):
        (folder / f"{seed}.png").write_bytes(drawn_film(seed))
    (folder / "note.txt").write_text("no radiograph")
    assert module.submit_folder(client, folder, tmp_path / "results.csv") == 1
    with (tmp_path / "results.csv").open(newline="") as file:
        rows = {Path(row["file"]).name: row for row in csv.DictReader(file)}
    assert rows["note.txt"]["error"]
    for name in ("1.png", "2.png"):
        assert rows[name]["state"] in ("done", "rejected")
        assert (rows[name]["finding"] != "") == (rows[name]["state"] == "done")
    assert {study["id"] for study in client.studies()} == {rows["1.png"]["id"], rows["2.png"]["id"]}


def test_an_answer_that_was_lost_is_asked_for_with_the_same_key(
    module: ModuleType, client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "film.png"
    path.write_bytes(drawn_film(7))
    keys = []
    real = client.session.request

    def lossy(method: str, address: str, **arguments: Any) -> requests.Response:
        keys.append(arguments["headers"]["Idempotency-Key"])
        response: requests.Response = real(method, address, **arguments)
        if len(keys) == 1:
            raise requests.ConnectionError("the answer was lost")
        return response

    monkeypatch.setattr(client.session, "request", lossy)
    (outcome,) = client.submit(path)
    assert (len(keys), len(set(keys))) == (2, 1)
    assert not outcome["already_known"], "answered as the first time"


def test_a_problem_is_an_exception_with_its_code(module: ModuleType, client: Any, site: RunningSite) -> None:
    with pytest.raises(module.ProblemError) as caught:
        client.study("00000000-0000-0000-0000-000000000000")
    assert (caught.value.status, caught.value.code) == (404, "NOT_FOUND")
    with pytest.raises(module.ProblemError) as caught:
        module.Client(site.url, "pneumoweb_0_0").me()
    assert caught.value.code == "NOT_SIGNED_IN"


def test_a_reading_is_given_with_its_marks(module: ModuleType, client: Any, tmp_path: Path) -> None:
    path = tmp_path / "film.png"
    path.write_bytes(drawn_film(11))
    (outcome,) = client.submit(path)
    study = client.result(outcome["study"]["id"])
    mark = {"kind": "arrow", "x1": 1, "y1": 2, "x2": 30, "y2": 40}
    kept = client.review(study["id"], "normal", "low", agreement="unsure", comment="drawn", marks=[mark])
    assert (kept["finding"], kept["marks"], kept["is_current"]) == ("normal", [mark], True)
    assert client.study(study["id"])["my_marks"] == ["arrow 1 2 30 40"]


def test_the_example_runs_as_the_documents_say(client: Any, site: RunningSite, tmp_path: Path) -> None:
    folder = tmp_path / "ward"
    folder.mkdir()
    (folder / "1.png").write_bytes(drawn_film(9))
    script = ROOT / "clients" / "python" / "pneumoweb_client.py"
    token = client.session.headers["Authorization"].removeprefix("Bearer ")
    command = [sys.executable, str(script), site.url, str(folder), str(folder / "out.csv")]
    outcome = subprocess.run(command, env={**os.environ, "PNEUMOWEB_TOKEN": token}, capture_output=True, text=True)
    assert (outcome.returncode, outcome.stderr) == (0, "Signed in as clara.\n")
    assert (folder / "out.csv").read_text().count("\n") == 2
