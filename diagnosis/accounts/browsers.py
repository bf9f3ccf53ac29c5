"""What a browser calls itself, in words a person recognises: "Firefox on Windows"."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from django.utils.translation import gettext as _

SYSTEMS = {"Mac OS X": "macOS", "Chrome OS": "ChromeOS"}  # as they are called today
BESIDES = ("Mobile", "iOS", "WebView", "Headless")  # of a browser's name: the system says as much


@cache
def _parser() -> Callable[..., Any]:
    # Imported here: 11 MB and 80 ms, once, for one page that few people open.
    from ua_parser import Domain, Parser
    from ua_parser.basic import Resolver
    from ua_parser.loaders import load_lazy_builtins

    parser = Parser(Resolver(load_lazy_builtins()))
    return lambda text: parser(text, Domain.USER_AGENT | Domain.OS)


def browser_name(user_agent: str) -> str:
    """Browser and system of a ``User-Agent`` header; the header itself where it names no browser we know."""
    found = _parser()(user_agent)
    if found.user_agent is None:
        return user_agent or _("Unknown")
    browser = found.user_agent.family
    for word in BESIDES:
        browser = browser.replace(word, "")
    browser = " ".join(browser.split())
    if found.os is None:
        return browser
    system = SYSTEMS.get(found.os.family, found.os.family)
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
