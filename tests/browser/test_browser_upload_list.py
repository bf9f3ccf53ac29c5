"""The list of films on the submit page: a session that ended, a label for each, what a ZIP held, signs of files."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from ml import phantom
from tests.browser.conftest import SECRET, at_a_desk, sign_up
from tests.browser.test_browser_flow import confirm, drawn, somebody
from tests.browser.test_browser_manners import RULES
from tests.dicom_files import dicom_bytes

pytestmark = pytest.mark.browser


def choose(page: Page, *files: str | Path) -> None:
    """Choose films and confirm the intended use."""
    page.goto("/studies/new/")
    page.locator("input[type=file]").set_input_files([str(file) for file in files])
    confirm(page)


def submit(page: Page) -> None:
    page.get_by_role("button", name="Submit for analysis").click()


def faults(page: Page) -> list[str]:
    """What axe finds on the page as it stands, and whether anything sticks out sideways."""
    found = [
        f"{fault['id']}: {fault['nodes'][0]['html'][:120]}"
        for fault in Axe().run(page, options=RULES).response["violations"]
    ]
    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    return [*found, "too wide"] if wide else found


@at_a_desk
def test_what_is_chosen_before_the_script_has_come_is_in_the_list(page: Page, tmp_path: Path) -> None:
    sign_up(page, somebody())
    late: list[Route] = []

    def hold(route: Route) -> None:
        late.append(route)

    page.route("**/js/upload*.js", hold)
    page.goto("/studies/new/", wait_until="commit")
    page.locator("input[type=file]").set_input_files(drawn(tmp_path, 79))
    page.get_by_label("Label").fill("early")
    late[0].continue_()
    expect(page.locator(".upload-item")).to_have_count(1)
    expect(page.locator(".upload-item [data-label] input")).to_have_value("early")
    confirm(page)
    submit(page)
    page.wait_for_url("**/studies/*-*/")
    expect(page.locator("h1")).to_contain_text("early")


def refuse_what_is_sent(route: Route) -> None:
    """A server that takes no token, however new."""
    if route.request.method == "POST":
        route.fulfill(status=403)
    else:
        route.continue_()


@pytest.mark.parametrize("cookie", ["the cookie can be read", "no script can read the cookie"])
@at_a_desk
def test_who_signs_in_again_in_another_tab_sends_the_film_that_waited(page: Page, tmp_path: Path, cookie: str) -> None:
    if cookie.startswith("no"):  # CSRF_COOKIE_HTTPONLY, CSRF_USE_SESSIONS
        page.add_init_script("Object.defineProperty(document, 'cookie', {get: () => ''})")
    name = somebody()
    sign_up(page, name)
    choose(page, drawn(tmp_path, 41), drawn(tmp_path, 42))
    other = page.context.new_page()
    other.goto("/accounts/logout/")
    with other.expect_navigation():
        other.locator("main button[type=submit]").click()
    submit(page)
    expect(page.get_by_text("You are signed out. Sign in in another tab")).to_have_count(2)
    other.goto("/accounts/login/")
    other.locator("[name=login]").fill(name)
    other.locator("[name=password]").fill(SECRET)
    other.locator("main button[type=submit]").click()
    other.wait_for_url("**/studies/")
    for item in page.locator(".upload-item").all():
        item.get_by_role("button", name="Try again").click()
    expect(page.locator(".upload-item[data-state=done]")).to_have_count(2)


@at_a_desk
def test_a_form_that_has_expired_is_renewed_and_no_sign_in_asked_for(page: Page, tmp_path: Path) -> None:
    sign_up(page, somebody())
    choose(page, drawn(tmp_path, 43), drawn(tmp_path, 44))
    page.context.clear_cookies(name="csrftoken")
    submit(page)
    expect(page.locator(".upload-item[data-state=done]")).to_have_count(2)
    choose(page, drawn(tmp_path, 45))
    page.route("**/studies/new/", refuse_what_is_sent)
    submit(page)
    expect(page.locator(".upload-item")).to_contain_text("too old to send the file")


@at_a_desk
def test_each_film_has_a_label_of_its_own(page: Page, tmp_path: Path) -> None:
    sign_up(page, somebody())
    choose(page, drawn(tmp_path, 46), drawn(tmp_path, 47))
    labels = page.get_by_label("Label (optional)")
    expect(labels).to_have_count(2)
    labels.nth(0).fill("the first")
    labels.nth(1).fill("the second")
    submit(page)
    expect(page.locator(".upload-item[data-state=done]")).to_have_count(2)
    page.goto("/studies/")
    page.get_by_role("link", name="the first", exact=True).click()
    page.locator(".page-header summary", has_text="More").click()
    page.get_by_role("link", name="Label and patient code").click()
    page.get_by_label("Label (optional)").fill("another name")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="another name")).to_be_visible()


def test_the_list_says_what_became_of_each_film_of_a_zip(page: Page, tmp_path: Path) -> None:
    packed = tmp_path / "films.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(drawn(tmp_path, 48), "one.png")
        archive.writestr("two.png", "not a picture")
    sign_up(page, somebody())
    choose(page, packed)
    submit(page)
    lines = page.locator(".upload-item [data-studies] p")
    expect(lines).to_have_count(2)
    expect(lines.nth(0)).to_contain_text("one.png: ")
    expect(lines.nth(0).get_by_role("link", name="Open")).to_be_visible()
    expect(lines.nth(1)).to_contain_text("two.png: This file is a text")
    assert faults(page) == []


def test_a_file_that_no_browser_draws_has_a_sign_and_one_removed_is_not_counted(page: Page, tmp_path: Path) -> None:
    dicom = tmp_path / "IM0001"
    dicom.write_bytes(dicom_bytes(phantom.film(49, width=320, height=280), 8))
    sign_up(page, somebody())
    choose(page, drawn(tmp_path, 49), dicom)
    expect(page.locator(".upload-item").nth(0).locator("img")).to_be_visible()
    expect(page.locator(".upload-item").nth(1).locator(".thumb-frame .icon")).to_be_visible()
    expect(page.locator("#upload-summary")).to_contain_text("2 files chosen")
    assert faults(page) == []
    page.get_by_role("button", name="Remove").nth(1).click()
    expect(page.locator("#upload-summary")).to_contain_text("1 file chosen")
