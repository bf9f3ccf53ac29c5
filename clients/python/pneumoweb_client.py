"""A client of PneumoWeb's REST API: one module, needs Python 3.11 and requests.

    python pneumoweb_client.py https://pneumoweb.example.org FOLDER results.csv     # token in PNEUMOWEB_TOKEN

PneumoWeb is for teaching, research and a second look; not for triage, never a diagnosis.
"""

from __future__ import annotations

import csv
import os
import random
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import requests

Study = dict[str, Any]
PASSING = frozenset({429, 502, 503, 504})
"""Answers after which the same request may be sent again."""
COLUMNS = ("file", "id", "state", "reason_code", "finding", "probability", "model_version", "error")


class ProblemError(Exception):
    """The site refused a request.

    Attributes:
        status: HTTP status.
        code: Stable code; ``""`` where the answer was no problem document.
        problem: The whole document (RFC 9457).
    """

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status, self.problem = status, problem
        self.code = str(problem.get("code", ""))
        super().__init__(f"{status} {self.code}: {problem.get('detail', '')}".strip())


class Client:
    """A person's studies, by token.

    Requests that are safe to repeat (reading, and submitting, which carries an ``Idempotency-Key``) are repeated after
    a lost connection or a passing refusal, as long as ``Retry-After`` says, else with growing pauses.

    Args:
        site: Address of the site, e.g. ``"https://pneumoweb.example.org"``.
        token: From the account page, ``pneumoweb_…``.
        retries: How often one request is repeated at most.
        timeout: Seconds without a byte after which a connection counts as lost.
    """

    def __init__(self, site: str, token: str, *, retries: int = 5, timeout: float = 60.0) -> None:
        self.base = f"{site.rstrip('/')}/api/v1"
        self.retries, self.timeout = retries, timeout
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"

    def me(self) -> dict[str, Any]:
        """Who the token's owner is and what the token allows."""
        return self._json("GET", "/me/")

    def submit(self, *files: Path, label: str = "", again: bool = False) -> list[dict[str, Any]]:
        """Submit radiographs in one request.

        Calling this confirms, for the token's owner, that they have read what PneumoWeb is for (page About).

        Args:
            files: DICOM, PNG, JPEG, TIFF, … or ZIP archives of them; the site says how many it takes at once.
            label: The person's own label; no names, dates of birth or record numbers.
            again: Also analyse what was submitted before.

        Returns:
            One outcome a file: ``name``, ``study`` or ``error``, ``already_known``.

        Raises:
            ProblemError: None of the files was taken, or the request as a whole was refused.
            OSError: A file cannot be read, or the site cannot be reached.
        """
        fields = {"label": label, "intended_use": "true", "again": "true" if again else "false"}
        key = {"Idempotency-Key": uuid.uuid4().hex}
        sent = [("films", (path.name, path.read_bytes())) for path in files]
        found: list[dict[str, Any]] = self._json("POST", "/studies/", data=fields, files=sent, headers=key)["outcomes"]
        return found

    def study(self, study_id: str, wait: int = 0) -> Study:
        """One study; with ``wait`` (at most 20 seconds) as soon as it has a result."""
        return self._json("GET", f"/studies/{study_id}/", params={"wait": wait})

    def result(self, study_id: str, timeout: float = 600.0) -> Study:
        """Wait for a study's result.

        Raises:
            TimeoutError: There is none after ``timeout`` seconds.
        """
        until = time.monotonic() + timeout
        while True:
            response = self._send("GET", f"{self.base}/studies/{study_id}/", params={"wait": 20})
            study: Study = response.json()
            if study["state"] not in ("queued", "running"):
                return study
            if time.monotonic() > until:
                raise TimeoutError(f"Study {study_id} has no result after {timeout:.0f} seconds.")
            time.sleep(_seconds(response, 1.0))

    def studies(self, **filters: str) -> Iterator[Study]:
        """All studies that match the filters of the history (``finding``, ``state``, ``q``, ``since``, …)."""
        address: str | None = f"{self.base}/studies/"
        while address:
            page = self._send("GET", address, params=filters).json()
            yield from page["results"]
            address, filters = page["next"], {}

    def review(
        self, study_id: str, finding: str, certainty: str, *, agreement: str = "", comment: str = "",
        marks: Sequence[dict[str, Any]] = (),
    ) -> dict[str, Any]:  # fmt: skip
        """Give your reading of a study that has a finding; earlier readings are kept.

        Args:
            study_id: The study's id.
            finding: What you see: ``pneumonia``, ``normal`` or ``indeterminate``.
            certainty: ``low``, ``medium`` or ``high``.
            agreement: ``agree``, ``disagree`` or ``unsure``, once the answer is shown; nothing while it is hidden.
            comment: Your own words.
            marks: Boxes and arrows, ``{"kind": "box", "x1": …, "y1": …, "x2": …, "y2": …}``, in pixels of the
                radiograph as it is shown.
        """
        body = {"finding": finding, "certainty": certainty, "comment": comment, "marks": list(marks)}
        return self._json(
            "POST", f"/studies/{study_id}/reviews/", json=body | ({"agreement": agreement} if agreement else {})
        )

    def delete(self, study_id: str) -> None:
        """Delete a study for good."""
        self._send("DELETE", f"{self.base}/studies/{study_id}/")

    def _json(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        found: dict[str, Any] = self._send(method, self.base + path, **arguments).json()
        return found

    def _send(self, method: str, address: str, **arguments: Any) -> requests.Response:
        repeatable = method == "GET" or "Idempotency-Key" in arguments.get("headers", {})
        for tried in range(self.retries + 1):
            last = not repeatable or tried == self.retries
            pause = min(30.0, 0.5 * 2**tried) * random.uniform(0.5, 1.0)  # so that many do not return at once
            try:
                response = self.session.request(method, address, timeout=self.timeout, **arguments)
            except (requests.ConnectionError, requests.Timeout):
                if last:
                    raise
                time.sleep(pause)
                continue
            running = response.status_code == 409 and _problem(response).get("code") == "STILL_RUNNING"
            if (response.status_code in PASSING or running) and not last:
                time.sleep(_seconds(response, pause))
                continue
            if not response.ok:
                raise ProblemError(response.status_code, _problem(response))
            return response
        raise AssertionError("the last try returns or raises")


def _problem(response: requests.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(response: requests.Response, otherwise: float) -> float:
    text = response.headers.get("Retry-After", "")
    return min(float(text), 300.0) if text.isdecimal() else otherwise


def submit_folder(client: Client, folder: Path, out: Path) -> int:
    """Submit every file below a folder, one request each, wait for the results and write them as CSV, row by row.

    Returns:
        How many files were not taken.
    """
    refused = 0
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.resolve() != out.resolve())
    with out.open("w", newline="", encoding="utf-8") as file:
        write = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
        write.writeheader()
        waiting: list[tuple[Path, str]] = []
        for path in files:
            try:
                outcomes = client.submit(path)
            except ProblemError as error:
                refused += 1
                details = error.problem.get("errors") or [{"detail": str(error)}]
                write.writerow({"file": path, "error": details[0]["detail"]})
                file.flush()
                continue
            waiting += [(path, one["study"]["id"]) for one in outcomes if one["study"]]
        for path, study_id in waiting:
            write.writerow({**client.result(study_id), "file": path})
            file.flush()
    return refused


def main(arguments: Sequence[str]) -> int:
    """The command; 0 if every file was taken, 3 if not, 2 for wrong usage or a refused token."""
    token = os.environ.get("PNEUMOWEB_TOKEN", "")
    if len(arguments) != 3 or not token:
        print(__doc__, file=sys.stderr)
        return 2
    site, folder, out = arguments
    client = Client(site, token)
    try:
        print(f"Signed in as {client.me()['username']}.", file=sys.stderr)
    except ProblemError as error:
        print(error, file=sys.stderr)
        return 2
    return 3 if submit_folder(client, Path(folder), Path(out)) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
