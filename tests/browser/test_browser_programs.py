"""The pages for those who write programs: a token and a webhook are made, and what the API can do is shown."""

from __future__ import annotations

import uuid

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import SECRET, sign_up

pytestmark = pytest.mark.browser


def faults(page: Page) -> list[str]:
    """What axe finds on the page as it stands, and whether anything sticks out sideways."""
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    found = [f"{fault['id']}: {node['html'][:150]}" for fault in Axe().run(page).response["violations"]
             for node in fault["nodes"][:3]]  # fmt: skip
    return [*found, *([f"{page.url} is wider than the screen"] if wide else [])]


def send(page: Page) -> None:
    """Press the form's button and give the password again where it is asked for."""
    page.locator("main form button.btn-primary").last.click()
    again = page.locator("main [name=password]")
    expect(again.or_(page.locator("code.token"))).to_be_visible()
    if again.is_visible():
        again.fill(SECRET)
        page.locator("main button[type=submit]").click()
    expect(page.locator("code.token")).to_be_visible()


def test_a_token_and_a_webhook_are_made_and_shown_once(page: Page) -> None:
    desk = page.viewport_size is not None and page.viewport_size["width"] > 1000
    page.emulate_media(color_scheme="light" if desk else "dark")  # each theme once, each width once
    sign_up(page, f"p{uuid.uuid4().hex[:10]}")
    page.goto("/account/tokens/")
    page.locator("[name=name]").fill("nightly import")
    send(page)
    assert page.locator("code.token").inner_text().startswith("pneumoweb_")
    assert faults(page) == []
    page.goto("/account/tokens/")
    assert "pneumoweb_" not in page.content()
    page.goto("/account/webhooks/")
    expect(page.locator("nav [aria-current=page]")).to_be_in_viewport()
    page.locator("[name=url]").fill("https://archive.example.org/told")
    send(page)
    assert page.locator("code.token").inner_text().startswith("whsec_")
    assert faults(page) == []
    with page.expect_navigation():
        page.locator(".token-list a").click()
    assert "whsec_" not in page.content()
    assert faults(page) == []


def test_the_api_is_shown_from_our_own_origin_and_fits_the_screen(page: Page) -> None:
    sign_up(page, f"p{uuid.uuid4().hex[:10]}")
    page.goto("/api/docs/")
    expect(page.locator(".opblock").first).to_be_visible()
    assert page.locator(".opblock").count() == 19
    page.locator("#operations-studies-get_study .opblock-summary-control").click()
    expect(page.locator("#operations-studies-get_study .responses-table").first).to_be_visible()
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    frame = page.locator(".swagger-frame")
    assert frame.evaluate("frame => frame.scrollWidth <= frame.clientWidth + 1")
