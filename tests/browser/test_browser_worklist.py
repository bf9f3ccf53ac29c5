"""The history as a worklist in a real browser: views, tags, saved filters, sorting; by keyboard and without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import at_a_desk, profile, send, sign_up, wait_for_answers
from tests.browser.test_browser_flow import somebody
from tests.browser.test_browser_manners import RULES, Axe
from tests.phantoms import film
from tests.running_site import RunningSite

pytestmark = pytest.mark.browser


def three(page: Page) -> None:
    """Somebody with three answered studies, newest first "c", "b", "a"."""
    sign_up(page, somebody())
    for seed, label in enumerate("abc", start=51):
        send(page, film(seed, width=900, height=760), label)
    wait_for_answers(page)
    page.goto("/studies/")
    expect(page.locator("tbody .finding")).to_have_count(3)


def test_a_phone_shows_the_first_study_on_its_first_screen_and_each_in_48_pixels(page: Page) -> None:
    three(page)
    boxes = [row.bounding_box() for row in page.locator("tbody tr").all()]
    assert all(box and 46 <= box["height"] <= 52 for box in boxes)
    assert boxes[0]
    assert boxes[0]["y"] + boxes[0]["height"] <= 500
    assert Axe().run(page, options=RULES).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_tags_saved_filters_and_sorting_by_mouse(page: Page) -> None:
    three(page)
    page.get_by_label("Choose a", exact=True).check()
    page.get_by_label("Choose b", exact=True).check()
    page.locator("[data-tag-menu] summary").click()
    page.locator("#tag-name").fill("teaching")
    assert Axe().run(page, options=RULES).response["violations"] == []
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("2 studies are tagged “teaching”.")).to_be_visible()
    page.goto("/studies/?tag=teaching")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.locator(".filter-line > details summary").click()
    page.get_by_label("Save this filter as").fill("to teach with")
    assert Axe().run(page, options=RULES).response["violations"] == []
    with page.expect_navigation():
        page.get_by_role("button", name="Save", exact=True).click()
    page.goto("/studies/")
    page.locator(".filter-line > details summary").click()
    page.get_by_role("link", name="to teach with").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    page.locator(".filter-line > details summary").click()
    page.get_by_role("button", name="Delete the filter to teach with").click()
    expect(page.get_by_text("below it is still in force")).to_be_visible()
    page.goto("/studies/?sort=label")
    expect(page.locator(".cell-name > a:first-child")).to_have_text(["a", "b", "c"])
    if page.viewport_size and page.viewport_size["width"] > 1000:
        page.get_by_role("columnheader", name="Study").get_by_role("link").click()
        expect(page.locator(".cell-name > a:first-child")).to_have_text(["c", "b", "a"])
        page.get_by_role("link", name="Tags: c").click()
        expect(page.get_by_label("Choose c", exact=True)).to_be_checked()
        page.keyboard.type("row")
        page.keyboard.press("Enter")
        expect(page.locator(".tag", has_text="row")).to_have_count(1)


@at_a_desk
def test_unread_studies_are_reached_by_keys_which_can_be_switched_off(page: Page) -> None:
    three(page)
    page.get_by_role("link", name="b", exact=True).click()
    page.get_by_role("tab", name="Review").click()
    page.locator("#review").get_by_text("Disagree", exact=True).click()
    page.locator("#review").get_by_text("No signs of pneumonia", exact=True).click()
    page.locator("#review").get_by_text("High", exact=True).click()
    page.locator("#review").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your review is saved.")).to_be_visible()
    page.goto("/studies/")
    expect(page.locator("#count-unread")).to_have_text("2")
    expect(page.locator("#count-disagree")).to_have_text("1")
    focused = page.locator("tr:has(:focus) .cell-name > a:first-child")
    page.keyboard.press("j")
    expect(focused).to_have_text("c")
    page.keyboard.press("j")
    expect(focused).to_have_text("a")
    page.keyboard.press("p")
    expect(focused).to_have_text("b")
    page.keyboard.press("x")
    expect(page.get_by_label("Choose b", exact=True)).to_be_checked()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog")
    expect(sheet).to_be_visible()
    sheet.get_by_label("Single keys work").uncheck()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="c", exact=True).focus()
    page.keyboard.press("j")
    expect(focused).to_have_text("c")


def test_without_javascript_tags_and_saved_filters_work(chromium: Browser, site: RunningSite) -> None:
    context = profile(chromium, site, java_script_enabled=False)
    page = context.new_page()
    three(page)
    page.get_by_role("link", name="Tags: b").click()
    page.locator("#tag-name").fill("by hand")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("button", name="Take by hand off")).to_be_visible()
    page.goto("/studies/")
    page.get_by_role("link", name="by hand").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator(".filter-line > details summary").click()
    page.get_by_label("Save this filter as").fill("kept")
    with page.expect_navigation():
        page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".filter-line > details summary").click()
    expect(page.get_by_role("link", name="kept")).to_be_visible()
    page.goto("/studies/?review=none")
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_label("Choose b", exact=True).check()
    with page.expect_download() as download:
        page.get_by_role("button", name="PDF").click()
    assert download.value.suggested_filename.endswith(".pdf")
    context.close()
