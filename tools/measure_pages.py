"""How long pages are and how much there is to read on them: ``python -m tools.measure_pages [ADDRESS]``.

Signs up at a running site (at one of its own if no address is given), submits drawn radiographs and writes a table: for
each page its height at two widths and its words in view, in English and German. docs/reading-room.md has such tables.
Needs Debian's Chromium and requirements-dev.txt.
"""

from __future__ import annotations

import re
import sys
import tempfile
import uuid
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from ml import phantom
from tests.running_site import RunningSite

PAGES = {
    "landing": "/", "sample": "/sample/", "sign-up": "/accounts/signup/", "help": "/help/", "about": "/about/",
    "model card": "/about/model/", "privacy": "/about/privacy/",
}  # fmt: skip
OWN_PAGES = {"upload": "/studies/new/", "history": "/studies/", "settings": "/preferences/", "API": "/api/docs/"}
SEEDS = (21, 22, 24)
SIZES = ((1440, 900), (390, 844))
UNFOLD = "document.querySelectorAll('main details').forEach(one => one.open = true)"
WORDS = """() => {
    document.querySelectorAll('select').forEach(one => one.hidden = true)  // four hundred time zones are not read
    const text = (document.querySelector('main') || document.body).innerText
    return text.split(/\\s+/).filter(one => /[\\p{L}\\p{N}]/u.test(one)).length
}"""
HEIGHT = "document.documentElement.scrollHeight"
Row = dict[str, list[int]]


def main() -> None:
    """Measure, print."""
    with tempfile.TemporaryDirectory(prefix="pneumoweb-pages-") as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        if len(sys.argv) > 1:
            print_table({language: measure(browser, sys.argv[1], language, Path(folder)) for language in ("en", "de")})
            return
        site = RunningSite(Path(folder) / "data").start()
        try:
            site.wait_for("/readyz", '"ready": true')
            print_table({language: measure(browser, site.url, language, Path(folder)) for language in ("en", "de")})
        finally:
            site.stop()


def measure(browser: Browser, address: str, language: str, folder: Path) -> Row:
    """Of each page: heights at SIZES, words in view, words with everything unfolded. A page that is not there: none."""
    page = browser.new_page(base_url=address, locale=language)
    rows: Row = {}

    def see(pages: dict[str, str]) -> None:
        for name, path in pages.items():
            answer = page.goto(path, wait_until="networkidle")
            if answer is not None and answer.ok:
                rows[name] = _of(page)

    see(PAGES)
    page.goto("/accounts/signup/")
    page.locator("[name=username]").fill(f"measure-{uuid.uuid4().hex[:8]}")
    for field in ("password1", "password2"):
        page.locator(f"[name={field}]").fill("a drawn phantom 7")
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url("**/studies/")
    results = [submit(page, folder, seed) for seed in SEEDS]
    see(
        OWN_PAGES
        | {"result": results[-1], "comparison": "/studies/compare/?a={}&b={}".format(*map(_key, results[-2:]))}
    )
    page.close()
    return rows


def _key(result: str) -> str:
    return result.strip("/").split("/")[-1]


def _of(page: Page) -> list[int]:
    figures = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(500)
        figures.append(int(page.evaluate(HEIGHT)))
    page.set_viewport_size({"width": SIZES[0][0], "height": SIZES[0][1]})
    figures.append(int(page.evaluate(WORDS)))
    page.evaluate(UNFOLD)
    return [*figures, int(page.evaluate(WORDS))]


def submit(page: Page, folder: Path, seed: int) -> str:
    """Submit a drawn radiograph; the path of its result, once that is there."""
    picture = folder / f"{seed}.png"
    picture.write_bytes(phantom.png(phantom.film(seed, opacity=seed % 2 == 0)))
    page.goto("/studies/new/")
    page.locator("#id_films").set_input_files(picture)
    for name in ("[name=population][value=child]", "[name=intended_use]"):
        if page.locator(name).is_visible():
            page.locator(name).check()
    page.locator("#submission button[type=submit]").click()
    a_result = re.compile(r"/studies/[0-9a-f-]{36}/$")
    page.wait_for_url(a_result)
    page.locator("#finding-title, .finding-card").first.wait_for(state="attached", timeout=60_000)
    return urlsplit(page.url).path


def print_table(found: dict[str, Row]) -> None:
    """As Markdown."""
    print("| page | 1440 | 390 | words, English | unfolded | words, German | unfolded |\n|---|---|---|---|---|---|---|")
    english, german = found["en"], found["de"]
    for name in english:
        cells = [*english[name], *german.get(name, [])[2:]]
        print(f"| {name} | {' | '.join(map(str, cells))} |")


if __name__ == "__main__":
    main()
