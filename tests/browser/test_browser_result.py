"""The result page in a browser: one screen, tabs by mouse, keyboard and address, and all of it without JavaScript."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from ml import phantom
from tests.browser.conftest import at_a_desk, profile, sign_up
from tests.browser.test_browser_flow import confirm, somebody
from tests.browser.test_browser_viewer import submit
from tests.running_site import RunningSite

pytestmark = pytest.mark.browser
TABS = ("Accuracy", "Image checks", "Review", "Details")


@pytest.fixture
def result(page: Page) -> Page:
    """A result page with its tabs in place."""
    submit(page)
    expect(page.get_by_role("tab")).to_have_count(len(TABS))
    return page


def test_the_result_fits_one_screen_of_a_desk_and_three_of_a_phone(result: Page) -> None:
    assert result.viewport_size is not None
    width, height = result.viewport_size["width"], result.viewport_size["height"]
    screens = 1 if width > 1000 else 3
    assert (
        result.evaluate("document.querySelector('main').getBoundingClientRect().bottom + scrollY") <= screens * height
    )
    assert result.evaluate("document.documentElement.scrollWidth") <= width, "nothing sticks out"
    for part in (".finding-card", ".result-warnings"):
        box = result.locator(part).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= height, f"{part} without scrolling"


def test_two_warnings_fit_one_screen_of_a_desk_too_in_both_languages(
    chromium: Browser, site: RunningSite, tmp_path: Path
) -> None:
    context = profile(chromium, site, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    sign_up(page, somebody())
    file = tmp_path / "inverted.png"
    file.write_bytes(phantom.png(255 - phantom.film(21, opacity=True, width=1024, height=840)))
    page.goto("/studies/new/")
    page.locator("input[type=file]").set_input_files(str(file))
    confirm(page)
    page.get_by_role("button", name="Submit for analysis").click()
    expect(page.locator("#finding-title")).to_be_attached()
    for language in ("English", "Deutsch"):
        with page.expect_navigation():
            page.get_by_role("button", name=language).click()
        expect(page.get_by_role("tab")).to_have_count(len(TABS))
        expect(page.locator(".result-warning")).to_have_count(2)
        assert page.evaluate("document.documentElement.scrollHeight") <= 900, language
    context.close()


def test_tabs_follow_mouse_and_keyboard_and_show_one_section_at_a_time(result: Page) -> None:
    for name in TABS:
        result.get_by_role("tab", name=name).click()
        expect(result.get_by_role("tabpanel")).to_have_count(1)
        expect(result.get_by_role("tabpanel", name=name)).to_be_visible()
    keys = {"Home": "Accuracy", "ArrowRight": "Image checks", "End": "Details", "ArrowLeft": "Review"}
    for key, name in keys.items():
        result.keyboard.press(key)
        expect(result.get_by_role("tab", name=name)).to_be_focused()
        expect(result.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
    result.keyboard.press("Tab")
    expect(result.get_by_role("tab", selected=True)).not_to_be_focused()
    expect(result.get_by_role("tab", selected=False).first).not_to_be_focused()


@at_a_desk
def test_the_address_opens_the_tab_its_fragment_lies_in(result: Page) -> None:
    address = result.url.partition("#")[0]
    for fragment, name in (("review", "Review"), ("limits", "Details"), ("prevalence-share", "Accuracy")):
        result.goto("about:blank")
        result.goto(f"{address}#{fragment}")
        expect(result.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
        expect(result.locator(f"#{fragment}")).to_be_visible()
    result.get_by_role("link", name="Limits", exact=True).click()
    expect(result.get_by_role("tab", name="Details")).to_have_attribute("aria-selected", "true")
    result.get_by_role("tab", name="Review").click()
    assert result.url.endswith("#review"), "a chosen tab can be sent on"


def test_rare_and_destructive_actions_wait_behind_a_menu(result: Page) -> None:
    expect(result.get_by_role("link", name="Delete")).to_be_hidden()
    result.locator("main .menu > summary").focus()
    result.keyboard.press("Enter")
    expect(result.get_by_role("link", name="Delete")).to_be_visible()
    result.keyboard.press("Escape")
    expect(result.get_by_role("link", name="Delete")).to_be_hidden()


@at_a_desk
def test_without_javascript_all_sections_and_the_menu_are_there(
    result: Page, chromium: Browser, site: RunningSite
) -> None:
    plain = profile(chromium, site, java_script_enabled=False)
    plain.add_cookies(result.context.cookies())  # type: ignore[arg-type]
    page = plain.new_page()
    page.goto(result.url)
    for name in ("Accuracy", "Image checks", "Your reading", "Details"):
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    page.get_by_role("link", name="Image checks").click()
    assert page.url.endswith("#checks")
    page.locator("main .menu > summary").click()
    page.get_by_role("link", name="Delete").click()
    expect(page.get_by_role("heading", name="Delete this study?")).to_be_visible()
    plain.close()
