"""A running site and Debian's Chromium, shared by all browser tests."""

from __future__ import annotations

import fcntl
import ipaddress
import itertools
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray
from playwright.sync_api import APIResponse, Browser, BrowserContext, Page, expect, sync_playwright

from ml import phantom
from tests.running_site import RunningSite

# Debian's two builds of Chromium. The shell, which Playwright by itself takes for tests, is without what belongs to a
# window: three pages in a fresh profile cost it 1.5 s of a core, the whole browser 4.2 s.
CHROMIUM_BUILDS = [Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium")]
# Chromium as root in a closed network: no sandbox, and none of its own errands outside. Scrolling is not animated: a
# click that comes while a page still glides lands beside what it was meant for.
FLAGS = [
    "--disable-smooth-scrolling",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SECRET = "a drawn phantom 7"
DESK, PHONE = pytest.param((1440, 900), id="desktop"), pytest.param((390, 844), id="phone")
# For tests of what no width changes: keys, what is sent and asked, a browser without JavaScript.
at_a_desk = pytest.mark.parametrize("context", [DESK], indirect=True)
on_a_phone = pytest.mark.parametrize("context", [PHONE], indirect=True)
# Internet addresses of profiles: a network for each process of pytest-xdist.
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_neighbours = (ipaddress.IPv4Address(f"10.{_worker}.0.0") + number for number in itertools.count(1))
expect.set_options(timeout=20_000)  # two cores run browser, site and worker


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    """One site for all browser tests, as it stands behind a front server (see :func:`profile`).

    Of several processes the first to need it starts it, and ends it when no other uses it any more: to start one costs
    as much as some tests do.
    """
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    options = {"SWEEP_SECONDS": "2", "TRUST_PROXY": "1", "WEBHOOKS": "public"}
    options["DJANGO_SETTINGS_MODULE"] = "tests.browser.settings"
    with (folder / "browser-start").open("w") as starting, (folder / "browser-port").open("a+") as used:
        fcntl.flock(starting, fcntl.LOCK_EX)
        fcntl.flock(used, fcntl.LOCK_SH)
        used.seek(0)
        if port := used.read():
            running = RunningSite(folder / "browser" / "data", PORT=port, **options)
        else:
            (folder / "browser").mkdir(exist_ok=True)
            running = RunningSite(folder / "browser" / "data", **options)
            try:
                running.ready()
            except BaseException:
                running.sweep()  # the next one tries again
                raise
            used.write(str(running.port))
            used.flush()
        fcntl.flock(starting, fcntl.LOCK_UN)
        yield running
        if running.process is not None:
            fcntl.flock(used, fcntl.LOCK_EX)
            running.stop()
            used.truncate(0)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    installed = next((program for program in CHROMIUM_BUILDS if program.exists()), None)
    if installed is None:
        pytest.skip(f"{CHROMIUM_BUILDS[0]} is not installed; .ci/run installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(installed), args=FLAGS)
        yield browser
        browser.close()


def profile(chromium: Browser, site: RunningSite, **options: Any) -> BrowserContext:
    """A fresh browser profile with an internet address of its own.

    Sign-ups are limited by address. More tests than that sign somebody up in a minute on a fast machine, and nobody in
    them means to be turned away.
    """
    headers = {"X-Forwarded-For": str(next(_neighbours))}
    return chromium.new_context(base_url=site.url, locale="en-GB", extra_http_headers=headers, **options)


@pytest.fixture(params=[DESK, PHONE])
def context(request: pytest.FixtureRequest, chromium: Browser, site: RunningSite) -> Iterator[BrowserContext]:
    """A fresh browser profile, once as wide as a desk's, once as a phone's; errors in the console fail the test."""
    width, height = request.param
    made = profile(chromium, site, viewport={"width": width, "height": height})
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page whose scripts must not fail and which must ask nobody else for anything."""
    opened = context.new_page()
    trouble: list[str] = []
    opened.on("pageerror", lambda error: trouble.append(str(error)))
    opened.on("request", lambda asked: trouble.append(asked.url) if not _ours(asked.url) else None)
    yield opened
    assert not trouble


def _ours(address: str) -> bool:
    return address.startswith(("http://127.0.0.1", "data:", "blob:"))


def fill_in(page: Page, path: str, fields: dict[str, Any]) -> APIResponse:
    """Send the form of a page as this browser would, its cookies and all, without drawing the page."""
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.request.get(path).text())
    assert token is not None, f"no form on {path}"
    answer = page.request.post(path, multipart={"csrfmiddlewaretoken": token[1], **fields})
    assert answer.ok, answer.text()[:500]
    return answer


def sign_up(page: Page, name: str) -> None:
    """Make an account and be signed in, for tests of what comes after: no page is drawn yet."""
    answer = fill_in(page, "/accounts/signup/", {"username": name, "password1": SECRET, "password2": SECRET})
    assert answer.url.endswith("/studies/")


def sign_up_by_page(page: Page, name: str) -> None:
    """Make an account through the page and be signed in, in the empty history."""
    page.goto("/accounts/signup/")
    page.locator("[name=username]").fill(name)
    page.locator("[name=password1]").fill(SECRET)
    page.locator("[name=password2]").fill(SECRET)
    page.locator("main button[type=submit]").click()
    page.wait_for_url("**/studies/")


def send(page: Page, film: NDArray[Any], label: str = "") -> str:
    """Submit a film, for tests of what comes after; the address of its study."""
    file = {"name": "film.png", "mimeType": "image/png", "buffer": phantom.png(film)}
    answer = fill_in(page, "/studies/new/", {"films": file, "label": label, "intended_use": "on"})
    assert re.search(r"/studies/[0-9a-f-]{36}/$", answer.url), answer.url
    return answer.url


def wait_for_answers(page: Page) -> None:
    """Wait until no study of this person waits, for pages that will not tell by themselves: without JavaScript."""
    for _ in range(200):
        if "state-queued" not in (history := page.request.get("/studies/").text()) and "state-running" not in history:
            return
        time.sleep(0.1)
    raise AssertionError("a film is not answered")
