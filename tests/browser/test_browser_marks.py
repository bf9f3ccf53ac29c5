"""Marks, ruler and linked viewers in a browser: by mouse, by keyboard, and what is left without JavaScript."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import at_a_desk, profile
from tests.browser.test_browser_viewer import middle, number, submit, submit_another
from tests.running_site import RunningSite

pytestmark = pytest.mark.browser


@pytest.fixture
def viewer(page: Page) -> Page:
    """A result page whose viewer is ready."""
    submit(page)
    expect(page.locator(".viewer[data-ready]")).to_be_attached()
    page.locator("[data-stage]").scroll_into_view_if_needed()
    return page


def drag(page: Page, dx: float, dy: float) -> None:
    """From the middle of the stage, by so much."""
    x, y = middle(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy, steps=4)
    page.mouse.up()


def kept(page: Page) -> list[dict[str, int | str]]:
    found: list[dict[str, int | str]] = json.loads(page.locator("[data-marks-field]").input_value())
    return found


@at_a_desk
def test_marks_drawn_by_mouse_are_undone_kept_with_the_review_and_there_without_javascript(
    viewer: Page, chromium: Browser, site: RunningSite
) -> None:
    viewer.get_by_role("button", name="Draw a box").click()
    drag(viewer, 60, 50)
    viewer.get_by_role("button", name="Draw an arrow").click()
    drag(viewer, -50, 40)
    expect(viewer.locator(".viewer-marks .mark")).to_have_count(2)
    viewer.get_by_role("button", name="Remove the last mark").click()
    expect(viewer.locator(".viewer-marks .mark")).to_have_count(1)
    box = kept(viewer)[0]
    assert box["kind"] == "box"
    viewer.get_by_role("tab", name="Review").click()
    viewer.get_by_label("Unsure").check()
    viewer.get_by_label("High", exact=True).check()
    viewer.get_by_role("button", name="Save review").click()
    expect(viewer.locator(".viewer[data-ready]")).to_be_attached()
    expect(viewer.locator(".viewer-marks rect.mark")).to_have_count(1)
    assert kept(viewer) == [box]
    plain = profile(chromium, site, java_script_enabled=False)
    plain.add_cookies(viewer.context.cookies())  # type: ignore[arg-type]
    page = plain.new_page()
    page.goto(viewer.url)
    expect(page.locator(".viewer-marks polygon.mark")).to_have_count(1)
    plain.close()


@at_a_desk
def test_by_keyboard_a_mark_is_placed_moved_and_resized(viewer: Page) -> None:
    viewer.locator("[data-stage]").focus()
    viewer.keyboard.press("b")
    viewer.keyboard.press("Enter")
    (placed,) = kept(viewer)
    viewer.keyboard.press("ArrowRight")
    (moved,) = kept(viewer)
    assert int(moved["x1"]) > int(placed["x1"])
    assert int(moved["x2"]) - int(placed["x2"]) == pytest.approx(int(moved["x1"]) - int(placed["x1"]), abs=1)
    viewer.keyboard.press("Shift+ArrowDown")
    (larger,) = kept(viewer)
    assert larger["y1"] == moved["y1"]
    assert int(larger["y2"]) > int(moved["y2"])
    viewer.keyboard.press("z")
    assert kept(viewer) == []


@at_a_desk
def test_the_ruler_measures_and_is_not_kept(viewer: Page) -> None:
    viewer.keyboard.press("d")
    drag(viewer, 80, 0)
    zoom = number(viewer, "zoom") / 100
    length = viewer.locator(".mark-length").text_content() or ""
    assert length.endswith("pixels"), "a PNG tells nothing of millimetres"
    assert int(length.split()[0].replace(",", "")) == pytest.approx(80 / zoom, rel=0.05)
    assert kept(viewer) == []
    viewer.keyboard.press("x")
    expect(viewer.locator(".mark-length")).to_have_count(0)


def test_two_linked_viewers_zoom_move_and_window_together_until_they_are_parted(
    page: Page, chromium: Browser, site: RunningSite
) -> None:
    first = submit(page, 21).rstrip("/").rpartition("/")[2]
    second = submit_another(page, 22).rstrip("/").rpartition("/")[2]
    address = f"/studies/compare/?a={first}&b={second}"
    page.goto(address)
    expect(page.locator("[data-viewer][data-ready]")).to_have_count(2)
    left, right = page.locator("[data-zoom]").all()
    fitted = left.inner_text()
    page.get_by_role("button", name="Zoom in").click()
    expect(left).not_to_have_text(fitted)
    assert left.inner_text() == right.inner_text()
    page.locator("[data-stage]").last.focus()
    page.keyboard.press("i")
    expect(page.locator("[data-inverted]:visible")).to_have_count(2)
    page.get_by_role("button", name="Linked").click()
    page.keyboard.press("0")
    expect(right).to_have_text(fitted)
    expect(left).not_to_have_text(fitted)
    page.get_by_role("button", name="Heat map", exact=True).click()
    plain = profile(chromium, site, java_script_enabled=False)
    plain.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    bare = plain.new_page()
    bare.goto(address)
    expect(bare.locator("img[data-film]:visible")).to_have_count(2)
    expect(bare.locator(".viewer-bar")).to_be_hidden()
    bare.locator("summary", has_text="Heat map").first.click()
    expect(bare.get_by_alt_text("Heat map over the radiograph").first).to_be_visible()
    plain.close()
