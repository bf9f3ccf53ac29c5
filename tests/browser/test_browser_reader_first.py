"""Reading first in a browser: by keyboard from one unread radiograph to the next, and without JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import at_a_desk, profile
from tests.browser.test_browser_viewer import submit, submit_another
from tests.running_site import RunningSite

pytestmark = pytest.mark.browser


@pytest.fixture
def reader(page: Page) -> Page:
    """Somebody who reads first, on the older of two unread radiographs."""
    submit(page, 21)
    page.goto("/preferences/")
    page.get_by_label("Hide the model’s answer").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Save", exact=True).click()
    unread = submit_another(page, 22)
    submit_another(page, 24)
    page.goto(unread)
    return page


@at_a_desk
def test_by_keyboard_alone_one_reads_sees_both_readings_and_goes_on_to_the_next(reader: Page) -> None:
    first = reader.url
    for label in ("No signs of pneumonia", "Medium"):
        reader.get_by_label(label, exact=True).focus()
        reader.keyboard.press("Space")
    reader.get_by_role("button", name="Save my reading").press("Enter")
    both = reader.locator(".both-readings")
    expect(both).to_contain_text("No signs of pneumonia")
    expect(both).to_contain_text("of 1 read first")
    expect(reader.locator(".finding-card")).to_be_visible()
    expect(reader.locator(".viewer[data-ready]")).to_be_attached()
    reader.keyboard.press("u")
    expect(reader).not_to_have_url(f"{first}#answer")
    expect(reader.get_by_role("heading", name="Read the radiograph first")).to_be_visible()


@at_a_desk
def test_without_javascript_the_next_unread_one_is_a_link(reader: Page, chromium: Browser, site: RunningSite) -> None:
    plain = profile(chromium, site, java_script_enabled=False)
    plain.add_cookies(reader.context.cookies())  # type: ignore[arg-type]
    page = plain.new_page()
    page.goto(reader.url)
    page.get_by_label("I cannot tell").check()
    page.get_by_label("Low", exact=True).check()
    page.get_by_role("button", name="Save my reading").click()
    expect(page.locator(".both-readings")).to_contain_text("I cannot tell")
    page.get_by_role("link", name="Next unread (1)").click()
    expect(page.get_by_role("heading", name="Read the radiograph first")).to_be_visible()
    plain.close()
