"""What a person does with the site, in a real browser: sign up, submit, wait, read, find again, delete."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from ml import phantom
from tests.browser.conftest import at_a_desk, profile, sign_up, sign_up_by_page
from tests.phantoms import film
from tests.running_site import RunningSite

pytestmark = pytest.mark.browser


def drawn(folder: Path, seed: int) -> str:
    """A synthetic film on disk."""
    path = folder / f"film-{seed}.png"
    path.write_bytes(phantom.png(film(seed, width=900, height=760)))
    return str(path)


def confirm(page: Page) -> None:
    """Confirm the intended use, where the page still asks for it: once for each person."""
    box = page.get_by_label("I have read what this is for")
    if box.count():
        box.check()


def somebody() -> str:
    return f"p{uuid.uuid4().hex[:10]}"


def test_a_person_submits_a_film_and_finds_its_result_in_the_history(page: Page, tmp_path: Path) -> None:
    sign_up_by_page(page, somebody())
    expect(page.get_by_role("heading", name="No studies yet")).to_be_visible()
    page.get_by_role("link", name="New study").first.click()
    page.locator("input[type=file]").set_input_files(drawn(tmp_path, 11))
    page.get_by_label("Label").fill("left lower lobe")
    confirm(page)
    page.get_by_role("button", name="Submit for analysis").click()
    page.wait_for_url("**/studies/*-*/")
    expect(page.locator("#finding-title")).to_be_attached()
    expect(page.get_by_text("Not medical advice.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "nothing sticks out sideways"
    page.goto("/studies/")
    page.get_by_role("link", name="left lower lobe").first.click()
    expect(page.locator("#finding-title")).to_be_attached()
    page.locator("main .menu > summary").click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("heading", name="No studies yet")).to_be_visible()


@at_a_desk
def test_several_films_go_one_by_one_and_a_bad_one_says_why(page: Page, tmp_path: Path) -> None:
    sign_up(page, somebody())
    page.goto("/studies/new/")
    bad = tmp_path / "notes.png"
    bad.write_text("this is not a picture")
    page.locator("input[type=file]").set_input_files([drawn(tmp_path, 12), str(bad), drawn(tmp_path, 13)])
    expect(page.locator(".upload-item")).to_have_count(3)
    confirm(page)
    page.get_by_role("button", name="Submit for analysis").click()
    expect(page.locator(".upload-item[data-state=done]")).to_have_count(2)
    expect(page.locator(".upload-item[data-state=refused]")).to_have_count(1)
    expect(page.locator(".upload-item .finding")).to_have_count(2)
    expect(page.locator("#upload-summary")).to_contain_text("Uploaded 2 · duplicates 0 · rejected 1")


@at_a_desk
def test_the_confirmation_is_asked_for_before_anything_is_sent(page: Page, tmp_path: Path) -> None:
    sign_up(page, somebody())
    page.goto("/studies/new/")
    page.locator("input[type=file]").set_input_files(drawn(tmp_path, 14))
    page.get_by_role("button", name="Submit for analysis").click()
    expect(page.locator(".upload-item[data-state=new]")).to_have_count(1)


@at_a_desk
def test_the_same_film_again_leads_to_the_earlier_result(page: Page, tmp_path: Path) -> None:
    sign_up(page, somebody())
    for _ in range(2):
        page.goto("/studies/new/")
        page.locator("input[type=file]").set_input_files(drawn(tmp_path, 15))
        confirm(page)
        page.get_by_role("button", name="Submit for analysis").click()
        expect(page.locator(".upload-item[data-state=known], #finding-title").first).to_be_attached()
    expect(page.get_by_role("button", name="Reanalyse")).to_be_visible()


@at_a_desk
def test_a_dropped_film_is_taken_anywhere_on_the_page(page: Page, tmp_path: Path) -> None:
    sign_up(page, somebody())
    page.goto("/studies/new/")
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(20)], "dropped.png", {type: "image/png"}));
            document.querySelector("h1").dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true}));
        }"""
    )
    expect(page.locator(".upload-item")).to_have_count(1)


def test_everything_works_without_javascript(chromium: Browser, site: RunningSite, tmp_path: Path) -> None:
    context = profile(chromium, site, java_script_enabled=False)
    page = context.new_page()
    sign_up_by_page(page, somebody())
    page.goto("/studies/new/")
    page.locator("input[type=file]").set_input_files([drawn(tmp_path, 16)])
    confirm(page)
    page.get_by_role("button", name="Submit for analysis").click()
    page.wait_for_url("**/studies/*-*/")
    expect(page.locator("#finding-title")).to_be_attached()  # the page reloads by itself: <meta http-equiv=refresh>
    page.goto("/studies/")
    expect(page.locator("main .finding").first).to_be_visible()
    context.close()
