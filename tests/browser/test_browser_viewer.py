"""The radiograph viewer in a real browser: by mouse, by keyboard, by fingers, and without JavaScript."""

from __future__ import annotations

import uuid

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import at_a_desk, on_a_phone, profile, send, sign_up
from tests.phantoms import film
from tests.running_site import RunningSite

pytestmark = pytest.mark.browser
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
# The viewer draws in the next frame after a change: once two have begun, what was asked for before is on the canvas.
GREYS = """async () => {
  for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
  const c = document.querySelector("canvas"); const x = c.getContext("2d");
  const at = (u, v) => [...x.getImageData(u * c.width, v * c.height, 1, 1).data.slice(0, 3)];
  return [at(.5, .5), at(.4, .3), at(.3, .6), at(.6, .9)].flat(); }"""


def submit(page: Page, seed: int = 21) -> str:
    """Submit a drawn film as a new person; the address of its result."""
    sign_up(page, f"p{uuid.uuid4().hex[:10]}")
    return submit_another(page, seed)


def submit_another(page: Page, seed: int) -> str:
    """Submit a drawn film; the address of its result, which is on the page."""
    page.goto(send(page, film(seed, opacity=True, width=1200, height=1000)))
    expect(page.locator("#finding-title, #review-title").first).to_be_attached()
    return page.url


@pytest.fixture
def viewer(page: Page) -> Page:
    """A result page whose viewer is ready."""
    submit(page)
    expect(page.locator(".viewer[data-ready]")).to_be_attached()
    return page


def number(page: Page, what: str) -> int:
    return int(page.locator(f"[data-{what}]").inner_text())


def greys(page: Page) -> list[int]:
    """Colours of four places of the canvas."""
    found: list[int] = page.evaluate(GREYS)
    return found


def middle(page: Page) -> tuple[float, float]:
    box = page.locator("[data-stage]").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_every_key_of_the_help_sheet_does_what_it_says(viewer: Page) -> None:
    fitted = number(viewer, "zoom")
    viewer.keyboard.press("+")
    assert number(viewer, "zoom") > fitted
    viewer.keyboard.press("a")
    assert number(viewer, "zoom") == 100
    viewer.keyboard.press("0")
    assert number(viewer, "zoom") == fitted
    plain = greys(viewer)
    for key in ("i", "m", "h", "2"):
        viewer.keyboard.press(key)
        assert greys(viewer) != plain, key
    expect(viewer.locator("[data-mirrored]")).to_be_visible()
    expect(viewer.get_by_role("button", name="Invert")).to_have_attribute("aria-pressed", "true")
    for key in ("x", "h"):
        viewer.keyboard.press(key)
    assert greys(viewer) == plain, "reset brings the film back as it was submitted"
    viewer.keyboard.press("s")
    expect(viewer.locator(".viewer canvas:visible")).to_have_count(2)
    viewer.keyboard.press("?")
    expect(viewer.get_by_role("dialog")).to_be_visible()
    viewer.keyboard.press("Escape")
    expect(viewer.get_by_role("dialog")).to_be_hidden()


@at_a_desk
def test_one_steps_through_one_s_studies_by_a_key(viewer: Page) -> None:
    older = viewer.url
    newer = submit_another(viewer, 22)
    for key, there in (("n", older), ("p", newer)):
        expect(viewer.locator(".viewer[data-ready]")).to_be_attached()
        viewer.keyboard.press(key)
        expect(viewer).to_have_url(there)


@at_a_desk
def test_keys_do_nothing_while_a_comment_is_written_and_can_be_switched_off(viewer: Page) -> None:
    viewer.get_by_role("tab", name="Review").click()
    viewer.get_by_label("Comment (optional)").press_sequentially("him ih?")
    expect(viewer.get_by_role("button", name="Invert")).to_have_attribute("aria-pressed", "false")
    viewer.get_by_role("button", name="Keys and gestures").click()
    viewer.get_by_label("Single keys work anywhere").uncheck()
    viewer.keyboard.press("Escape")
    viewer.locator("h1").click()
    viewer.keyboard.press("i")
    expect(viewer.get_by_role("button", name="Invert")).to_have_attribute("aria-pressed", "false")
    viewer.locator("[data-stage]").focus()
    viewer.keyboard.press("i")
    expect(viewer.get_by_role("button", name="Invert")).to_have_attribute("aria-pressed", "true")


@at_a_desk
def test_the_mouse_zooms_moves_and_windows(viewer: Page) -> None:
    fitted = number(viewer, "zoom")
    viewer.locator("[data-stage]").scroll_into_view_if_needed()
    viewer.mouse.move(*middle(viewer))
    viewer.mouse.wheel(0, -600)
    expect(viewer.locator("[data-zoom]")).not_to_have_text(str(fitted))
    before = greys(viewer)
    viewer.mouse.down()
    viewer.mouse.move(middle(viewer)[0] + 60, middle(viewer)[1] + 40, steps=4)
    viewer.mouse.up()
    assert greys(viewer) != before
    viewer.mouse.down(button="right")
    viewer.mouse.move(middle(viewer)[0], middle(viewer)[1], steps=4)
    viewer.mouse.up(button="right")
    assert (number(viewer, "width"), number(viewer, "level")) != (256, 128)
    viewer.mouse.dblclick(*middle(viewer))
    assert number(viewer, "zoom") == fitted


