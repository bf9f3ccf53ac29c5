"""A computer that several people use: after signing out, the browser itself shows no film that it has kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import at_a_desk, sign_up
from tests.browser.test_browser_flow import drawn, somebody

pytestmark = pytest.mark.browser


@at_a_desk
def test_a_film_that_the_browser_has_kept_is_asked_for_and_not_shown_after_signing_out(
    page: Page, tmp_path: Path
) -> None:
    sign_up(page, somebody())
    page.goto("/studies/new/")
    page.locator("input[type=file]").set_input_files(drawn(tmp_path, 71))
    page.get_by_label("I have read what this is for").check()
    page.get_by_role("button", name="Submit for analysis").click()
    page.wait_for_url("**/studies/*-*/")
    film = page.url + "image/"
    expect(page.locator("#finding-title")).to_be_attached()
    answers: list[int] = []
    page.on("response", lambda answer: answers.append(answer.status) if answer.url == film else None)
    page.goto(film)
    assert answers[-1] in (200, 304), "asked, whether it had it or not"
    page.goto("/accounts/logout/")
    with page.expect_navigation():
        page.locator("main button[type=submit]").click()
    page.goto(film)
    page.wait_for_url("**/accounts/login/**")
