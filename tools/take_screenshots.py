"""Take the pictures of README and landing page from a running product: ``python tools/take_screenshots.py``.

Starts a site of its own, submits drawn radiographs (no patient is behind them) and photographs what a person sees: for
the README its result page and history, for the landing page the result in both languages. Needs Debian's
Chromium and requirements-dev.txt.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402  # needs the path above
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from ml import phantom  # noqa: E402
from tests.running_site import RunningSite  # noqa: E402

OUT = ROOT / "docs" / "img"
SCREENS = ROOT / "static" / "img" / "screens"
SEEDS = (21, 22, 23, 24)
WIDTH, HEIGHT = 1280, 860
SHOWN_HEIGHT = 800  # of the landing page's picture
LABELS = {"en": "drawn radiograph", "de": "gezeichnete Aufnahme"}


def main() -> None:
    """Start, submit, photograph, stop."""
    OUT.mkdir(exist_ok=True)
    SCREENS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pneumoweb-pictures-") as folder, sync_playwright() as playwright:
        site = RunningSite(Path(folder) / "data").start()
        try:
            site.wait_for("/readyz", '"ready": true')
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            for language in LABELS:
                page = visitor(browser, site, language)
                submit(page, Path(folder), LABELS[language])
                for_landing(page, language)
                if language == "en":
                    for_readme(page)
        finally:
            site.stop()


def visitor(browser: Browser, site: RunningSite, language: str) -> Page:
    """Somebody who has just signed up, in a browser of this language."""
    page = browser.new_page(
        base_url=site.url, viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", locale=language
    )
    page.goto("/accounts/signup/")
    page.locator("[name=username]").fill(f"sample-{language}")
    for field in ("password1", "password2"):
        page.locator(f"[name={field}]").fill("a drawn phantom 7")
    page.locator("main button[type=submit]").click()
    page.wait_for_url("**/studies/")
    return page


def submit(page: Page, folder: Path, label: str) -> None:
    """A few radiographs, one after the other; the page of the last is left open, its heat map shown."""
    for seed in SEEDS:
        picture = folder / f"{seed}.png"
        picture.write_bytes(phantom.png(phantom.film(seed, opacity=seed % 2 == 0)))
        page.goto("/studies/new/")
        page.locator("#id_films").set_input_files(picture)
        page.locator("[data-label] input").fill(f"{label} {seed}")
        page.locator("[name=population][value=child]").check()
        if page.locator("[name=intended_use]").is_visible():
            page.locator("[name=intended_use]").check()
        page.locator("#submission button[type=submit]").click()
        page.wait_for_url("**/studies/*-*/")
        page.locator("#finding-title").wait_for(state="attached", timeout=60_000)
    page.wait_for_load_state("networkidle")
    page.locator("[data-do=heat]").click()
    page.mouse.move(0, 0)
    page.evaluate("scrollTo(0, 0)")


def for_landing(page: Page, language: str) -> None:
    """The open result page, which is dark in both themes."""
    page.set_viewport_size({"width": WIDTH, "height": SHOWN_HEIGHT})
    page.wait_for_timeout(300)
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        picture.convert("RGB").save(SCREENS / f"result-{language}.webp", quality=78, method=6)


def for_readme(page: Page) -> None:
    """The open result page, and the history."""
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    page.screenshot(path=OUT / "result.png")
    page.goto("/studies/")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=OUT / "history.png")


if __name__ == "__main__":
    main()
