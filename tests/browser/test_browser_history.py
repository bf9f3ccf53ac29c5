"""The history in a real browser: it fills by itself, and what is chosen is compared, exported and deleted."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import at_a_desk, profile, send, sign_up, wait_for_answers
from tests.browser.test_browser_flow import somebody
from tests.browser.test_browser_manners import RULES, Axe
from tests.phantoms import film
from tests.running_site import RunningSite

pytestmark = pytest.mark.browser


def submit(page: Page, *seeds: int) -> None:
    """Submit drawn films one after the other, without waiting for their results."""
    for seed in seeds:
        send(page, film(seed, width=900, height=760), f"film {seed}")


@at_a_desk
def test_results_come_by_themselves_and_the_asking_ends(page: Page) -> None:
    sign_up(page, somebody())
    submit(page, 21, 22)
    page.goto("/studies/")
    expect(page.locator("tbody .finding, tbody .state-rejected")).to_have_count(2)
    expect(page.locator("#live[hx-get]")).to_have_count(0)


def test_two_are_chosen_compared_and_deleted(page: Page) -> None:
    sign_up(page, somebody())
    submit(page, 23, 24)
    page.goto("/studies/")
    bar = page.get_by_role("group", name="With the chosen studies")
    expect(bar).to_be_hidden()
    page.get_by_label("Choose film 23").check()
    expect(bar.get_by_role("button", name="Compare two")).to_be_disabled()
    page.get_by_label("Choose film 24").check()
    assert Axe().run(page, options=RULES).response["violations"] == []
    bar.get_by_role("button", name="Compare two").click()
    expect(page.get_by_role("heading", name="film 23")).to_be_visible()
    expect(page.get_by_role("heading", name="film 24")).to_be_visible()
    assert Axe().run(page, options=RULES).response["violations"] == []
    page.goto("/studies/?q=film")
    for seed in (23, 24):
        page.get_by_label(f"Choose film {seed}").press("Space")
    bar.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Delete these 2 studies?")).to_be_visible()
    page.get_by_role("button", name="Delete 2 studies for good").click()
    expect(page.get_by_role("heading", name="No studies yet")).to_be_visible()


@at_a_desk
def test_downloads_open_and_say_what_they_are(page: Page) -> None:
    sign_up(page, somebody())
    submit(page, 25)
    page.goto("/studies/")
    expect(page.locator("tbody .finding, tbody .state-rejected")).to_have_count(1)
    page.locator("details.menu summary", has_text="Export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="All as CSV").click()
    assert download.value.suggested_filename.startswith("pneumoweb-history-")
    assert "film 25" in download.value.path().read_text(encoding="utf-8-sig")


def test_without_javascript_all_of_it_works(chromium: Browser, site: RunningSite) -> None:
    context = profile(chromium, site, java_script_enabled=False)
    page = context.new_page()
    sign_up(page, somebody())
    submit(page, 26)
    wait_for_answers(page)
    page.goto("/studies/?sort=oldest")
    page.locator(".history-filters summary").click()
    page.get_by_label("Finding").select_option("Any finding")
    page.get_by_label("Text in the label").fill("film 26")
    with page.expect_navigation():
        page.get_by_role("button", name="Apply").click()
    page.get_by_label("Choose film 26").check()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete 1 study for good").click()
    expect(page.get_by_role("heading", name="No studies yet")).to_be_visible()
    context.close()


@at_a_desk
def test_no_filter_cuts_its_longest_choice_on_a_desk_in_any_language(page: Page) -> None:
    sign_up(page, somebody())
    submit(page, 25)
    page.goto("/studies/")
    for language in ("English", "Deutsch"):
        with page.expect_navigation():
            page.get_by_role("button", name=language).click()
        page.goto("/studies/?view=cards")
        page.locator(".history-filters summary").click()
        selects = page.locator(".history-filters select")
        assert selects.count() == 8
        for select in selects.all():
            cut = select.evaluate(
                """(it) => { const copy = it.cloneNode(true); copy.style.width = "max-content";
                  it.parentNode.append(copy); const needs = copy.offsetWidth; copy.remove();
                  return needs - it.offsetWidth; }"""
            )
            assert cut <= 0
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
