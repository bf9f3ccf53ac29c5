"""A first visit: from the front page to a result without an account, by mouse, by keyboard and without JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import at_a_desk, profile, sign_up
from tests.browser.test_browser_flow import somebody
from tests.running_site import RunningSite

pytestmark = pytest.mark.browser


def test_a_visitor_is_two_clicks_from_a_result(page: Page) -> None:
    page.goto("/")
    page.get_by_role("main").get_by_role("link", name="Try a sample").click()
    expect(page.get_by_role("heading", name="Finding of the model")).to_be_attached()
    overlay = page.get_by_alt_text("Heat map over the radiograph")
    expect(overlay).to_be_hidden()
    page.get_by_label("Heat map", exact=True).check()
    expect(overlay).to_be_visible()
    page.get_by_role("link", name="Half a chest").click()
    expect(page.get_by_role("heading", name="Not suitable")).to_be_visible()
    expect(page.get_by_text("Only a part of the chest")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Create an account").click()
    expect(page.locator("[name=username]")).to_be_visible()


@at_a_desk
def test_the_keyboard_alone_gets_there_too(page: Page) -> None:
    page.goto("/")
    page.get_by_role("main").get_by_role("link", name="Without a patch").press("Enter")
    expect(page.get_by_role("link", name="Without a patch")).to_have_attribute("aria-current", "page")
    page.get_by_label("Heat map", exact=True).press("Space")
    expect(page.get_by_alt_text("Heat map over the radiograph")).to_be_visible()


@at_a_desk
def test_the_picture_of_a_result_follows_the_language(page: Page) -> None:
    page.goto("/")
    picture = page.locator(".landing-shot img")
    expect(picture).to_have_attribute("src", re.compile(r"/result-en\."))
    page.get_by_role("button", name="Deutsch").click()
    expect(picture).to_have_attribute("src", re.compile(r"/result-de\."))
    expect(picture).to_have_js_property("naturalWidth", 1280)


def test_without_javascript_the_heat_map_still_comes_and_goes(chromium: Browser, site: RunningSite) -> None:
    context = profile(chromium, site, java_script_enabled=False)
    page = context.new_page()
    page.goto("/sample/")
    page.get_by_label("Heat map", exact=True).check()
    expect(page.get_by_alt_text("Heat map over the radiograph")).to_be_visible()
    page.goto("/sample/dark/")
    expect(page.locator(".finding-card .finding")).to_have_text("Indeterminate")
    context.close()


@at_a_desk
def test_an_empty_history_offers_a_sample_and_the_sample_leads_on(page: Page) -> None:
    sign_up(page, somebody())
    page.goto("/studies/")
    page.get_by_role("link", name="Try a sample").click()
    page.get_by_role("link", name="Submit your own").click()
    expect(page.get_by_role("heading", name="New study")).to_be_visible()
