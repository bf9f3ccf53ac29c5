"""A first hour by keyboard alone, timed: sign up, sample, forty own radiographs, ten of them read, export.

The times are printed (``pytest -s``), not asserted: they are those of a program's fingers on a busy machine.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import SECRET, profile
from tests.browser.test_browser_flow import somebody
from tests.browser.test_browser_upload_forty import small
from tests.running_site import RunningSite

pytestmark = pytest.mark.browser
FILES, READ = 40, 10


@dataclass
class Walk:
    """Somebody without a mouse, and how many keys they have pressed (text they typed is not counted)."""

    page: Page
    pressed: int = 0

    def press(self, key: str) -> None:
        self.pressed += 1
        self.page.keyboard.press(key)

    def reach(self, target: Locator, most: int = 60) -> None:
        """Tab until the focus is there."""
        expect(target).to_be_attached()
        for _ in range(most):
            if target.evaluate("node => node === document.activeElement"):
                return
            self.press("Tab")
        raise AssertionError(f"{target} is not reached by {most} tabs")

    def follow(self, target: Locator) -> None:
        """Tab to a link or button and press it."""
        self.reach(target)
        self.press("Enter")


def look_at_a_sample(walk: Walk) -> None:
    page = walk.page
    page.goto("/")
    main = page.get_by_role("main")
    walk.follow(main.get_by_role("link", name="Try a sample"))
    page.wait_for_url("**/sample/**")
    walk.reach(page.get_by_label("Heat map", exact=True))
    walk.press("Space")
    expect(page.get_by_alt_text("Heat map over the radiograph")).to_be_visible()


def sign_up_from_it(walk: Walk) -> None:
    page = walk.page
    walk.press("Home")
    walk.follow(page.get_by_role("link", name="Sign up"))
    page.wait_for_url("**/signup/**")
    for name, text in (("username", somebody()), ("password1", SECRET), ("password2", SECRET)):
        walk.reach(page.locator(f"[name={name}]"))
        page.keyboard.type(text)
    walk.press("Enter")
    page.wait_for_url("**/studies/")


def submit_forty(walk: Walk, folder: Path) -> None:
    page = walk.page
    walk.follow(page.get_by_role("main").get_by_role("link", name="New study"))
    page.wait_for_url("**/studies/new/")
    with page.expect_file_chooser() as chooser:  # from before the tabs on: a key pressed at once has opened none
        walk.reach(page.locator("input[type=file]").first)
        walk.press("Space")
    chooser.value.set_files(small(folder, FILES, 600))
    expect(page.locator(".upload-item")).to_have_count(FILES)
    walk.reach(page.get_by_label("I have read what this is for"))
    walk.press("Space")
    walk.press("Enter")  # in a form, Enter submits
    expect(page.locator("#upload-summary")).to_have_text(
        f"Uploaded {FILES} · duplicates 0 · rejected 0", timeout=120_000
    )
    walk.follow(page.get_by_role("link", name="Open results"))
    page.wait_for_url("**/studies/")


def read_ten(walk: Walk) -> None:
    page = walk.page
    expect(page.locator("tr.is-unread .finding").nth(READ)).to_be_visible(timeout=60_000)  # there is a next one
    walk.press("j")
    walk.press("Enter")
    for _ in range(READ):
        page.wait_for_url("**/studies/*-*/**")
        expect(page.locator(".viewer[data-ready]")).to_be_attached()
        walk.press("v")
        walk.press("Space")
        walk.reach(page.locator("[name$=certainty]").first, 6)
        walk.press("Space")
        walk.follow(page.get_by_role("button", name="Save review"))
        expect(page.get_by_text("Your review is saved.")).to_be_visible()
        expect(page.locator(".viewer[data-ready]")).to_be_attached()
        before = page.url
        walk.press("j")
        page.wait_for_url(lambda url, before=before: url.partition("#")[0] != before.partition("#")[0])


def export(walk: Walk) -> str:
    page = walk.page
    walk.follow(page.get_by_role("banner").get_by_role("link", name="History"))
    page.wait_for_url("**/studies/")
    walk.follow(page.locator("summary", has_text="Export"))
    walk.reach(page.get_by_role("link", name="All as CSV"))
    with page.expect_download() as download:
        walk.press("Enter")
    return download.value.path().read_text(encoding="utf-8-sig")


def test_sign_up_sample_forty_uploads_ten_readings_and_the_export_by_keyboard_alone(
    chromium: Browser, site: RunningSite, tmp_path: Path
) -> None:
    context = profile(chromium, site, viewport={"width": 1440, "height": 900}, accept_downloads=True)
    walk = Walk(context.new_page())
    table: list[str] = []
    stages: dict[str, Callable[[], object]] = {
        "a sample, signed out": lambda: look_at_a_sample(walk),
        "sign up": lambda: sign_up_from_it(walk),
        f"{FILES} files sent": lambda: submit_forty(walk, tmp_path / "films"),
        f"{READ} read": lambda: read_ten(walk),
        "export": lambda: table.append(export(walk)),
    }
    for name, act in stages.items():
        began, before = time.perf_counter(), walk.pressed
        act()
        print(f"{name}: {time.perf_counter() - began:.1f} s, {walk.pressed - before} keys")
    rows = list(csv.DictReader(io.StringIO(table[0])))
    assert len(rows) == FILES
    assert sum(row["my_agreement"] == "agree" for row in rows) == READ
    context.close()
