"""Forty files in a real browser: one bar for all, a lost connection, drops on any page, folders, labels from names."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from ml import phantom
from tests.browser.conftest import at_a_desk, profile, sign_up
from tests.browser.test_browser_flow import confirm, somebody
from tests.browser.test_browser_manners import RULES, Axe
from tests.phantoms import another
from tests.running_site import RunningSite

pytestmark = pytest.mark.browser
BUTTON = "Submit for analysis"


def small(folder: Path, count: int, first: int = 300) -> list[str]:
    """Small drawn radiographs on disk."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"chest_{seed}.png" for seed in range(first, first + count)]
    for seed, path in enumerate(paths, start=first):
        path.write_bytes(phantom.png(another(seed, width=320, height=280)))
    return [str(path) for path in paths]


def drop(page: Page, names: list[str]) -> None:
    """Drop empty files of these names onto the page's heading."""
    page.evaluate(
        """(names) => {
            const data = new DataTransfer();
            for (const name of names) data.items.add(new File([new Uint8Array(20)], name, {type: "image/png"}));
            document.querySelector("h1").dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true}));
        }""",
        names,
    )


def test_a_lost_connection_makes_no_duplicates_and_it_goes_on_by_itself(page: Page, tmp_path: Path) -> None:
    sign_up(page, somebody())
    page.goto("/studies/new/")
    files = small(tmp_path / "films", 14)
    (tmp_path / "notes.png").write_text("no picture")
    (tmp_path / "copy.png").write_bytes(Path(files[0]).read_bytes())
    page.locator("input[type=file]").set_input_files([*files, str(tmp_path / "notes.png"), str(tmp_path / "copy.png")])
    rows = page.locator(".upload-item")
    expect(rows).to_have_count(16)
    assert all(46 <= (row.bounding_box() or {"height": 0})["height"] <= 50 for row in rows.all())
    confirm(page)
    sent: list[str] = []
    held: list[Route] = []

    def pass_six(route: Route) -> None:
        """Let six through, so that the connection is lost while some wait, however fast they go."""
        if len(sent) < 6:
            sent.append(route.request.url)
            route.continue_()
        else:
            held.append(route)

    page.route("**/studies/new/", pass_six)
    page.get_by_role("button", name=BUTTON).click()
    expect(page.locator(".upload-item[data-state=done]")).to_have_count(6)
    page.context.set_offline(True)
    for route in held:
        route.abort("internetdisconnected")
    page.unroute("**/studies/new/")
    expect(page.locator(".upload-item[data-state=paused]").first).to_be_attached()
    expect(page.locator("#upload-summary")).to_contain_text("No connection; it goes on by itself.")
    page.context.set_offline(False)
    expect(page.locator("#upload-summary")).to_have_text("Uploaded 14 · duplicates 1 · rejected 1", timeout=60_000)
    assert Axe().run(page, options=RULES).response["violations"] == []
    page.get_by_role("link", name="Open results").click()
    expect(page.locator("#count-all")).to_have_text("14")


LOSE_TWO_ANSWERS = """
    let left = 2;
    const listen = XMLHttpRequest.prototype.addEventListener;
    XMLHttpRequest.prototype.addEventListener = function (type, act, ...more) {
        const lossy = () => { if (left-- > 0) this.dispatchEvent(new ProgressEvent("error")); else act.call(this); };
        return listen.call(this, type, type === "load" ? lossy : act, ...more);
    };
"""


@at_a_desk
def test_an_answer_that_was_lost_is_asked_for_and_nothing_sent_twice(page: Page, tmp_path: Path) -> None:
    sign_up(page, somebody())
    page.add_init_script(LOSE_TWO_ANSWERS)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.goto("/studies/new/")
    page.locator("input[type=file]").set_input_files(small(tmp_path / "films", 2, 330))
    confirm(page)
    page.get_by_role("button", name=BUTTON).click()
    expect(page.locator("#upload-summary")).to_have_text("Uploaded 2 · duplicates 0 · rejected 0")
    assert len(sent) == 2
    page.goto("/studies/")
    expect(page.locator("#count-all")).to_have_text("2")


@at_a_desk
def test_files_dropped_on_any_page_are_taken_along(page: Page) -> None:
    sign_up(page, somebody())
    for path in ("/studies/", "/about/", "/preferences/"):
        page.goto(path)
        drop(page, ["first.png", "second.png"])
        page.wait_for_url("**/studies/new/")
        expect(page.locator(".upload-item")).to_have_count(2)
    page.goto("/studies/new/")
    expect(page.locator("[data-bar]")).to_be_visible()
    expect(page.locator(".upload-item")).to_have_count(0)


@at_a_desk
def test_a_folder_is_chosen_whole_without_what_the_system_hides_in_it(page: Page, tmp_path: Path) -> None:
    folder = tmp_path / "films"
    small(folder, 3, 340)
    (folder / ".DS_Store").write_text("x")
    sign_up(page, somebody())
    page.goto("/studies/new/")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a folder").press("Enter")
    chooser.value.set_files(str(folder))
    expect(page.locator(".upload-item")).to_have_count(3)
    expect(page.locator("#upload-summary")).to_have_text("3 files chosen")


@at_a_desk
def test_labels_come_from_names_but_not_from_those_of_people(page: Page) -> None:
    sign_up(page, somebody())
    page.goto("/studies/new/")
    drop(page, ["chest_017.png", "Schmidt_Anna.png", "1987-03-02 chest.png", "DOE^JOHN.png", "case 12 left.png"])
    labels = page.get_by_label("Label (optional)")
    expect(labels).to_have_count(5)
    wanted = ["chest_017", "", "", "", "case 12 left"]
    assert [label.input_value() for label in labels.all()] == wanted
    labels.nth(1).fill("my own")
    page.get_by_label("Prefill from file names").press("Space")
    assert [label.input_value() for label in labels.all()] == ["", "my own", "", "", ""]
    page.reload()
    drop(page, ["chest_017.png"])
    expect(labels).to_have_value("")
    page.get_by_label("Prefill from file names").check()
    expect(labels).to_have_value("chest_017")
    page.get_by_role("button", name="Remove").press("Enter")
    expect(page.locator("input[type=file]")).to_be_focused()


def test_without_javascript_many_go_in_one_form_and_the_intended_use_is_asked_once(
    chromium: Browser, site: RunningSite, tmp_path: Path
) -> None:
    context = profile(chromium, site, java_script_enabled=False)
    page = context.new_page()
    sign_up(page, somebody())
    for first in (350, 360):
        page.goto("/studies/new/")
        page.locator("input[type=file]").set_input_files(small(tmp_path / "films", 2, first))
        confirm(page)
        page.get_by_role("button", name=BUTTON).click()
        expect(page.get_by_role("heading", name="What became of your files")).to_be_visible()
    page.goto("/studies/")
    expect(page.locator("tbody tr")).to_have_count(4)
    page.goto("/studies/new/")
    page.get_by_text("Intended use confirmed on").click()
    expect(page.get_by_text("not a medical device").first).to_be_visible()
    context.close()
