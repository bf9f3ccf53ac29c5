"""Draw the picture that links to the site carry (Open Graph), and the failures of the model card's page.

All of them are phantoms of ml.phantom: no patient is behind them, and the word SYNTHETIC is in each. The results are
committed under static/img; the sample radiographs there are those of ``tools/keep_samples.py``. After a change of the
phantom: ``python tools/draw_pictures.py`` from the checkout; after publishing a model: ``python tools/draw_pictures.py
failures``, which shows the shipped model drawn films and keeps its predictions for the model card's page.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ml import Predictor, Refusal, read_radiograph, upsample  # noqa: E402  # needs the path above
from ml.phantom import film, png  # noqa: E402

IMAGES = ROOT / "static" / "img"
SEED = 3
WIDTH, HEIGHT = 960, 800
CARD = (1200, 630)  # the size that Open Graph readers expect
PETROL = (11, 92, 104)
HEAT = np.array([255.0, 70.0, 0.0])
Film = NDArray[np.uint8]
CHANGES: dict[str, Callable[[Film, Film], Film]] = {
    "clear": lambda clear, opacity: clear,
    "opacity": lambda clear, opacity: opacity,
    "blurred": lambda clear, opacity: np.asarray(Image.fromarray(clear).filter(ImageFilter.GaussianBlur(8))),
    "half": lambda clear, opacity: clear[:, WIDTH // 2 :].copy(),
}
"""Drawn films to show, by the name that the page has a text for."""


def main() -> None:
    """Write the Open Graph picture."""
    card().quantize(48, dither=Image.Dither.NONE).save(IMAGES / "og.png", optimize=True)


def card() -> Image.Image:
    """The name of the product beside a drawn film, 1200 × 630."""
    drawn = Image.new("RGB", CARD, PETROL)
    height = CARD[1] - 96
    picture = Image.fromarray(film(SEED, width=round(height * WIDTH / HEIGHT), height=height))
    drawn.paste(picture.convert("RGB"), (CARD[0] - picture.width - 48, 48))
    pen = ImageDraw.Draw(drawn)
    pen.text((48, 220), "PneumoWeb", fill="white", font=ImageFont.load_default(84))
    pen.text((48, 340), "A second look at", fill="white", font=ImageFont.load_default(38))
    pen.text((48, 390), "children's chest films", fill="white", font=ImageFont.load_default(38))
    return drawn


def failures() -> None:
    """Let the shipped model predict drawn films, as a child’s; keep its answers, its heat maps and its hash."""
    clear, opacity = (film(SEED, opacity=drawn, width=WIDTH, height=HEIGHT) for drawn in (False, True))
    predictor = Predictor.load()
    answers = []
    for name, change in CHANGES.items():
        changed = change(clear, opacity).astype(np.uint8)
        answer = predictor.predict([read_radiograph(png(changed)).model_input()], stated=["child"])[0]
        grey = np.repeat(changed[..., None], 3, axis=2).astype(np.float32)
        if isinstance(answer, Refusal):
            answers.append({"name": name, "refused": answer.code, "message": answer.message})
        else:
            heat = upsample(answer.heatmap, changed.shape[1], changed.shape[0])[..., None]
            grey = grey * (1 - 0.55 * heat) + HEAT * 0.55 * heat
            warnings = [warning.code for warning in answer.warnings]
            answers.append(
                {"name": name, "finding": answer.finding, "probability": answer.probability, "warnings": warnings}
            )
        picture = Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
        picture.thumbnail((480, 400))
        picture.save(IMAGES / "failures" / f"{name}.webp", quality=75, method=6)
        answers[-1] |= {"width": picture.width, "height": picture.height}
    answered_by = predictor.card.first.published  # drawn children: the other network is not asked
    told = {"sha256": answered_by.sha256, "version": answered_by.version, "films": answers}
    (IMAGES / "failures" / "failures.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    failures() if sys.argv[1:] == ["failures"] else main()
