"""Manners: nothing for axe to find in either theme, 360 px wide, no JavaScript, the theme switch, the keyboard."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SECRET, at_a_desk, profile, sign_up
from tests.running_site import RunningSite

pytestmark = pytest.mark.browser
OPEN = [
    "/",
    "/sample/",
    "/sample/half/",
    "/about/",
    "/about/model/",
    "/about/privacy/",
    "/help/",
    "/accounts/login/",
    "/accounts/signup/",
]
OPEN += ["/accounts/password/reset/", "/accounts/password/reset/done/", "/accounts/inactive/", "/no/such/page/"]
CLOSED = ["/studies/", "/studies/new/", "/preferences/", "/performance/", "/accounts/email/"]
CLOSED += ["/accounts/password/change/", "/accounts/2fa/", "/accounts/logout/", "/accounts/reauthenticate/"]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(params=["light", "dark"])
def narrow(request: pytest.FixtureRequest, chromium: Browser, site: RunningSite) -> Iterator[Page]:
    """The narrowest phone we promise to serve, in one theme."""
    made = profile(chromium, site, viewport={"width": 360, "height": 740}, color_scheme=request.param)
    yield made.new_page()
    made.close()


def faults(page: Page, path: str) -> list[str]:
    """What axe finds on a page with its chapters and questions unfolded, and whether anything sticks out sideways."""
    page.goto(path)
    page.evaluate("document.querySelectorAll('.chapter, .faq details').forEach(fold => { fold.open = true; })")
    found = [
        f"{path}: {fault['id']}: {fault['nodes'][0]['html'][:120]}"
        for fault in Axe().run(page, options=RULES).response["violations"]
    ]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        found.append(f"{path}: wider than {page.evaluate('window.innerWidth')} px")
    return found


def test_anyone_can_use_the_open_pages(narrow: Page) -> None:
    assert [fault for path in OPEN for fault in faults(narrow, path)] == []


def test_anyone_can_use_the_pages_behind_the_door(narrow: Page) -> None:
    sign_up(narrow, f"p{uuid.uuid4().hex[:10]}")
    assert [fault for path in CLOSED for fault in faults(narrow, path)] == []


@pytest.mark.parametrize("language", ["English", "Deutsch"])
def test_the_bar_on_top_takes_two_lines_of_the_narrowest_phone(
    chromium: Browser, site: RunningSite, language: str
) -> None:
    context = profile(chromium, site, viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto("/about/")
    with page.expect_navigation():  # one of the two is chosen already
        page.get_by_role("button", name=language).click()
    expect(page.get_by_role("button", name=language)).to_have_attribute("aria-pressed", "true")
    heights = [page.locator(".topbar").bounding_box()]
    sign_up(page, f"p{uuid.uuid4().hex[:10]}")
    page.goto("/studies/")
    heights.append(page.locator(".topbar").bounding_box())
    assert [box for box in heights if not box or box["height"] > 2 * 46] == []
    context.close()


def test_the_theme_follows_the_system_until_someone_chooses(chromium: Browser, site: RunningSite) -> None:
    context = profile(chromium, site, color_scheme="dark")
    page = context.new_page()
    page.goto("/")
    theme = page.locator("html")
    expect(theme).to_have_attribute("data-bs-theme", "dark")
    page.get_by_role("button", name="Light theme").click()
    page.goto("/about/")
    expect(theme).to_have_attribute("data-bs-theme", "light")
    page.get_by_role("button", name="Dark theme").click()
    page.emulate_media(color_scheme="light")
    expect(theme).to_have_attribute("data-bs-theme", "light")  # the choice was the system's own, so it was forgotten
    context.close()


def test_without_javascript_the_theme_still_follows_the_system(chromium: Browser, site: RunningSite) -> None:
    context = profile(chromium, site, color_scheme="dark", java_script_enabled=False)
    page = context.new_page()
    page.goto("/help/")
    expect(page.locator("body")).to_have_css("background-color", "rgb(13, 19, 21)")
    page.get_by_text("Can I use it for adults?").click()
    expect(page.get_by_text("From 18 years, for non-commercial use")).to_be_visible()
    context.close()


def test_the_first_tab_jumps_to_the_content_and_escape_closes_the_menu(page: Page) -> None:
    sign_up(page, f"p{uuid.uuid4().hex[:10]}")
    page.goto("/studies/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    summary = page.locator("details.menu > summary")
    summary.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(summary).to_be_focused()


@at_a_desk
def test_the_language_is_one_s_own_choice_and_stays(page: Page) -> None:
    page.goto("/about/")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.goto("/help/")
    expect(page.locator("html")).to_have_attribute("lang", "de")


def test_one_signs_out_and_in_again_by_the_menu(page: Page) -> None:
    name = f"p{uuid.uuid4().hex[:10]}"
    sign_up(page, name)
    page.goto("/studies/")
    page.locator("details.menu > summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("banner").get_by_role("link", name="Sign in").click()
    page.get_by_label("User name or e-mail address").fill(name)
    page.locator("[name=password]").fill(SECRET)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/studies/")
