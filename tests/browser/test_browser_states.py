"""Nothing for axe to find in the states and corners that people see seldom, nor in what staff see of the admin."""

from __future__ import annotations

import json
import uuid

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import SECRET, at_a_desk, sign_up
from tests.running_site import RunningSite

pytestmark = pytest.mark.browser
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
# What Django's own templates of the admin leave, recorded in docs/decisions.md: the search box is labelled by a picture
# alone, and tables of related rows begin with an empty heading.
DJANGOS_OWN = ("label-title-only", "empty-table-header")
MAKE = """
import json
from django.contrib.auth.models import User
from django.utils import timezone
from diagnosis.models import Study
user = User.objects.get(username=NAME)
now = timezone.now()
reason = {"reason_code": "NOT_CHEST", "reason": "This looks like a radiograph of another part of the body.",
          "advice": "Submit a frontal film of the chest."}
states = {
    "rejected": {**reason, "started_at": now, "finished_at": now},
    "failed": {**reason, "reason_code": "ERROR", "started_at": now, "finished_at": now},
    "queued": {"sent_at": now, "attempts_left": 0},  # the sweeper leaves it alone
}
found = {}
for state, more in states.items():
    study = Study.objects.create(
        owner=user, state=state, queued_at=now, intended_use_version="1", intended_use_at=now, width=300, height=300,
        source_format="PNG", pixel_hash=state, label=state, **more,
    )
    found[state] = str(study.pk)
User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
print("IDS" + json.dumps(found))
"""


def studies_of(site: RunningSite, name: str) -> dict[str, str]:
    """A study in each state that is not done, and the rights of staff, for this person; ids by state."""
    output = site.manage("shell", "-v", "0", "-c", MAKE.replace("NAME", repr(name)))
    found: dict[str, str] = json.loads(output.partition("IDS")[2])
    return found


def faults(page: Page, path: str) -> list[str]:
    """What axe finds on a page."""
    page.goto(path)
    return [
        f"{path}: {fault['id']}: {node['html'][:150]}"
        for fault in Axe().run(page, options=RULES).response["violations"]
        for node in fault["nodes"][:3]
    ]


def test_states_corners_and_the_admin(page: Page, site: RunningSite) -> None:
    desk = page.viewport_size is not None and page.viewport_size["width"] > 1000
    page.emulate_media(color_scheme="light" if desk else "dark")  # each theme once, each width once
    name = f"p{uuid.uuid4().hex[:10]}"
    sign_up(page, name)
    ids = studies_of(site, name)
    pages = [f"/studies/{pk}/" for pk in ids.values()]
    pages += ["/studies/?view=cards"]
    found = [fault for path in pages for fault in faults(page, path)]
    page.goto("/accounts/2fa/totp/activate/")
    if page.locator("[name=password]").count():
        page.locator("[name=password]").fill(SECRET)
        with page.expect_navigation():  # the address would not tell: it ends in the one that comes next
            page.locator("main button[type=submit]").click()
    found += [fault for path in ("/accounts/2fa/totp/activate/", "/account/delete/") for fault in faults(page, path)]
    admin = ["", f"diagnosis/study/?q={name}", f"diagnosis/study/{ids['failed']}/change/"]
    found += [
        fault
        for path in admin
        for fault in faults(page, f"/admin/{path}")
        if not any(f": {rule}: " in fault for rule in DJANGOS_OWN)
    ]
    assert not found, "\n".join(found)


@at_a_desk
def test_a_waiting_page_polls_on_when_no_server_answered_and_says_when_one_is_signed_out(
    page: Page, site: RunningSite
) -> None:
    name = f"p{uuid.uuid4().hex[:10]}"
    sign_up(page, name)
    waiting = studies_of(site, name)["queued"]
    asked: list[str] = []

    def fail_once(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            route.abort()
        else:
            route.continue_()

    page.route("**/status/", fail_once)
    with page.expect_response("**/status/"):  # a request that fails has none
        page.goto(f"/studies/{waiting}/")
    assert len(asked) == 2
    page.context.clear_cookies(name="sessionid")
    expect(page.get_by_text("You are signed out. Sign in to see the result.")).to_be_visible()
