"""Screenshots of real browser pages with films in them, for ``python -m ml.examine_gate``: none of them is kept here.

    python -m tools.film_pages FILMS OUT      (needs Chromium; FILMS: a folder of films, e.g. full-size ones)

Written apart from the negatives of ``ml/gate_training/negatives/screenshots.py``: here a browser lays out real
pages with real fonts,
so that the gate is not only asked about what it was taught with. Every film is shown once in each layout, each time
in another window.
"""

from __future__ import annotations

import base64
import mimetypes
import subprocess
import sys
import tempfile
from pathlib import Path

WINDOWS = ((1280, 800), (1920, 1080), (1366, 768), (1024, 1366), (390, 844))
WORDS = (
    "The film shows the chest of a child from the front. Both lungs are aerated, the heart is of normal size and the "
    "mediastinum lies in the middle. There is a patchy opacity on the right. Compare the earlier examination. "
)
STYLE = "body{margin:0;font:16px/1.5 sans-serif}img{display:block;max-width:100%}"
PAGES = {
    "article": """<body style="background:#fff;color:#222"><header
        style="background:#0b3d66;color:#fff;padding:12px 24px">Journal of Radiographs<nav
        style="float:right">Home · Issues · About</nav></header>
        <main style="max-width:46rem;margin:auto;padding:16px"><h1>Pneumonia in a child of three</h1><p>{words}</p>
        <figure style="margin:0"><img src="{film}" style="width:{wide}%"><figcaption>Figure 1. {short}</figcaption>
        </figure><p>{words}{words}</p></main>""",
    "file page": """<body style="background:#f8f9fa;color:#202122"><div style="display:flex"><aside style="width:170px;
        padding:16px;font-size:13px">Main page<br>Contents<br>Random<br>About<br>Help<br>Upload<br>Changes</aside>
        <main style="background:#fff;border:1px solid #a7d7f9;padding:20px;flex:1"><h2>File:Chest film 12.jpeg</h2>
        <p>File · History · Usage · Metadata</p><img src="{film}" style="max-height:{high}vh"><p>Size of this preview:
        731 × 599 pixels. Other resolutions: 293 × 240 · 586 × 480. {words}</p></main></div>""",
    "viewer": """<body style="background:#111;color:#bbb;font-size:13px"><div style="background:#2b2b2b;padding:8px">
        ☰ &nbsp; Window &nbsp; Zoom &nbsp; Pan &nbsp; Measure &nbsp; Invert &nbsp; Rotate &nbsp; Reset</div><div
        style="display:flex;height:calc(100vh - 40px)"><div style="width:190px;border-right:1px solid #444;padding:8px">
        Series 1<img src="{film}" style="width:150px">Series 2<img src="{film}" style="width:150px;opacity:.6"></div>
        <div style="flex:1;position:relative;text-align:center"><img src="{film}" style="height:{high}%;margin:auto">
        <div style="position:absolute;top:8px;left:8px;text-align:left">DOE^J<br>2019-03-12<br>AP</div><div
        style="position:absolute;bottom:8px;right:8px">W 4096 L 2048<br>Zoom 64 %</div></div></div>""",
    "gallery": """<body style="background:#fafafa"><h3 style="margin:12px">Results for “chest radiograph”</h3><div
        style="display:grid;grid-template-columns:repeat({columns},1fr);gap:10px;padding:12px">{several}</div>""",
    "message": """<body style="background:#e5ddd5"><div style="background:#075e54;color:#fff;padding:14px">‹ &nbsp;
        Paediatrics, night shift</div><p style="background:#fff;margin:12px;padding:8px;width:60%;border-radius:8px">
        {short}</p><div style="background:#dcf8c6;margin:12px 12px 12px auto;padding:6px;width:{wide}%;max-width:520px;
        border-radius:8px"><img src="{film}" style="width:100%">03:12 ✓✓</div><div style="position:fixed;bottom:0;
        width:100%;background:#f0f0f0;padding:14px;color:#888">Message</div>""",
    "slide": """<body style="background:#1f3864;color:#fff;font-size:2.2vw"><h2 style="margin:3vw">Case 4: fever, cough
        </h2><div style="display:flex;gap:3vw;padding:0 3vw"><img src="{film}" style="height:70vh"><ul>
        <li>Age 3, fever for two days<li>{short}<li>What do you see?</ul></div>""",
    "dark article": """<body style="background:#1e1e1e;color:#ddd;font-family:serif"><main style="margin:0 12vw;
        padding:24px"><h2>What the film shows</h2><p>{words}</p><img src="{film}" style="float:right;width:{wide}%;
        margin:0 0 12px 24px"><p>{words}{words}</p></main>""",
    "mail": """<body style="background:#fff;color:#333;font-size:14px"><div style="display:flex;height:100vh"><div
        style="width:220px;background:#eef1f6;padding:12px">Inbox 12<br>Sent<br>Drafts 3<br>Archive</div><div
        style="width:30%;border-right:1px solid #ccc;padding:12px">{words}</div><div style="flex:1;padding:16px"><b>Film
        of this morning</b><p>{short}</p><img src="{film}" style="width:100%"><p>film.jpeg · 412 kB · Download</p></div>
        </div>""",
    "study": """<body style="background:#f3f6f7;color:#1c2b33"><div style="background:#fff;padding:14px;border-bottom:
        1px solid #ddd">New study · History · About · Help</div><div style="display:flex;gap:20px;padding:20px"><div
        style="flex:1.6"><h2 style="margin:0 0 8px">Study a98fcc04</h2><img src="{film}" style="max-height:{high}vh">
        <p>As submitted · 900 × 800</p></div><div style="flex:1"><div style="background:#fff;border:1px solid #ddd;
        padding:16px"><b>Result</b><p>{words}</p></div></div></div>""",
}  # fmt: skip


def page_of(layout: str, films: list[str], number: int) -> str:
    """The HTML of one page; ``films`` as data URLs, the first is the one that is shown."""
    small = "".join(f'<img src="{film}" style="width:100%">' for film in films)
    return f"<style>{STYLE}</style>" + PAGES[layout].format(
        film=films[0], several=small, words=WORDS * 2, short=WORDS[:90], wide=60 + 8 * (number % 6),
        high=60 + 7 * (number % 6), columns=2 + number % 3,
    )  # fmt: skip


def shoot(html: str, out: Path, size: tuple[int, int]) -> None:
    """Let Chromium show a page and save what a person would see of it."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(f'<!doctype html><meta charset="utf-8">{html}', encoding="utf-8")
        command = ["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", f"--user-data-dir={folder}/profile",
                   f"--screenshot={out}", f"--window-size={size[0]},{size[1]}", page.as_uri()]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=60)


def main(films: Path, out: Path) -> None:
    """Make the screenshots that are not there yet, a folder for each layout; a run that was stopped is gone on with."""
    files = sorted(path for path in films.rglob("*") if path.suffix.lower() in {".png", ".jpg", ".jpeg"})
    urls = [
        f"data:{mimetypes.guess_type(path)[0]};base64,{base64.b64encode(path.read_bytes()).decode()}" for path in files
    ]
    for place, layout in enumerate(PAGES):
        group = out / f"browser, {layout}"
        group.mkdir(parents=True, exist_ok=True)
        for number in range(len(urls)):
            shot = group / f"{number:03d}.png"
            if not shot.exists():
                shown = [urls[(number + k) % len(urls)] for k in range(8)]
                shoot(page_of(layout, shown, number), shot, WINDOWS[(number + place) % len(WINDOWS)])
        print(f"{group}: {len(urls)}", flush=True)  # about a minute each: a person waits


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