@on_a_phone
def test_two_fingers_zoom_and_a_double_tap_brings_the_whole_film_back(viewer: Page) -> None:
    fitted = number(viewer, "zoom")
    viewer.locator("[data-stage]").scroll_into_view_if_needed()
    x, y = middle(viewer)
    touch = viewer.context.new_cdp_session(viewer)

    def fingers(kind: str, *points: tuple[float, float]) -> None:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": a, "y": b} for a, b in points]})

    fingers("touchStart", (x - 30, y))
    fingers("touchStart", (x - 30, y), (x + 30, y))
    for apart in (50, 70, 90):
        fingers("touchMove", (x - apart, y), (x + apart, y))
    fingers("touchEnd")
    assert number(viewer, "zoom") == pytest.approx(3 * fitted, rel=0.1)
    for _tap in range(2):
        fingers("touchStart", (x, y))
        fingers("touchEnd")
    expect(viewer.locator("[data-zoom]")).to_have_text(str(fitted))


def test_the_heat_map_is_a_layer_and_never_on_the_stored_film(viewer: Page) -> None:
    address = viewer.locator("img[data-film]").get_attribute("src") or ""
    stored = viewer.request.get(address).body()
    plain = greys(viewer)
    viewer.get_by_role("button", name="Heat map", exact=True).click()
    viewer.get_by_label("Overlay opacity").fill("100")
    shown = greys(viewer)
    assert shown != plain
    assert any(shown[i] != shown[i + 1] for i in range(0, len(shown), 3)), "the map has a colour, the film has none"
    assert viewer.request.get(address).body() == stored
    expect(viewer.get_by_text("perhaps beside the diseased part")).to_be_visible()


def test_axe_finds_nothing_in_the_reading_room(viewer: Page) -> None:
    def faults() -> list[str]:
        found = Axe().run(viewer, options=RULES).response["violations"]
        return [f"{fault['id']}: {fault['nodes'][0]['html'][:120]}" for fault in found]

    viewer.keyboard.press("s")
    for tab in viewer.get_by_role("tab").all():
        tab.click()
        viewer.evaluate("for (const fold of document.querySelectorAll('details.review-details')) fold.open = true")
        assert faults() == [], tab.inner_text()
    viewer.get_by_role("button", name="Keys and gestures").click()
    assert faults() == []
    viewer.goto(f"{viewer.url}review/")
    assert faults() == []


def test_nothing_moves_while_the_page_loads(viewer: Page) -> None:
    viewer.reload()
    expect(viewer.locator(".viewer[data-ready]")).to_be_attached()
    moved = viewer.evaluate(
        """() => new Promise(done => {
          const sum = list => list.getEntries().reduce((total, shift) => total + shift.value, 0);
          new PerformanceObserver(list => done(sum(list))).observe({type: "layout-shift", buffered: true});
          setTimeout(() => done(0), 500);
        })"""
    )
    assert moved < 0.02


@at_a_desk
def test_without_javascript_film_heat_map_and_review_are_there(
    viewer: Page, chromium: Browser, site: RunningSite
) -> None:
    plain = profile(chromium, site, java_script_enabled=False)
    plain.add_cookies(viewer.context.cookies())  # type: ignore[arg-type]
    page = plain.new_page()
    page.goto(viewer.url)
    expect(page.locator("img[data-film]")).to_be_visible()
    expect(page.get_by_alt_text("Heat map over the radiograph")).to_be_visible()
    expect(page.locator(".viewer-bar")).to_be_hidden()
    page.get_by_label("Unsure").check()
    page.get_by_label("High", exact=True).check()
    page.get_by_role("button", name="Save review").click()
    expect(page.get_by_text("Your review is saved.")).to_be_visible()
    plain.close()


@at_a_desk
def test_who_reads_first_gives_a_reading_and_then_sees_the_answer(page: Page) -> None:
    submit(page, 22)
    page.goto("/preferences/")
    page.get_by_label("Hide the model’s answer").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Save", exact=True).click()
    page.goto(send(page, film(23, width=900, height=800)))
    expect(page.get_by_role("heading", name="Read the radiograph first")).to_be_visible()
    expect(page.locator(".finding")).to_have_count(0)
    page.get_by_label("I cannot tell").check()
    page.get_by_label("Low", exact=True).check()
    page.get_by_role("button", name="Save my reading").click()
    expect(page.locator(".finding-card")).to_be_visible()
    expect(page.get_by_text("before the answer was shown").first).to_be_visible()
