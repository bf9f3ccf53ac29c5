"""Films on their way, in a real browser: one poll for all of them, while somebody looks and something waits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import at_a_desk, sign_up
from tests.browser.test_browser_flow import confirm, drawn, somebody

pytestmark = pytest.mark.browser
LIVE = "**/studies/live/**"


class Polls:
    """What the page has asked; while ``closed``, each poll hears that all still wait, and to poll again in a second."""

    def __init__(self) -> None:
        self.asked: list[set[str]] = []
        self.closed = True

    def __call__(self, route: Route) -> None:
        pending = parse_qs(urlsplit(route.request.url).query)["pending"][0]
        self.asked.append(set(pending.split(",")))
        if self.closed:
            route.fulfill(
                content_type="text/html", body=f'<div id="live" data-pending="{pending}" data-seconds="1"></div>'
            )
        else:
            route.continue_()


@pytest.fixture
def polls(page: Page, tmp_path: Path) -> Iterator[Polls]:
    """Three films are taken; the page has just begun to ask for them, and its clock stands still."""
    watched = Polls()
    page.route(LIVE, watched)
    sign_up(page, somebody())
    page.clock.install()
    page.goto("/studies/new/")
    page.locator("input[type=file]").set_input_files([drawn(tmp_path, seed) for seed in (31, 32, 33)])
    confirm(page)
    page.clock.pause_at(page.evaluate("Date.now() + 1000"))
    page.get_by_role("button", name="Submit for analysis").click()
    expect(page.locator(".upload-item[data-state=done]")).to_have_count(3)
    yield watched
    page.unroute(LIVE)


def ask(page: Page, polls: Polls, seconds: int = 1) -> int:
    """How many polls there are in so many seconds of the page's own clock."""
    before = len(polls.asked)
    for _ in range(10 * seconds):
        page.clock.run_for(100)
    return len(polls.asked) - before


@at_a_desk
def test_one_poll_asks_for_all_films_until_none_waits(page: Page, polls: Polls) -> None:
    expect(page.locator(".upload-item .state-queued")).to_have_count(3)
    assert ask(page, polls) == 1
    assert len(polls.asked[-1]) == 3
    polls.closed = False
    page.clock.resume()
    expect(page.locator(".upload-item .finding")).to_have_count(3)
    expect(page.locator("#announced")).not_to_be_empty()
    assert ask(page, polls, 60) == 0


@at_a_desk
def test_a_page_that_nobody_sees_asks_nothing(page: Page, polls: Polls) -> None:
    show(page, False)
    ask(page, polls)
    assert ask(page, polls, 60) == 0
    with page.expect_request(LIVE):  # it may take its time to arrive, on the clock of the test
        show(page, True)
        page.clock.run_for(1000)


@at_a_desk
def test_a_server_that_does_not_answer_is_asked_less_and_less(page: Page, polls: Polls) -> None:
    page.unroute(LIVE)
    failed: list[str] = []
    page.route(LIVE, lambda route: (failed.append(route.request.url), route.abort()))
    for _ in range(600):
        page.clock.run_for(100)
    assert 4 <= len(failed) <= 8  # after 1, 2, 4, 8, 16, 30 s


def show(page: Page, seen: bool) -> None:
    """Bring the page to the front, or another one before it."""
    page.evaluate(
        """(seen) => {
            Object.defineProperty(document, "hidden", { value: !seen, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        seen,
    )
