"""Take the README's pictures from a running product: ``python tools/take_screenshots.py`` from the checkout.

Starts a site of its own, submits drawn phantoms (no patient is behind them) and photographs what a person sees. Needs
Debian's Chromium and requirements-dev.txt.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Page, sync_playwright  # noqa: E402  # needs the path above

from ml import phantom  # noqa: E402
from tests.running_site import RunningSite  # noqa: E402

OUT = ROOT / "docs" / "img"
SEEDS = (21, 22, 23, 24)
WIDTH, HEIGHT = 1280, 860


def main() -> None:
    """Start, submit, photograph, stop."""
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pneumoweb-pictures-") as folder, sync_playwright() as playwright:
        site = RunningSite(Path(folder) / "data").start()
        try:
            site.wait_for("/readyz", '"ready": true')
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            page = browser.new_page(
                base_url=site.url, viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", locale="en-GB"
            )
            photograph(page, Path(folder))
        finally:
            site.stop()


def photograph(page: Page, folder: Path) -> None:
    """One person, a few films, two pictures."""
    page.goto("/accounts/signup/")
    page.locator("[name=username]").fill("sample")
    for field in ("password1", "password2"):
        page.locator(f"[name={field}]").fill("a drawn phantom 7")
    page.locator("main button[type=submit]").click()
    page.wait_for_url("**/studies/")
    for seed in SEEDS:
        film = folder / f"{seed}.png"
        film.write_bytes(phantom.png(phantom.film(seed, opacity=seed % 2 == 0)))
        page.goto("/studies/new/")
        page.locator("input[type=file]").set_input_files(film)
        page.get_by_label("Label").fill(f"drawn film {seed}")
        page.get_by_label("I have read what this is for").check()
        page.get_by_role("button", name="Submit for analysis").click()
        page.wait_for_url("**/studies/*-*/")
        page.locator("#finding-title").wait_for(state="attached", timeout=60_000)
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="Heat map", exact=True).click()
    page.mouse.move(0, 0)
    page.screenshot(path=OUT / "result.png")
    page.goto("/studies/")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=OUT / "history.png")


if __name__ == "__main__":
    main()
