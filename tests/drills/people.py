"""People with browsers: they sign up, submit films and read pages while something breaks."""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections import Counter
from functools import lru_cache

import requests

from ml import phantom

PASSWORD = "a drawn phantom 7"
FILMS = 12


@lru_cache(maxsize=1)
def films() -> list[bytes]:
    """Drawn films, small, so that a drill spends its time on what it is about."""
    return [phantom.png(phantom.film(seed, width=320, height=280)) for seed in range(FILMS)]


class Person:
    """Someone with an account and a browser that keeps cookies."""

    def __init__(self, base: str, name: str) -> None:
        self.base, self.name = base, name
        self.session = requests.Session()

    def get(self, path: str, timeout: float = 30) -> requests.Response:
        return self.session.get(self.base + path, timeout=timeout, allow_redirects=False)

    def post(self, path: str, data: dict[str, str]) -> requests.Response:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path).text)
        assert token is not None, f"no form on {path}"
        headers = {"Referer": self.base + path}
        form = {**data, "csrfmiddlewaretoken": token[1]}
        return self.session.post(self.base + path, data=form, headers=headers, timeout=60, allow_redirects=False)

    def sign_up(self) -> Person:
        secret = {"password1": PASSWORD, "password2": PASSWORD}
        answer = self.post("/accounts/signup/", {"username": self.name, "email": f"{self.name}@example.org", **secret})
        assert "sessionid" in self.session.cookies, answer.text[:500]
        self.get("/studies/new/")
        return self

    def submit(self, films: list[bytes], token: uuid.UUID | None = None, timeout: float = 60) -> requests.Response:
        """One press of the button, answered as JSON; each film counts as a new one."""
        files = [("films", (f"{n}.png", film, "image/png")) for n, film in enumerate(films)]
        csrf = self.session.cookies["csrftoken"]
        data = {"csrfmiddlewaretoken": csrf, "intended_use": "on", "again": "on", "token": str(token or uuid.uuid4())}
        headers = {"Accept": "application/json", "Referer": self.base + "/studies/new/"}
        return self.session.post(
            self.base + "/studies/new/", data=data, files=files, headers=headers, timeout=timeout, allow_redirects=False
        )


class Crowd:
    """Submits films in small requests from two threads, each with one token until it was answered with 200."""

    def __init__(self, person: Person, presses: int, each: int = 3, seconds: float = 60) -> None:
        self.accepted: list[str] = []
        self.statuses: Counter[int] = Counter()
        self._jobs = [(films()[:each], uuid.uuid4()) for _ in range(presses)]
        self._lock = threading.Lock()
        self._end = time.monotonic() + seconds
        self._threads = [threading.Thread(target=self._work, args=(person,), daemon=True) for _ in range(2)]
        for thread in self._threads:
            thread.start()

    def _work(self, person: Person) -> None:
        browser = Person(person.base, person.name)
        browser.session.cookies.update(person.session.cookies)
        while self._jobs:
            with self._lock:
                if not self._jobs:
                    return
                batch, token = self._jobs.pop()
            self._press(browser, batch, token)

    def _press(self, browser: Person, batch: list[bytes], token: uuid.UUID) -> None:
        while time.monotonic() < self._end:
            try:
                answer = browser.submit(batch, token)
            except requests.RequestException:  # the site is down; try again as a person would
                time.sleep(0.3)
                continue
            with self._lock:
                self.statuses[answer.status_code] += 1
                if answer.status_code == 200:
                    self.accepted += [outcome["id"] for outcome in answer.json()["outcomes"] if "id" in outcome]
                    return
            time.sleep(0.3)

    def join(self) -> list[str]:
        """The ids of the studies that were promised an answer."""
        for thread in self._threads:
            thread.join(max(0.1, self._end - time.monotonic()))
        return self.accepted
