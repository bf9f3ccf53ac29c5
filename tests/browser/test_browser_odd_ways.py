"""Ways a page was not drawn for: the longest labels, a phone on its side, German menus, double clicks, going back."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from ml import phantom
from tests.browser.conftest import profile, send, sign_up, wait_for_answers
from tests.browser.test_browser_flow import confirm, somebody
from tests.phantoms import another
from tests.running_site import RunningSite

pytestmark = pytest.mark.browser
LONGEST = "W" * 120
A_STUDY = re.compile(r"/studies/[0-9a-f-]{36}/")


@pytest.fixture
def german(chromium: Browser, site: RunningSite) -> Iterator[tuple[Page, list[str]]]:
    """Somebody who has chosen German, and the keys of two answered studies of theirs that have the longest label."""
    context = profile(chromium, site)
    page = context.new_page()
    sign_up(page, somebody())
    page.goto("/about/")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    sent = [send(page, another(seed, width=700, height=600), LONGEST) for seed in (61, 62)]
    wait_for_answers(page)
    yield page, [url.rstrip("/").rsplit("/", 1)[-1] for url in sent]
    context.close()


@pytest.mark.parametrize(
    ("width", "height"), [(320, 640), (844, 390), (1440, 900)], ids=["narrow", "on its side", "desk"]
)
def test_the_longest_label_and_a_phone_on_its_side_leave_no_page_wider_than_the_screen(
    german: tuple[Page, list[str]], width: int, height: int
) -> None:
    page, (a, b) = german
    page.set_viewport_size({"width": width, "height": height})
    paths = ["/studies/", "/studies/?view=cards", f"/studies/{a}/", f"/studies/compare/?a={a}&b={b}"]
    paths += [f"/studies/{a}/{name}/" for name in ("tags", "label", "delete")]
    wide = []
    for path in paths:
        page.goto(path)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(path)
    assert wide == []


def inside(menu: Locator) -> bool:
    """Whether an open menu's list, and all that can be pressed in it, is on the screen from edge to edge."""
    return bool(
        menu.evaluate(
            """(menu) => [menu, ...menu.querySelectorAll("a, button, select, input")].every((one) => {
                const box = one.getBoundingClientRect(), list = menu.getBoundingClientRect();
                const seen = box.width > 0;
                return !seen || (box.left >= Math.max(0, list.left) && box.right <= Math.min(innerWidth, list.right));
            })"""
        )
    )


@pytest.mark.parametrize("width", [320, 375, 390])
def test_every_menu_of_a_german_phone_stays_on_the_screen(german: tuple[Page, list[str]], width: int) -> None:
    page, (a, _b) = german
    page.set_viewport_size({"width": width, "height": 800})
    for path in ("/studies/", f"/studies/{a}/"):
        page.goto(path)
        for number in range(page.locator("details.menu > summary:visible").count()):
            menu = page.locator("details.menu", has=page.locator("> summary:visible")).nth(number)
            menu.locator("> summary").click()
            assert inside(menu.locator("> .menu-list, > ul")), f"{path}: menu {number}"
            page.keyboard.press("Escape")


def test_a_double_click_submits_once_reviews_once_and_deletes_once(page: Page) -> None:
    sign_up(page, somebody())
    page.goto("/studies/new/")
    film = phantom.png(another(63, width=700, height=600))
    page.locator("input[type=file]").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": film})
    confirm(page)
    page.get_by_role("button", name="Submit for analysis").dblclick()
    page.wait_for_url(A_STUDY)
    wait_for_answers(page)
    page.goto(address := page.url.split("#")[0])
    page.get_by_role("tab", name="Review").click()
    page.get_by_label("Agree", exact=True).check()
    page.get_by_label("Signs of pneumonia", exact=True).check()
    page.get_by_label("High", exact=True).check()
    with page.expect_navigation():  # the address would not tell: it has ended in #review since the tab was chosen
        page.get_by_role("button", name="Save review").dblclick()
    page.goto("/studies/")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.goto(f"{address}delete/")
    page.get_by_role("button", name="Delete for good").dblclick()
    page.wait_for_url("**/studies/")
    expect(page.get_by_text("The study, its radiograph and its predictions are deleted.").first).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
