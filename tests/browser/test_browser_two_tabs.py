"""Two tabs of one person: what one has saved, deleted or ended, the other neither undoes nor hides."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from ml import phantom
from tests.browser.conftest import SECRET, at_a_desk, send, sign_up, wait_for_answers
from tests.browser.test_browser_flow import confirm, somebody
from tests.phantoms import another

pytestmark = [pytest.mark.browser, at_a_desk]


@pytest.fixture
def tabs(context: BrowserContext, page: Page) -> tuple[Page, Page]:
    """Two tabs of somebody who has just signed up."""
    sign_up(page, somebody())
    return page, context.new_page()


def answered(page: Page, *seeds: int) -> list[str]:
    """Addresses of studies that have their answers."""
    sent = [send(page, another(seed, width=500, height=460)) for seed in seeds]
    wait_for_answers(page)
    return sent


def review(page: Page, comment: str) -> None:
    """Fill in the open form of a review and send it."""
    page.get_by_label("Unsure", exact=True).check()
    page.get_by_label("I cannot tell", exact=True).check()
    page.get_by_label("High", exact=True).check()
    page.locator("[name=review-comment]").fill(comment)
    with page.expect_navigation():
        page.get_by_role("button", name="Save review").click()


def test_a_review_saved_in_both_keeps_both_and_the_later_tab_is_told(tabs: tuple[Page, Page]) -> None:
    one, other = tabs
    (study,) = answered(one, 71)
    for page in tabs:
        page.goto(f"{study}review/")
    review(one, "from the one")
    expect(one.get_by_text("Your review is saved.", exact=True)).to_be_visible()
    review(other, "from the other")
    expect(other.get_by_text("kept as an older version")).to_be_visible()
    other.goto(f"{study}review/")
    expect(other.locator(".review-versions li")).to_have_count(2)
    expect(other.get_by_text("from the one")).to_be_visible()


def test_what_one_has_deleted_the_other_is_told_of_wherever_it_stands(tabs: tuple[Page, Page]) -> None:
    one, other = tabs
    gone, kept = answered(one, 72, 73)
    other.goto("/studies/")
    one.goto(f"{gone}delete/")
    expect(one.get_by_text("label, patient code and tags")).to_be_visible()
    one.get_by_role("button", name="Delete for good").click()
    one.wait_for_url("**/studies/")
    other.locator(f'tr:has(a[href="{gone[gone.index("/studies/") :]}"]) input[type=checkbox]').check()
    other.get_by_role("button", name="Delete…").click()
    expect(other.get_by_text("What you have chosen has been deleted meanwhile.")).to_be_visible()
    expect(other.locator("tbody tr")).to_have_count(1)
    one.goto(f"{kept}review/")
    other.goto(f"{kept}delete/")
    other.get_by_role("button", name="Delete for good").click()
    other.wait_for_url("**/studies/")
    review(one, "too late")
    expect(one.get_by_text("the study may have been deleted")).to_be_visible()


def test_settings_and_labels_changed_in_both_keep_what_each_has_changed(tabs: tuple[Page, Page]) -> None:
    one, other = tabs
    (study,) = answered(one, 74)
    for page in tabs:
        page.goto("/preferences/")
    one.get_by_label("Screening").check()
    one.get_by_label("Hide the model’s answer").check()
    other.locator("[name=time_zone]").select_option("Europe/Berlin")
    for page in tabs:
        with page.expect_navigation():
            page.get_by_role("button", name="Save", exact=True).click()
    expect(other.get_by_label("Screening")).to_be_checked()
    expect(other.get_by_label("Hide the model’s answer")).to_be_checked()
    expect(other.locator("[name=time_zone]")).to_have_value("Europe/Berlin")
    for page in tabs:
        page.goto(f"{study}label/")
    one.locator("[name=label]").fill("of the one")
    other.locator("[name=patient_code]").fill("P-9")
    for page in tabs:
        with page.expect_navigation():
            page.get_by_role("button", name="Save", exact=True).click()
    other.goto(f"{study}label/")
    expect(other.locator("[name=label]")).to_have_value("of the one")
    expect(other.locator("[name=patient_code]")).to_have_value("P-9")


def test_signed_out_in_one_the_other_says_what_was_not_kept_and_comes_back_to_its_form(
    tabs: tuple[Page, Page], context: BrowserContext
) -> None:
    one, other = tabs
    (study,) = answered(one, 75)
    third = context.new_page()
    third.goto("/account/tokens/")
    name = str(third.locator(".manage .h1").text_content())
    other.goto(f"{study}review/")
    one.goto("/accounts/logout/")
    with one.expect_navigation():
        one.locator("main").get_by_role("button", name="Sign out").click()
    review(other, "not kept")
    expect(other.get_by_text("What you sent was not kept")).to_be_visible()
    third.goto("/preferences/")
    for page in (other, third):  # the second is signed in by then: its form of the sign-in has expired
        page.locator("[name=login]").fill(name)
        page.locator("[name=password]").fill(SECRET)
        page.locator("main button[type=submit]").first.click()
    other.wait_for_url(f"{study}review/")
    third.wait_for_url("**/preferences/")


def test_the_same_files_sent_from_both_become_one_study_each(tabs: tuple[Page, Page]) -> None:
    films = [
        {"name": f"{seed}.png", "mimeType": "image/png", "buffer": phantom.png(another(seed, width=500, height=460))}
        for seed in (76, 77)
    ]
    for page in tabs:
        page.goto("/studies/new/")
        page.locator("#id_films").set_input_files(films)
        confirm(page)
    for page in tabs:
        page.get_by_role("button", name="Submit for analysis").click()
    for page in tabs:
        expect(page.locator(".upload-item:is([data-state=done], [data-state=known])")).to_have_count(2)
    tabs[0].goto("/studies/")
    expect(tabs[0].locator("tbody tr")).to_have_count(2)
