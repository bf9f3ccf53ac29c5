"""A result on paper, and its table on a phone: nothing that stands on a screen is cut off."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_browser_viewer import submit

pytestmark = pytest.mark.browser


def test_on_paper_film_and_map_stand_side_by_side_without_controls(page: Page) -> None:
    submit(page)
    expect(page.locator(".viewer[data-ready]")).to_be_attached()
    page.emulate_media(media="print")
    film, mapped = page.locator(".viewer-plain").bounding_box(), page.locator(".film-overlay").bounding_box()
    assert film is not None
    assert mapped is not None
    assert abs(film["y"] - mapped["y"]) < 2
    assert film["x"] + film["width"] <= mapped["x"]
    expect(page.get_by_text("strongly for pneumonia")).to_be_visible()
    for control in (".viewer-bar", ".viewer-opacity", ".foot form", ".topbar", ".result .actions a", ".no-print"):
        for one in page.locator(control).all():
            expect(one).to_be_hidden()
    words, picture = page.locator(".result-answer").bounding_box(), page.locator(".result-film").bounding_box()
    assert words is not None
    assert picture is not None
    assert words["x"] == pytest.approx(picture["x"], abs=2), "no empty column beside the words"


def test_every_column_of_the_operating_points_is_inside_the_page(page: Page) -> None:
    submit(page)
    cells = page.locator(".table-points tbody td").all()
    assert len(cells) == 9
    width = page.viewport_size["width"] if page.viewport_size else 0
    for cell in cells:
        box = cell.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
