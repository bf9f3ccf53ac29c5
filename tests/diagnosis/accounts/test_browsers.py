"""Browsers by the names people know, and what names itself oddly as it does."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from diagnosis.accounts.browsers import browser_name
from tests.conftest import PASSWORD

BLINK = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0"
APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (FIREFOX, "Firefox on Windows"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE} Version/26.0 Safari/605.1.15", "Safari on macOS"),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) {APPLE} Version/26.0 Mobile/15E148 Safari/604.1",
            "Safari on iOS",
        ),
        (f"Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) {APPLE} FxiOS/143.0 Mobile/15E148", "Firefox on iOS"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {BLINK} Mobile Safari/537.36", "Chrome on Android"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {BLINK} Safari/537.36", "Chrome on ChromeOS"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {BLINK} Safari/537.36 Edg/141.0.0.0", "Edge on Windows"),
        ("curl/8.5.0", "curl"),
        ("A browser in the library", "A browser in the library"),
        ("", "Unknown"),
    ],
)
def test_a_browser_is_called_by_its_name(header: str, name: str) -> None:
    assert browser_name(header) == name


@pytest.mark.django_db
@pytest.mark.usefixtures("clean_cache")
def test_the_list_of_sessions_names_this_device_and_keeps_the_whole_string_as_a_title(owner: User) -> None:
    client = Client(headers={"user-agent": FIREFOX})
    client.post(reverse("account_login"), {"login": owner.username, "password": PASSWORD})
    page = client.get(reverse("usersessions_list")).text
    assert f'title="{FIREFOX}">Firefox on Windows, this device</td>' in page
    with override("de"):
        assert browser_name(FIREFOX) == "Firefox unter Windows"


@pytest.mark.django_db
@pytest.mark.usefixtures("clean_cache")
def test_a_browser_that_calls_itself_a_script_runs_none(owner: User) -> None:
    client = Client(headers={"user-agent": "<script>alert(1)</script>"})
    client.post(reverse("account_login"), {"login": owner.username, "password": PASSWORD})
    page = client.get(reverse("usersessions_list")).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;, this device" in page
    assert "<script>alert" not in page
